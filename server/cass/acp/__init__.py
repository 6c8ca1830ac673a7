"""The other door: Agent Client Protocol, version 1. Only this room knows its words."""
