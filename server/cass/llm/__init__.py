"""The model client, its two wires, and the providers."""
