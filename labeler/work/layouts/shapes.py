"""Shapes: how a record of a layout becomes one of the native layout, and what layouts share in it.

What a file says was found of a comparison is a label. It becomes gold only if that is asked for,
and stays in the metadata in any case, so that a tie is not taken for two bad answers.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from labeler.said import say
from labeler.text import languages
from labeler.work.questions.pairwise import Verdict
from labeler.work.records import ROW as WHOLE
from labeler.work.records import Record, Refused, Values, parsed
from labeler.work.rows import EMPTY, Names, Unfit, is_blank

Shaped: TypeAlias = tuple[Values, Names]
"""A record in the native layout, and what its fields are called in the file."""
Records: TypeAlias = Iterator[Record | Refused]

LABEL = "label"
"""Under which key of the metadata a label stays."""
MOST_BYTES = 16_000_000
"""How much of a file may belong together, where several rows make comparisons."""
GROWN_FREE, GROWN_TIMES = 1_000_000, 20
"""How much larger than rows that belong together all may be that is made of them."""
_WHOLE = re.compile(r"\s*-?[0-9]{1,18}\s*")
_MISSING = say('"%(field)s" is missing.')
_NO_TEXT = say('"%(field)s" must be text.')
_NO_LIST = say('"%(field)s" must be a list.')
_NO_OBJECT = say('"%(field)s" must be an object.')
_NO_WHOLE = say('"%(field)s" must be a whole number.')
_TOO_REPETITIVE = say("Too much would be repeated in the comparisons that belong to this row.")
_TOO_MUCH = say("There is too much that belongs to this row: %(most)s MB at most.")


@dataclass(frozen=True, slots=True)
class Label:
    """What was found of a comparison, by the numbers of its answers."""

    verdict: Verdict
    preferred: int | None = None
    strength: int | None = None
    """How much better, from 1, where the file says so."""
    ranking: tuple[tuple[int, ...], ...] = ()
    """Tiers, best first."""

    def kept(self) -> Values:
        """Return what stays in the metadata."""
        said: Values = {"verdict": self.verdict.value}
        if self.preferred is not None:
            said["preferred"] = self.preferred
        if self.strength is not None:
            said["strength"] = self.strength
        if self.ranking:
            said["ranking"] = [list(tier) for tier in self.ranking]
        return said

    def renumbered(self, numbers: Mapping[int, int]) -> "Label":
        """Return the same of answers that have other numbers now."""
        preferred = None if self.preferred is None else numbers[self.preferred]
        ranking = tuple(tuple(sorted(numbers[n] for n in tier)) for tier in self.ranking)
        return Label(self.verdict, preferred, self.strength, ranking)


TIE, BOTH_BAD = Label(Verdict.tie), Label(Verdict.both_bad)


def better(number: int, strength: int | None = None) -> Label:
    """Say that one of two answers is better."""
    return Label(Verdict.preference, number, strength)


def by_sign(found: int) -> Label:
    """Read a strength of which a negative one is for the first answer."""
    if found == 0:
        return TIE
    return better(0 if found < 0 else 1, abs(found))


def ranked(ranks: Sequence[float]) -> Label:
    """Read each answer's rank; the lowest is best."""
    shared: dict[float, list[int]] = {}
    for number, rank in enumerate(ranks):
        shared.setdefault(rank, []).append(number)
    tiers = tuple(tuple(shared[rank]) for rank in sorted(shared))
    top = tiers[0][0] if len(tiers[0]) == 1 else None
    if len(ranks) == 2:
        return TIE if top is None else better(top)
    return Label(Verdict.ranking, top, None, tiers)


def _as_they_are(records: Records) -> Records:
    return records


class Shape(NamedTuple):
    """How a layout is read."""

    row: Callable[[Values], Shaped]
    """Writes a record in the native layout; raises Unfit."""
    gathered: Callable[[Records], Records] = _as_they_are
    """Makes one record for each comparison, where it takes several rows or one row has several."""


