"""Custom commands: what a Markdown file says, with what values, and what text comes of it. Runs nothing."""
