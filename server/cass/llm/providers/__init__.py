"""One file for each provider. A module is found by its place; nobody imports it by name."""
