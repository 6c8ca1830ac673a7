"""Git, run so that nothing that a repository brings runs with it unasked."""
