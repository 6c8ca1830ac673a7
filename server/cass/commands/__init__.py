"""Built-in slash commands, one file per subject. The registry finds them."""
