"""Search providers, a file each. Nobody imports them: `registry.find("search")` does."""
