"""Checking: whether a release is what it says, and how it differs from another."""
