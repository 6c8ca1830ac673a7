"""The terminal client of cass: a client of the protocol like any other."""
