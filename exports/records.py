"""Records: all that was said of one comparison, in the one form from which every file is made.

A record is gathered while judgments are read, and completed once the votes of the whole release
are known. In between it waits on disk.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypedDict

import msgspec

from exports import dates, personal, texts
from exports.criteria import Criteria
from exports.pairs import Majority, Reason
from exports.selection import Judged, Said, Skipped
from exports.texts import Answer, Texts, Turn
from exports.votes import Votes
from labeler.quality.adjudications import Finding
from labeler.work.rubrics import Verdict

PREFERRED, RANKED = "preferred", "ranked"
"""What came out where it is no reason to leave something out."""
NOBODY = -1
"""What stands where no response is meant: no column of numbers has gaps."""


class Rating(TypedDict):
    """What was said by one criterion: points for a response, or which of two is better in it."""

    name: str
    response: int
    points: int
    preferred: int
    strength: int


class JudgmentEntry(TypedDict):
    """What one person said."""

    annotator: str
    verdict: str
    preferred: int
    strength: int
    scale_max: int
    """Most steps from the middle that could be said."""
    ranking: list[list[int]]
    criteria: list[Rating]
    edited: int
    edit: str
    reason: str
    shown: list[int]
    guideline: int
    rubric: int
    version: int
    seconds: float
    day: int
    """As 20261123."""
    state: str
    counts: bool


class SkipEntry(TypedDict):
    """Why one person handed the comparison back."""

    annotator: str
    reason: str
    shown: list[int]
    guideline: int
    day: int


class Record(TypedDict):
    """All that was said of a comparison; its keys are the columns of `comparisons`."""

    comparison_id: str
    pair_id: str
    prompt_id: str
    prompt: list[Turn]
    responses: list[Answer]
    language: str
    batch: str
    outcome: str
    preferred: int
    n_votes: int
    agreement: float
    strength: float
    adjudicated: bool
    posterior: list[float]
    judgments: list[JudgmentEntry]
    skips: list[SkipEntry]


class Gathered(NamedTuple):
    """A record that waits for its outcome, with what that follows from."""

    ordinal: int
    """Its place among all that were gathered: where its votes are."""
    votes: Votes
    found: Finding | None
    record: Record

    @property
    def key(self) -> str:
        """What it is sorted by."""
        return self.record["pair_id"]

    def pack(self) -> bytes:
        """Write it in one line."""
        found = self.found and (self.found.verdict.value, self.found.preferred)
        return _encode([self.ordinal, self.votes, found, self.record])

    @classmethod
    def unpack(cls, line: bytes) -> "Gathered":
        """Read what `pack` wrote."""
        ordinal, (number, tally, steps, *others), found, record = _decode(line)
        counted = Votes(number, tuple(tally), tuple(steps), *others)
        said = found and Finding(Verdict(found[0]), found[1])
        return cls(ordinal, counted, said, record)


@dataclass(frozen=True)
class Writing:
    """What records are written with: pseudonyms by person, scales by the form's version."""

    names: Mapping[int, str]
    """Whoever has none was erased, and only counts."""
    scales: Mapping[int, int]
    criteria: Criteria

    def gather(
        self, ordinal: int, judged: Judged, said: Sequence[Said], counted: Votes, told: Texts
    ) -> Gathered:
        """Make the record of a comparison, of what is said of it by the rules."""
        prompt_id = texts.prompt_id(told.prompt)
        contents = [answer["content"] for answer in told.answers]
        record = Record(
            comparison_id=judged.external_id,
            pair_id=texts.pair_id(prompt_id, contents),
            prompt_id=prompt_id,
            prompt=told.prompt,
            responses=told.answers,
            language=judged.language,
            batch=dates.marked(judged.batch),
            outcome="",
            preferred=NOBODY,
            n_votes=0,
            agreement=0.0,
            strength=0.0,
            adjudicated=False,
            posterior=[],
            judgments=[self._judgment(one) for one in said],
            skips=[self._skip(one) for one in judged.skipped],
        )
        return Gathered(ordinal, counted, judged.found, record)

    def _judgment(self, said: Said) -> JudgmentEntry:
        more: dict[str, Any] = json.loads(said.more) if said.more else _NOTHING
        edit = more.get("edit", _NOTHING)
        return {
            "annotator": self.names.get(said.person_id, ""),
            "verdict": said.verdict,
            "preferred": NOBODY if said.preferred is None else said.preferred,
            "strength": said.strength or 0,
            "scale_max": self.scales.get(said.rubric_number, 0),
            "ranking": more.get("ranking") or [],
            "criteria": _ratings(more["criteria"]) if "criteria" in more else [],
            "edited": edit.get("response", NOBODY),
            "edit": edit.get("text", ""),
            "reason": self._reason(said.reason),
            "shown": _numbers(said.shown),
            "guideline": said.guideline_number,
            "rubric": said.rubric_number,
            "version": said.version,
            "seconds": said.duration_ms / 1000,
            "day": _day(said.created_at),
            "state": said.state,
            "counts": said.counts,
        }

    def _reason(self, reason: str) -> str:
        """Return what may be released of a reason: nothing if personal data were found in it."""
        if not reason or not self.criteria.free_text or personal.found(reason):
            return ""
        return reason

    def _skip(self, skipped: Skipped) -> SkipEntry:
        return SkipEntry(
            annotator=self.names.get(skipped.person_id, ""),
            reason=skipped.reason,
            shown=_numbers(skipped.shown),
            guideline=skipped.guideline_number,
            day=_day(skipped.closed_at),
        )


def complete(gathered: Gathered, outcome: Majority | Reason | None) -> None:
    """Write into a record what came out; None if its answers were put in order."""
    record = gathered.record
    record["n_votes"] = gathered.votes.all
    if isinstance(outcome, Reason):
        record["outcome"] = outcome.value
    elif outcome is None:
        record["outcome"] = RANKED
    else:
        record["outcome"], record["preferred"] = PREFERRED, outcome.preferred
        record["agreement"], record["strength"] = outcome.agreement, outcome.strength
        record["adjudicated"] = outcome.adjudicated


def encode(row: Any) -> bytes:
    """Write a row in JSON, in one line without its end."""
    return _encode(row)


_NOTHING: dict[str, Any] = {}
_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode


@lru_cache(maxsize=2**12)
def _shown(stored: str) -> tuple[int, ...]:
    return tuple(json.loads(stored))


def _numbers(stored: str) -> list[int]:
    return list(_shown(stored))


def _day(moment: datetime) -> int:
    return moment.year * 10_000 + moment.month * 100 + moment.day


def _ratings(said: Mapping[str, Mapping[str, Any]]) -> list[Rating]:
    return [rating for name in sorted(said) for rating in _rating(name, said[name])]


def _rating(name: str, said: Mapping[str, Any]) -> list[Rating]:
    if "points" not in said:
        better = said["preferred"]
        preferred = NOBODY if better is None else better
        return [_entry(name, preferred=preferred, strength=said["strength"])]
    points = said["points"]
    return [_entry(name, response=int(each), points=points[each]) for each in sorted(points)]


def _entry(name: str, **said: int) -> Rating:
    nothing = Rating(name=name, response=NOBODY, points=0, preferred=NOBODY, strength=0)
    return {**nothing, **said}  # type: ignore[typeddict-item]
