"""Privacy: personal data in texts, pseudonyms, and groups that are too small to be told of."""
