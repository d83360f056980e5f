"""Calling: calls that are due are taken, made while no transaction is open, and written down."""
