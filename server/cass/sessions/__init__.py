"""The desk: sessions, their library, and slash commands."""
