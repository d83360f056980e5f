"""Formats: how rows are written for those who train. A further format is a further module."""
