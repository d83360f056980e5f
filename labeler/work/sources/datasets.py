"""Public datasets that say who judged what: MultiPref, MT-Bench's and Chatbot Arena's files."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from labeler.said import say
from labeler.work import layouts
from labeler.work.layouts import Layout, Refused, Row, multipref
from labeler.work.layouts.arena import WINNERS
from labeler.work.layouts.shapes import LABEL, named
from labeler.work.migrated.given import Brought, Given
from labeler.work.records import Record, Values
from labeler.work.rows import Unfit
from labeler.work.sources import reading

JUDGES = ("judge", "judge_hash")
_SAID = {LABEL, *JUDGES, *multipref.GROUPS}
_OTHER = say("This comparison came before with other texts, in line %(line)s.")
_NOBODY = say("Nobody is named who judged this.")


def read_multipref(path: Path, *, language: str) -> Iterator[Brought | Refused]:
    """Yield MultiPref's comparisons with what its workers and experts found overall."""
    for record in reading.records(path):
        if isinstance(record, Refused):
            yield record
            continue
        row = _row(record, Layout.multipref, language)
        if isinstance(row, Refused):
            yield row
            continue
        try:
            yield Brought(row, tuple(_workers(record.values)))
        except Unfit as unfit:
            yield Refused(record.line, unfit.field, unfit.reason)


def _workers(values: Values) -> Iterator[Given]:
    for who, label, told in multipref.votes(values):
        yield Given(
            who,
            label,
            at=reading.moment(told.get("timestamp"), "timestamp"),
            seconds=reading.seconds(told.get("time_spent")),
            place=who,
        )


def read_battles(path: Path, layout: Layout, *, language: str) -> Iterator[Brought | Refused]:
    """Yield battles with what each judge found: rows of one comparison need not stand together."""
    found: dict[str, Row] = {}
    given: dict[str, list[Given]] = {}
    for record in reading.records(path):
        if isinstance(record, Refused):
            yield record
            continue
        row = _row(record, layout, language)
        if isinstance(row, Refused):
            yield row
            continue
        first = found.setdefault(row.id, row)
        if (first.messages, first.responses) != (row.messages, row.responses):
            yield Refused(row.line, "conversation_a", say(_OTHER, line=str(first.line)))
            continue
        try:
            given.setdefault(row.id, []).append(_judge(record.values))
        except Unfit as unfit:
            yield Refused(row.line, unfit.field, unfit.reason)
    for name, row in found.items():
        yield Brought(row, tuple(given.get(name, ())))


def _judge(values: Values) -> Given:
    key = next((key for key in JUDGES if values.get(key)), "")
    if not key:
        raise Unfit("judge", _NOBODY)
    at = reading.moment(_number(values.get("tstamp")), "tstamp")
    return Given(named(values, key), WINNERS[values["winner"]], at=at, place=key)


def _number(said: object) -> object:
    """Return a number that is written as text as one."""
    try:
        return float(said) if isinstance(said, str) else said
    except ValueError:
        return said


def _row(record: Record, layout: Layout, language: str) -> Row | Refused:
    """Make a row of a record, without what is stored as judgments."""
    row = layouts.row(record, layout, language=language, known_answers=False)
    if isinstance(row, Refused):
        return row
    rest = {key: said for key, said in row.metadata.items() if key not in _SAID}
    return replace(row, metadata=rest)
