"""Cards: what a reader must know of a dataset before using it. Written from the database alone."""
