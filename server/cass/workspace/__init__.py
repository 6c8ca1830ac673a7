"""The user's files on disk: roots, byte-exact reading and writing, ignore rules."""
