"""Argilla: its flattened export, `dataset.records.to_list(flatten=True)`, as JSON or lines of it.

Answers to a question stand in three lists side by side: values, users and states. Only what was
submitted counts; what was discarded is handed back, and drafts were never sent. Argilla does not
say when, how long, or what stood left: answers stand as their fields are named.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeler.said import say
from labeler.work.assignments import SkipReason
from labeler.work.layouts.shapes import BOTH_BAD, TIE, Label, better, ranked
from labeler.work.migrated.given import Brought, Given
from labeler.work.records import Record, Refused, Values
from labeler.work.rows import Unfit
from labeler.work.sources import reading
from labeler.work.sources.reading import Fields

SUBMITTED, DISCARDED, DRAFT = "submitted", "discarded", "draft"
_NESTED = say("This is not the flattened export: write it with records.to_list(flatten=True).")
_NO_LIST = say('"%(field)s" must be a list.')
_UNEVEN = say("There are not as many users and states as answers.")
_NO_USER = say("Nobody is named as the author of this answer.")
_NO_STATE = say('"%(said)s" is no state: submitted, discarded or draft.')
_NO_ORDER = say("This does not put all the answers in order.")


@dataclass(frozen=True)
class Questions:
    """What the questions of the dataset are called."""

    preference: str
    """Which answer is better: a ranking, or a label."""
    reason: str = ""
    """Why, in words, if that was asked."""


def read(path: Path, fields: Fields, questions: Questions) -> Iterator[Brought | Refused]:
    """Yield comparisons with what was said of them."""
    return reading.brought(path, lambda record: _brought(record, fields, questions))


def _brought(record: Record, fields: Fields, questions: Questions) -> Brought:
    values = record.values
    if isinstance(values.get("fields"), dict) and "responses" in values:
        raise Unfit("fields", _NESTED)
    asked = {questions.preference, questions.reason} - {""}
    plain = {key: value for key, value in values.items() if not _is_told(key, asked)}
    answers = list(_answers(values, questions.preference))
    reasons = {who: said for who, _, said, _ in _answers(values, questions.reason)}
    given = [
        _given(said, status, who, str(reasons.get(who) or ""), fields, place)
        for who, status, said, place in answers
        if status != DRAFT
    ]
    return Brought(reading.row(record, plain, fields), tuple(given))


def _is_told(key: str, asked: set[str]) -> bool:
    """Say whether a column holds what people said of a question that is read."""
    return any(key.startswith((f"{name}.responses", f"{name}.suggestion")) for name in asked)


def _answers(values: Values, question: str) -> Iterator[tuple[str, str, Any, str]]:
    """Yield who answered a question, in which state, what, and where that stands."""
    key = f"{question}.responses"
    said = values.get(key)
    if not question or said is None:
        return
    users, states = values.get(f"{key}.users"), values.get(f"{key}.status")
    if not isinstance(said, list):
        raise Unfit(key, say(_NO_LIST, field=key))
    if not (isinstance(users, list) and isinstance(states, list)):
        raise Unfit(f"{key}.users", _UNEVEN)
    if not len(said) == len(users) == len(states):
        raise Unfit(f"{key}.users", _UNEVEN)
    for number, (value, who, state) in enumerate(zip(said, users, states, strict=True)):
        if not isinstance(who, str) or not who:
            raise Unfit(f"{key}.users.{number}", _NO_USER)
        if state not in (SUBMITTED, DISCARDED, DRAFT):
            raise Unfit(f"{key}.status.{number}", say(_NO_STATE, said=str(state)[:100]))
        yield who, state, value, f"{key}.{number}"


def _given(said: Any, status: str, who: str, reason: str, fields: Fields, place: str) -> Given:
    if status == DISCARDED:
        return Given(who, skipped=SkipReason.other, place=place)
    if isinstance(said, list):
        found: Label | None = _ranking(said, fields, place)
    else:
        found = reading.label(said, fields, _known(fields), place)
    if found is None:
        return Given(who, skipped=SkipReason.other, place=place)
    return Given(who, found, reason=reason, place=place)


def _known(fields: Fields) -> dict[str, Label | None]:
    own: dict[str, Label | None] = {
        name.casefold(): better(n) for n, name in enumerate(fields.responses)
    }
    return {**own, "tie": TIE, "both_bad": BOTH_BAD, "both bad": BOTH_BAD}


def _ranking(said: list[Any], fields: Fields, place: str) -> Label:
    """Read an order: names with ranks, or names alone, best first, as Argilla's client writes."""
    ranks: dict[Any, Any] = {}
    for number, each in enumerate(said, start=1):
        if isinstance(each, dict):
            ranks[str(each.get("value"))] = each.get("rank") or number
        else:
            ranks[str(each)] = number
    found = [ranks.get(name) for name in fields.responses]
    if len(said) != len(found) or not all(type(rank) is int for rank in found):
        raise Unfit(place, _NO_ORDER)
    return ranked([rank for rank in found if rank is not None])
