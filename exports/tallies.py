"""Tallies: what a release comes to, counted while it is written."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from exports.manifests import Counts, FormatCounts
from exports.pairs import Reason
from exports.records import PREFERRED, RANKED, Record
from exports.splits import SPLITS, Split
from exports.surveys import Survey


@dataclass
class Tally:
    """Counts of comparisons and of rows."""

    gathered: int = 0
    """Comparisons that have a record."""
    decided: int = 0
    """Comparisons with a better answer among two."""
    agreement: float = 0.0
    """Sum over those."""
    used: Counter[str] = field(default_factory=Counter)
    """Comparisons of which pairs are made, by language."""
    reasons: Counter[Reason] = field(default_factory=Counter)
    rows: Counter[tuple[str, Split]] = field(default_factory=Counter)
    """Rows by format and split."""

    @property
    def left_out(self) -> int:
        """Comparisons that make no pair."""
        return self.reasons.total()

    @property
    def splits(self) -> list[Split]:
        """The splits that have rows."""
        return [split for split in SPLITS if any(each == split for _, each in self.rows)]

    def conclude(self, record: Record) -> None:
        """Count a record by its outcome."""
        if record["outcome"] in (PREFERRED, RANKED):
            self.used[record["language"]] += 1
        if record["outcome"] == PREFERRED:
            self.decided += 1
            self.agreement += record["agreement"]

    def is_worth_it(self, wanted: Iterable[str]) -> bool:
        """Tell whether there are rows of anything but what was said as such."""
        names = [name for name in wanted if name != "comparisons"] or ["comparisons"]
        return any(self.rows[name, split] for name in names for split in SPLITS)

    def counts(self, survey: Survey) -> Counts:
        """Return all of it as the manifest tells it."""
        names = dict.fromkeys(name for name, _ in sorted(self.rows))
        return Counts(
            comparisons=self.used.total() + self.left_out,
            judgments=survey.judgments,
            people=len(survey.people),
            used=self.used.total(),
            left_out=self.left_out,
            mean_agreement=self.agreement / self.decided if self.decided else None,
            languages=dict(sorted(self.used.items())),
            reasons={reason: self.reasons[reason] for reason in Reason if self.reasons[reason]},
            formats={name: self._format(name) for name in names},
        )

    def _format(self, name: str) -> FormatCounts:
        splits = {split: self.rows[name, split] for split in SPLITS if self.rows[name, split]}
        return FormatCounts(rows=sum(splits.values()), splits=dict(sorted(splits.items())))
