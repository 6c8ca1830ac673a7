"""The vocabulary: every word that a client, the journal and a plug-in share."""
