"""Migrated judgments: what people said of comparisons elsewhere, and how it is stored here.

`given` says what a source tells, `answering` reads it by the project's form, `storing` keeps it.
"""
