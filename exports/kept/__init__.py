"""Kept: the tables of releases, and what owners declared of who makes them."""
