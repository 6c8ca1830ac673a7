"""Forms in which sessions leave and come: a module each, found by the registry."""
