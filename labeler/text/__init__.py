"""Texts of people and models, as pure functions: how they are shown and in which language."""
