"""The mathematics of quality: pure functions on numbers, without tables, sessions or requests."""
