"""Records: all that was said of one comparison, in the one form from which every file is made.

A record is gathered while judgments are read, and completed once the votes of the whole release
are known. In between it waits on disk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from exports.choosing import dates, texts
from exports.choosing.criteria import Criteria
from exports.choosing.pairs import Majority, Reason
from exports.choosing.selection import Judged, Said, Skipped
from exports.choosing.texts import Texts, Turn
from exports.choosing.votes import Votes
from labeler.quality.adjudications import Finding

PREFERRED, RANKED = "preferred", "ranked"
"""What came out where it is no reason to leave something out."""
NOBODY = -1
"""What stands where no response is meant: no column of numbers has gaps."""


class Rating(msgspec.Struct, gc=False):
    """What was said by one criterion: points for a response, or which of two is better in it."""

    name: str
    response: int = NOBODY
    points: int = 0
    preferred: int = NOBODY
    strength: int = 0


class JudgmentEntry(msgspec.Struct, gc=False):
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


class Voter(msgspec.Struct, gc=False):
    """Of what one person said, no more than who it was and whether it counts."""

    annotator: str
    counts: bool


class SkipEntry(msgspec.Struct, gc=False):
    """Why one person handed the comparison back."""

    annotator: str
    reason: str
    shown: list[int]
    guideline: int
    day: int


class Response(msgspec.Struct, gc=False):
    """An answer; its text stays as it was written until somebody asks for it."""

    content: Raw
    model: str
    provenance: str


class Record(msgspec.Struct, dict=True):
    """All that was said of a comparison; its fields are the columns of `comparisons`.

    What is long is read only if somebody asks for it: formats take it over as it is written.
    """

    comparison_id: str
    pair_id: str
    prompt_id: str
    prompt: Raw
    responses: list[Response]
    language: str
    batch: str
    outcome: str
    preferred: int
    n_votes: int
    agreement: float
    strength: float
    adjudicated: bool
    posterior: list[float]
    judgments: Raw
    skips: Raw

    @cached_property
    def said(self) -> list[JudgmentEntry]:
        """The judgments."""
        return _judgments(self.judgments)

    @cached_property
    def annotators(self) -> list[str]:
        """The pseudonyms of those whose judgments count; who was erased is not named."""
        voters = _voters(self.judgments)
        return sorted([one.annotator for one in voters if one.counts and one.annotator])

    @property
    def turns(self) -> list[Turn]:
        """The prompt."""
        return _turns(self.prompt)

    @property
    def contents(self) -> list[str]:
        """The texts of the responses."""
        return [_text(response.content) for response in self.responses]


class Gathered(NamedTuple):
    """A record that waits for its outcome, with what that follows from."""

    ordinal: int
    """Its place among all that were gathered: where its votes are."""
    votes: Votes
    found: Finding | None
    fault: Reason | None
    """Why its texts are unfit, if they are."""
    record: Record

    @property
    def key(self) -> str:
        """What it is sorted by."""
        return self.record.pair_id

    def pack(self) -> bytes:
        """Write it in one line."""
        return encode(self)

    @classmethod
    def unpack(cls, line: bytes) -> "Gathered":
        """Read what `pack` wrote."""
        return _gathered(line)


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
        """Make the record of a comparison, of what is said of it by the rules.

        Reasons are written as they come: those that are held must be empty by now.
        """
        prompt_id = texts.prompt_id(told.prompt)
        contents = [answer["content"] for answer in told.answers]
        record = Record(
            comparison_id=judged.external_id,
            pair_id=texts.pair_id(prompt_id, contents),
            prompt_id=prompt_id,
            prompt=raw(told.prompt),
            responses=[
                Response(raw(answer["content"]), answer["model"], answer["provenance"])
                for answer in told.answers
            ],
            language=judged.language,
            batch=dates.marked(judged.batch),
            outcome="",
            preferred=NOBODY,
            n_votes=0,
            agreement=0.0,
            strength=0.0,
            adjudicated=False,
            posterior=[],
            judgments=raw([self._judgment(one) for one in said]),
            skips=raw([self._skip(one) for one in judged.skipped]),
        )
        return Gathered(ordinal, counted, judged.found, self._fault(told, contents), record)

    def _fault(self, told: Texts, contents: Sequence[str]) -> Reason | None:
        """Return why nothing is to be made of texts for training."""
        if not self.criteria.held_back and texts.are_held_back(told.answers):
            return Reason.held_back
        if texts.are_transcripts(told.answers):
            return Reason.transcripts
        return texts.fault(told.prompt, contents, self.criteria.max_tokens)

    def _judgment(self, said: Said) -> JudgmentEntry:
        more: dict[str, Any] = _decode(said.more) if said.more else _NOTHING
        edit = more.get("edit", _NOTHING)
        # By place, which takes a third of the time: these are the most of all that is made.
        return JudgmentEntry(
            self.names.get(said.person_id, ""),
            said.verdict,
            NOBODY if said.preferred is None else said.preferred,
            said.strength or 0,
            self.scales.get(said.rubric_number, 0),
            more.get("ranking") or [],
            _ratings(more["criteria"]) if "criteria" in more else [],
            edit.get("response", NOBODY),
            edit.get("text", ""),
            said.reason if self.criteria.tells_reasons else "",
            _numbers(said.shown),
            said.guideline_number,
            said.rubric_number,
            said.version,
            said.duration_ms / 1000,
            _day(said.created_at),
            said.state,
            said.counts,
        )

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
    record.n_votes = gathered.votes.all
    if isinstance(outcome, Reason):
        record.outcome = outcome.value
    elif outcome is None:
        record.outcome = RANKED
    else:
        record.outcome, record.preferred = PREFERRED, outcome.preferred
        record.agreement, record.strength = outcome.agreement, outcome.strength
        record.adjudicated = outcome.adjudicated


def raw(value: Any) -> Raw:
    """Write something in JSON that is to be written as it is from now on."""
    return Raw(encode(value))


_NOTHING: dict[str, Any] = {}
encode = msgspec.json.Encoder().encode
"""Writes a row in JSON, in one line without its end."""
_decode = msgspec.json.Decoder().decode
_gathered = msgspec.json.Decoder(Gathered).decode
_judgments = msgspec.json.Decoder(list[JudgmentEntry]).decode
_voters = msgspec.json.Decoder(list[Voter]).decode
_turns, _text = msgspec.json.Decoder(list[Turn]).decode, msgspec.json.Decoder(str).decode
read = msgspec.json.Decoder(Record).decode
"""Reads a row of `comparisons`; raises msgspec.ValidationError."""


@lru_cache(maxsize=2**12)
def _numbers(stored: str) -> list[int]:
    """Read numbers; nobody may change them."""
    numbers: list[int] = _decode(stored)
    return numbers


def _day(moment: datetime) -> int:
    return moment.year * 10_000 + moment.month * 100 + moment.day


def _ratings(said: Mapping[str, Mapping[str, Any]]) -> list[Rating]:
    return [rating for name in sorted(said) for rating in _rating(name, said[name])]


def _rating(name: str, said: Mapping[str, Any]) -> list[Rating]:
    if "points" not in said:
        better = said["preferred"]
        preferred = NOBODY if better is None else better
        return [Rating(name, preferred=preferred, strength=said["strength"])]
    points = said["points"]
    return [Rating(name, response=int(each), points=points[each]) for each in sorted(points)]
