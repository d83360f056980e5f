"""Quality: what is found out about the work, and what people decide about it."""
