"""The door for LSP clients: transport, JSON-RPC, and the editor protocol."""
