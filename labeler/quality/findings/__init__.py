"""Findings: one pure function for each, from arrays to what a snapshot keeps as JSON.

A number stands with its 95 % interval and with how many things it rests on, always; one that the
data cannot support is None, with the reason in words.
"""