def native(
    values: Values,
    *,
    identity: Any,
    prompt: Any,
    answers: Sequence[Values],
    label: Label | None,
    used: Collection[str],
) -> Values:
    """Write a comparison in the native layout; what is not `used` of the record is metadata."""
    told = values.get("language")
    language = languages.told(told)
    rest = {key: value for key, value in values.items() if key not in used}
    rest.pop("sensitive", None)
    if language is not None or told is None:
        rest.pop("language", None)
    if label is not None:
        rest[LABEL] = label.kept()
    gold = None if label is None or label.preferred is None else {"better": label.preferred}
    return {
        "id": identity,
        "prompt": prompt,
        "language": language,
        "sensitive": values.get("sensitive"),
        "responses": list(answers),
        "gold": gold,
        "metadata": rest,
    }


def drawn(prompt: Any, answers: Sequence[Values], label: Label) -> tuple[str, list[Values], Label]:
    """Put answers in an order that tells nothing, drawn from the texts; return an id of them too.

    That is for layouts where the place of an answer says how good it was found.
    """
    asked = json.dumps(prompt, ensure_ascii=False)
    marks = [hashed(f"{asked}\0{answer['text']}") for answer in answers]
    order = sorted(range(len(answers)), key=marks.__getitem__)
    numbers = {old: new for new, old in enumerate(order)}
    identity = hashed("".join(sorted(marks)))[:24]
    return identity, [answers[old] for old in order], label.renumbered(numbers)


def hashed(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def user_turn(prompt: str, field: str = "prompt") -> list[Values]:
    """Make a prompt of one turn."""
    if is_blank(prompt):
        raise Unfit(field, EMPTY)
    return [{"role": "user", "content": prompt}]


def text(values: Values, key: str) -> str:
    """Return a text; raises Unfit."""
    said = values.get(key)
    if not isinstance(said, str):
        raise Unfit(key, say(_MISSING if said is None else _NO_TEXT, field=key))
    return said


def named(values: Values, key: str) -> str:
    """Return an id or a name, which may be a number; raises Unfit."""
    said = values.get(key)
    if isinstance(said, int) and not isinstance(said, bool):
        return str(said)
    return text(values, key)


def whole(values: Values, key: str) -> int:
    """Return a whole number, be it written as 3, 3.0 or "3"; raises Unfit."""
    said = values.get(key)
    if isinstance(said, str) and _WHOLE.fullmatch(said):
        return int(said)
    if isinstance(said, bool) or not isinstance(said, int | float) or said != int(said):
        raise Unfit(key, say(_MISSING if said is None else _NO_WHOLE, field=key))
    return int(said)


def objects(values: Values, key: str) -> list[Values]:
    """Return a list of objects; raises Unfit."""
    said = values.get(key)
    if not isinstance(said, list):
        raise Unfit(key, say(_MISSING if said is None else _NO_LIST, field=key))
    for number, each in enumerate(said):
        if not isinstance(each, dict):
            raise Unfit(f"{key}.{number}", say(_NO_OBJECT, field=f"{key}.{number}"))
    return said


def cell(key: str, written: str) -> Any:
    """Read JSON that stands in a cell; raises Unfit."""
    found = parsed(0, f'{{"{key}": {written}}}'.encode())
    if isinstance(found, Record):
        return found.values[key]
    if found.field == WHOLE:
        raise Unfit(key, say("The %(key)s begins like JSON and is none.", key=key))
    raise Unfit(found.field, found.reason)


def runs(records: Records, key: str) -> Iterator[list[Record] | Refused]:
    """Yield rows that follow each other and have the same under `key`; refused ones in between."""
    run: list[Record] = []
    size = 0
    for record in records:
        if isinstance(record, Refused):
            yield record
            continue
        if run and record.values.get(key) != run[0].values.get(key):
            yield run
            run, size = [], 0
        run.append(record)
        size += record.size
        if size > MOST_BYTES:
            yield Refused(run[0].line, key, say(_TOO_MUCH, most=MOST_BYTES // 10**6))
            run, size = [], 0
    if run:
        yield run


def grown(found: Records, rows: Sequence[Record]) -> Records:
    """Yield what is made of rows that belong together, up to a multiple of their size.

    Comparisons of one conversation repeat its beginning: a long one would grow beyond all bounds.
    """
    left = GROWN_FREE + GROWN_TIMES * sum(row.size for row in rows)
    for record in found:
        if isinstance(record, Record):
            left -= record.size
            if left < 0:
                yield Refused(record.line, WHOLE, _TOO_REPETITIVE)
                return
        yield record
