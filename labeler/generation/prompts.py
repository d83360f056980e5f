"""Prompts: a file of them, each to be answered by models, read by the rules of every other file.

A line is `{"id", "prompt", "language", "metadata"}`, the prompt a text or a list of messages; in
CSV these are columns. A file with one bad line is not taken at all.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import islice
from operator import attrgetter
from pathlib import Path

from labeler.errors import Invalid
from labeler.said import say, say_number
from labeler.work import files
from labeler.work.layouts import UNKNOWN_LANGUAGE, native
from labeler.work.records import Record, Refused
from labeler.work.rows import Asked, Unfit, build_prompt, check_language

SHOWN = 20
"""How many bad lines are named one by one."""
LOOK_ON = 50_000
"""How many lines after a bad one are looked at, to name more of them."""
MOST_ROW_BYTES = 1_000_000
_ANSWERED = say("There are answers already; `labeler batch load` takes comparisons.")
_IN_LINE = say("The id %(id)s is in line %(line)s of this file already.")


@dataclass
class Size:
    """How much there is to be read of prompts in one language."""

    prompts: int = 0
    messages: int = 0
    characters: int = 0


@dataclass(frozen=True)
class Source:
    """What a file of prompts holds, after all of it was read and found good."""

    digest: str
    """Of the file's bytes and the language of prompts that name none."""
    sizes: dict[str, Size] = field(default_factory=dict)
    """By language, in the order of the file."""
    is_sensitive: bool = False
    """Whether some of it may be hard to read."""

    @property
    def prompts(self) -> int:
        """How many prompts there are."""
        return sum(size.prompts for size in self.sizes.values())


def read(path: Path, *, language: str | None = None) -> Iterator[Asked | Refused]:
    """Read prompts one by one from a .jsonl, .jsonl.gz, .csv or .parquet file.

    `language` is that of prompts that name none. An id that comes twice is refused the second
    time. Raises Invalid, at once or on the way, if the file as a whole cannot be read.
    """
    fallback = _checked(language or UNKNOWN_LANGUAGE)
    records = files.read_records(path, max_row_bytes=MOST_ROW_BYTES)
    in_columns = files.kind(path.name) in (".csv", ".parquet")
    return _once(_read(record, fallback, in_columns=in_columns) for record in records)


def look(path: Path, *, language: str | None = None) -> Source:
    """Read the whole file and say what is in it; raises Invalid naming every bad line and field."""
    found = read(path, language=language)
    sizes: defaultdict[str, Size] = defaultdict(Size)
    is_sensitive = False
    for prompt in found:
        if isinstance(prompt, Refused):
            raise _complaint([prompt, *_refused(islice(found, LOOK_ON))])
        add(sizes[prompt.language], (message.content for message in prompt.messages))
        is_sensitive = is_sensitive or bool(prompt.sensitive)
    if not sizes:
        raise Invalid("There is nothing in this file.")
    return Source(f"{files.digest(path)}/{language or ''}", dict(sizes), is_sensitive)


def add(size: Size, contents: Iterable[str]) -> None:
    """Count a prompt in."""
    size.prompts += 1
    for content in contents:
        size.messages += 1
        size.characters += len(content)


def _checked(language: str) -> str:
    try:
        return check_language(language)
    except Unfit as unfit:
        raise Invalid(unfit.reason, fields={unfit.field: unfit.reason}) from None


def _read(record: Record | Refused, language: str, *, in_columns: bool) -> Asked | Refused:
    if isinstance(record, Refused):
        return record
    if "responses" in record.values:
        return Refused(record.line, "responses", _ANSWERED)
    try:
        values = native.prompt(record.values, in_columns=in_columns)
        return build_prompt(record, values, language=language)
    except Unfit as unfit:
        return Refused(record.line, unfit.field, unfit.reason)


def _once(found: Iterable[Asked | Refused]) -> Iterator[Asked | Refused]:
    lines: dict[str, int] = {}
    for prompt in found:
        if isinstance(prompt, Asked) and prompt.id in lines:
            reason = say(_IN_LINE, id=prompt.id, line=str(lines[prompt.id]))
            yield Refused(prompt.line, "id", reason)
            continue
        if isinstance(prompt, Asked):
            lines[prompt.id] = prompt.line
        yield prompt


def _refused(found: Iterable[Asked | Refused]) -> list[Refused]:
    return [each for each in found if isinstance(each, Refused)]


def _complaint(refused: list[Refused]) -> Invalid:
    first = nsmallest(SHOWN, refused, key=attrgetter("line"))
    message = say_number(
        "%(num)s line cannot be used, so nothing was done. The first is line %(line)s: %(reason)s",
        "%(num)s lines cannot be used, so nothing was done. The first is line %(line)s: %(reason)s",
        len(refused),
        line=str(first[0].line),
        reason=first[0].reason,
    )
    return Invalid(message, fields={each.place: each.reason for each in first})
