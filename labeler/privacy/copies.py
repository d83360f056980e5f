"""Copies: all that is held of a person, as a zip archive that opens without any program of ours.

Each subject is a file in JSON and the same in CSV; README.md says what every column means. Rows are
read in pages and written as they come, so that memory stays the same however many there are.
"""

import csv
import enum
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from labeler import clock, events
from labeler.errors import Forbidden
from labeler.pay import money
from labeler.people.accounts import Person
from labeler.privacy.glossary import COLUMNS
from labeler.privacy.subjects import SUBJECTS, Subject, Values
from labeler.said import say
from labeler.schema import Reading
from labeler.text.cells import harmless

Words = Callable[[str], str]
"""Says a text in the reader's language."""

TITLE = say("Your data")
MADE = say("Made on %(moment)s UTC, for %(name)s.")
READING = (
    say("Each file is here twice, with the same rows: in JSON for programs, in CSV for tables."),
    say("Moments are in UTC, as ISO 8601 writes them. “_s” means seconds, “_ms” milliseconds."),
    say(
        "“_minor” is an amount in the currency's smallest unit, such as cents; beside it stands "
        "the same in whole units."
    ),
    say("In CSV a cell that a spreadsheet would run as a formula begins with an apostrophe."),
)
LEFT_OUT = say(
    "What is not here: the password, which nobody knows; the rest of account numbers; known "
    "answers that you were not told, and names of models, which nobody may know who judges; what "
    "is about others."
)


def note(session: Session, person: Person, *, by: Person) -> None:
    """Put on record that a copy is made; raises Forbidden for anybody but them and administrators.

    Commit before the copy is sent.
    """
    if by.id != person.id and not by.is_admin:
        raise Forbidden("Only they themselves or an administrator can do this.")
    events.record(session, "data.copied", person_id=by.id, subject=person.id)


def pieces(reading: Reading, person: Person, readme: str) -> Iterator[bytes]:
    """Yield the archive piece by piece; `readme` was made beforehand, in the reader's language."""
    out = _Out()
    now = clock.now()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _members(reading, person, readme):
            moment = (now.year, now.month, now.day, now.hour, now.minute, now.second)
            entry = zipfile.ZipInfo(name, moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            with archive.open(entry, "w") as member:
                for chunk in text:
                    member.write(chunk.encode())
                    yield out.taken()
    yield out.taken()


def readme(person: Person, words: Words = str) -> str:
    """Explain every file and column of a copy that is made now."""
    now = clock.now()
    moment = now.strftime("%Y-%m-%d %H:%M")
    made = say(MADE, moment=moment, name=person.name)
    lines = [f"# {words(TITLE)}", "", words(made), ""]
    lines += [f"- {words(each)}" for each in READING]
    lines += ["", words(LEFT_OUT), ""]
    for subject in SUBJECTS:
        lines += [f"## {subject.name}", "", words(subject.about), ""]
        lines += [f"- `{name}`: {words(COLUMNS[name])}" for name in subject.columns]
        lines.append("")
    return "\n".join(lines)


def file_name(now: datetime) -> str:
    """Return what the archive is called."""
    return f"my-data-{now:%Y-%m-%d}.zip"


class _Out(io.RawIOBase):
    """Where the archive is written, and taken away piece by piece: it is never gone back in."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        return len(data)

    def taken(self) -> bytes:
        found = bytes(self._waiting)
        self._waiting.clear()
        return found


def _members(reading: Reading, person: Person, readme: str) -> Iterator[tuple[str, Iterable[str]]]:
    yield "README.md", [readme]
    for subject in SUBJECTS:
        yield f"{subject.name}.json", _json(_pages(reading, subject, person.id))
        yield f"{subject.name}.csv", _csv(subject, _pages(reading, subject, person.id))


def _pages(reading: Reading, subject: Subject, person_id: int) -> Iterator[list[Values]]:
    after = 0
    while True:
        with reading() as session:
            page = subject.page(session, person_id, after)
        if not page:
            return
        after = page[-1][0]
        yield [_in_whole_units(values) for _, values in page]


def _in_whole_units(values: Values) -> Values:
    """Put the amount in whole units beside each that is in the smallest one."""
    if "currency" not in values:
        return values
    found: dict[str, Any] = {}
    for name, value in values.items():
        found[name] = value
        if name.endswith("_minor"):
            amount = money.decimal(value, values["currency"])
            found[name.removesuffix("_minor")] = f"{amount:f}"
    return found


def _names(subject: Subject) -> list[str]:
    """Return the columns as they stand in the files."""
    both = ([name, name.removesuffix("_minor")] for name in subject.columns)
    return [each for pair in both for each in dict.fromkeys(pair)]


def _json(pages: Iterable[Sequence[Values]]) -> Iterator[str]:
    begin = "[\n"
    for page in pages:
        rows = (json.dumps(_plain(values), ensure_ascii=False) for values in page)
        yield begin + ",\n".join(rows)
        begin = ",\n"
    yield "[]\n" if begin == "[\n" else "\n]\n"


def _csv(subject: Subject, pages: Iterable[Sequence[Values]]) -> Iterator[str]:
    yield _lines([_names(subject)])
    for page in pages:
        yield _lines([_cell(value) for value in _plain(values).values()] for values in page)


def _lines(rows: Iterable[Sequence[Any]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return harmless(json.dumps(value, ensure_ascii=False))
    return harmless(value) if isinstance(value, str) else value


def _plain(values: Values) -> dict[str, Any]:
    return {name: _said(value) for name, value in values.items()}


def _said(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value  # moments are days, too
