"""The door for ACP clients."""
