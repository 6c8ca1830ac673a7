"""cass, a coding assistant that lives inside the editor's own protocol."""

__version__ = "0.1.0"
