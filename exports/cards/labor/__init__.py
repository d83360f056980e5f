"""The labor card's parts: what it holds, what the database knows, and what of that may be told."""
