"""The model client: one interface to every OpenAI-compatible endpoint."""
