"""One tool per file. Nobody imports them by name; the registry finds them."""
