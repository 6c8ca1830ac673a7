"""Work at a time: when a schedule is due, what was missed, who runs it. Knows nothing of sessions."""
