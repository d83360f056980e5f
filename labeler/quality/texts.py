"""Texts: what answers look like and how much there is to read, of a sample; and recent reasons.

A text is read, measured and forgotten. The sample is bounded, so that neither the time nor the
memory grows with the project.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from labeler.quality.records import Records
from labeler.schema import Reading
from labeler.text.style import Style, style
from labeler.work.comparisons import Comparison, Prompt, Response
from labeler.work.judgments import Judgment

SAMPLE = 20_000
"""Comparisons whose texts are read, at most."""
REASONS = 5_000
"""Judgments whose reasons are read: the last ones."""
CHUNK = 500
SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""An odd number whose multiples are spread evenly over all numbers (Knuth's, of the golden cut)."""
Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Looks:
    """Aligned arrays, a place per comparison of the sample: which it is, and what it looks like.

    `item` is its number among the records; `words` how many there are to read; `styles` is
    comparisons × 2 × 4 (see `labeler.text.style`), of the first two answers; `is_pair` says
    whether there are no others.
    """

    item: Array
    words: Array
    styles: Array
    is_pair: Array

    def of(self, items: Array) -> tuple[Array, Array]:
        """Return which of these are in the sample, and at which places of it."""
        found = np.minimum(np.searchsorted(self.item, items), max(0, len(self.item) - 1))
        there = self.item[found] == items if len(self.item) else np.zeros(len(items), dtype=bool)
        return np.asarray(there), found[there]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody judged as they did, in their words."""

    judgment_id: int
    person_id: int
    text: str


def looks(reading: Reading, records: Records, most: int = SAMPLE) -> Looks:
    """Measure the texts of comparisons with votes: of all, or of a sample that stays the same."""
    items = np.unique(records.item[records.counts])
    order = np.argsort(records.compared.id[items].astype(np.uint64) * SPREAD, kind="stable")
    chosen = np.sort(items[order[:most]])
    measured = list(_measured(reading, records.compared.id[chosen].tolist()))
    words = np.array([each for each, _ in measured], dtype=np.int64)
    styles = np.array([each for _, each in measured], dtype=np.int64).reshape(-1, 2, len(_NONE))
    return Looks(chosen, words, styles, records.compared.answers[chosen] == 2)


def reasons(reading: Reading, records: Records, most: int = REASONS) -> Sequence[Reason]:
    """Return the reasons given with the project's last judgments."""
    last = records.id[-most:].tolist()
    found: list[Reason] = []
    for first in range(0, len(last), CHUNK):
        with reading() as session:
            rows = session.execute(_REASONS, {"these": last[first : first + CHUNK]})
            found += [Reason(*row) for row in rows]
    return found


_NONE = Style(0, 0, 0, 0)


def _measured(reading: Reading, ids: Sequence[int]) -> Iterator[tuple[int, tuple[Style, Style]]]:
    for first in range(0, len(ids), CHUNK):
        chunk = ids[first : first + CHUNK]
        with reading() as session:
            asked = session.execute(_ASKED, {"these": chunk})
            words = {each: _words(messages) for each, messages in asked}
            styles = {each: [_NONE, _NONE] for each in chunk}
            for each, number, text in session.execute(_ANSWERS, {"these": chunk}):
                words[each] += len(text.split())
                if number < 2:
                    styles[each][number] = style(text)
        for each in chunk:
            one, other = styles[each]
            yield words[each], (one, other)


def _words(messages: Sequence[dict[str, str]]) -> int:
    return sum(len(each["content"].split()) for each in messages)


_THESE: sa.BindParameter[Any] = sa.bindparam("these", expanding=True)
_ASKED = (
    sa.select(Comparison.id, Prompt.messages)
    .join(Prompt, Prompt.id == Comparison.prompt_id)
    .where(Comparison.id.in_(_THESE))
)
_ANSWERS = sa.select(Response.comparison_id, Response.number, Response.text).where(
    Response.comparison_id.in_(_THESE)
)
_REASONS = (
    sa.select(Judgment.id, Judgment.person_id, Judgment.reason)
    .where(Judgment.id.in_(_THESE), Judgment.reason != "")
    .order_by(Judgment.id)
)
