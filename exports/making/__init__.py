"""Making: a release, part by part, by one process or several."""
