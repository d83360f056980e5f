"""Choosing: which judgments count, and what they say of a comparison."""
