"""Sources: exports of other tools, and public datasets that say who judged what.

A module for each. It reads a file, or a folder, and yields comparisons with all that was said of
them, or what is wrong with one; it does not know how they are stored (see `migrated`).
"""
