"""Tallies: what a release comes to, counted while it is written."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from exports.choosing.pairs import Reason
from exports.choosing.records import PREFERRED, RANKED, Gathered
from exports.choosing.splits import SPLITS, Split
from exports.files.manifests import Counts, FormatCounts, HeldReasons
from exports.files.surveys import Survey
from exports.formats.dpo_per_vote import DISAGREED
from exports.privacy import suppression


class Written(NamedTuple):
    """The rows of a format in a split, in files of their names; and where they look like dates."""

    name: str
    split: Split
    rows: int
    dates: dict[str, str]
    """By column the first text in it, where all of them look like dates."""
    cleared: list[str]
    """Columns in which not all do."""


class HeldCount(NamedTuple):
    """How many of the reasons that are held stand so, with such a thing found first in them."""

    stand: str
    kind: str
    number: int


@dataclass
class Flips:
    """How many rows have the worse answer as the chosen one, by a model of who judges how well.

    Chowdhury, Kini and Natarajan (2024), Provably robust DPO: aligning language models with noisy
    feedback: the probability that a preference was flipped, which must be less than one half; TRL
    takes it as `label_smoothing` with the loss `robust`.
    """

    flipped: float = 0.0
    decisive: float = 0.0
    """Rows of which either answer is the better one."""

    def add(self, numbers: Sequence[int], posterior: Sequence[float]) -> None:
        """Count so many rows for answer 0 and for answer 1, which are so likely the better ones."""
        for_zero, for_one = numbers
        zero, one = posterior[:2]
        self.flipped += for_zero * one + for_one * zero
        self.decisive += (for_zero + for_one) * (zero + one)

    def merge(self, other: "Flips") -> None:
        """Count what another one has counted."""
        self.flipped += other.flipped
        self.decisive += other.decisive

    @property
    def rate(self) -> float | None:
        """The estimated share of flipped rows; None if no row has a better answer."""
        return self.flipped / self.decisive if self.decisive else None


_FOR_ONE = ((1, 0), (0, 1))


@dataclass
class Tally:
    """Counts of comparisons by what became of them."""

    decided: int = 0
    """Comparisons with a better answer among two."""
    agreement: float = 0.0
    """Sum over those."""
    used: dict[str, int] = field(default_factory=dict)
    """Comparisons of which pairs are made, by language."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Comparisons that make none, by reason."""
    pairs: Flips = field(default_factory=Flips)
    """Of pairs, but for those that a reviewer decided."""
    votes: Flips = field(default_factory=Flips)
    """Of single votes, where they are rows."""

    def conclude(self, gathered: Gathered) -> None:
        """Count a record by its outcome."""
        record = gathered.record
        outcome, language = record.outcome, record.language
        if outcome in (PREFERRED, RANKED):
            self.used[language] = self.used.get(language, 0) + 1
        else:
            self.reasons[outcome] = self.reasons.get(outcome, 0) + 1
        if outcome == PREFERRED:
            self.decided += 1
            self.agreement += record.agreement
        if posterior := record.posterior:
            if outcome == PREFERRED and not record.adjudicated:
                self.pairs.add(_FOR_ONE[record.preferred], posterior)
            if outcome in DISAGREED:
                self.votes.add(gathered.votes.tally[:2], posterior)


def counts(
    survey: Survey,
    tallies: Sequence[Tally],
    unasked: Iterable[dict[str, int]],
    written: Sequence[Written],
    held: Iterable[HeldCount] | None = None,
) -> Counts:
    """Return all of it as the manifest tells it; `unasked` are reasons for having no record.

    `held` are reasons that people wrote and that are held; None if they were not asked for.
    """
    used, reasons = Counter[str](), Counter[str]()
    for tally in tallies:
        used.update(tally.used)
        reasons.update(tally.reasons)
    for each in unasked:
        reasons.update(each)
    decided = sum(tally.decided for tally in tallies)
    agreement = sum(tally.agreement for tally in tallies)
    return Counts(
        comparisons=used.total() + reasons.total(),
        judgments=survey.judgments,
        people=len(survey.people) if len(survey.people) >= suppression.K else None,
        used=used.total(),
        left_out=reasons.total(),
        mean_agreement=agreement / decided if decided else None,
        languages=dict(sorted(used.items())),
        reasons={reason: reasons[reason.value] for reason in Reason if reasons[reason.value]},
        formats={name: _format(name, written) for name in sorted({one.name for one in written})},
        held_reasons=None if held is None else _held(held),
    )


def flips(found: Iterable[Tally]) -> tuple[Flips, Flips]:
    """Return those of pairs and those of votes, over all tallies."""
    pairs, votes = Flips(), Flips()
    for tally in found:
        pairs.merge(tally.pairs)
        votes.merge(tally.votes)
    return pairs, votes


def _held(found: Iterable[HeldCount]) -> HeldReasons:
    stands: dict[str, Counter[str]] = {}
    for stand, kind, number in found:
        stands.setdefault(stand, Counter())[kind] += number
    return HeldReasons(**{stand: dict(sorted(kinds.items())) for stand, kinds in stands.items()})


def _format(name: str, written: Sequence[Written]) -> FormatCounts:
    rows = Counter[str]()
    for one in written:
        if one.name == name:
            rows[one.split] += one.rows
    splits = {split: rows[split] for split in sorted(SPLITS) if rows[split]}
    return FormatCounts(rows=rows.total(), splits=splits)
