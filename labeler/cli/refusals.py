"""Refusals as the reader of a terminal gets them: in words, with the fields below."""

import click

from labeler.errors import Invalid, Refusal

USAGE, OTHER = 2, 1


class Refused(click.ClickException):
    """A refusal that ends a command."""

    exit_code = OTHER


class Unusable(Refused):
    """A refusal of what was given: a setting, an argument, a file."""

    exit_code = USAGE


def ending(refusal: Refusal) -> Refused:
    """Return what ends a command with this refusal."""
    kind = Unusable if isinstance(refusal, Invalid) else Refused
    return kind(told(refusal))


def told(refusal: Refusal) -> str:
    """Write a refusal with one line for each field."""
    lines = (f"  {field}: {fault}" for field, fault in refusal.fields.items())
    return "\n".join([refusal.message, *lines])
