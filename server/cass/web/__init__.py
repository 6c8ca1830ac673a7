"""The web: pages and searches. It never sends cookies or keys to a page, and reaches no inner address unless allowed."""
