"""The register of automated systems: what looks at people's work by itself, and what comes of it.

Directive (EU) 2024/2831, Art. 9, asks that people who work be told of the systems, of the data, of
the main parameters and of what they weigh. Every number here is read from the constant, or from the
project's setting, by which the system runs; only the words are written.
"""

from collections.abc import Sequence

from labeler.progress.systems import given, paid, seen
from labeler.progress.systems.entry import Parameter, System, Value
from labeler.work.projects import Project

__all__ = ["Parameter", "System", "Value", "register"]


def register(project: Project | None = None) -> Sequence[System]:
    """Return every automated system, with a project's settings if one is given."""
    entries = (*given.ENTRIES, *seen.ENTRIES, *paid.ENTRIES)
    return [entry(project) for entry in entries]
