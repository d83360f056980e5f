"""Figures: measured values, what they are worth, and tables of them in Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values lies; NaN of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def spread(values: Sequence[float]) -> str:
    """Say the median of several runs, and their least and most."""
    if not values:
        return "–"
    if len(values) == 1:
        return number(values[0])
    return f"{number(median(values))} ({number(min(values))}–{number(max(values))})"


def number(value: float) -> str:
    """Say a number to about three digits."""
    if value != value:
        return "–"
    if abs(value) >= 100 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


@dataclass(frozen=True)
class Target:
    """What a figure should be: at least or at most so much, in this unit."""

    what: str
    limit: float
    unit: str = ""
    at_most: bool = True

    def met(self, value: float) -> bool:
        """Say whether the value is good enough."""
        return value <= self.limit if self.at_most else value >= self.limit

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.limit:,g}{self.unit}"


@dataclass(frozen=True)
class Verdict:
    """A target, where it was measured, and the values of the runs, whose median counts."""

    target: Target
    where: str
    values: Sequence[float]

    @property
    def words(self) -> str:
        """Say whether it was met, and if not, by how much it was missed."""
        value = median(self.values)
        if self.target.met(value):
            return "met"
        return f"**missed**: {value / self.target.limit:.2f} × the target"

    def cells(self) -> list[str]:
        """Return this as a row of the table of targets."""
        return [self.target.what, self.where, spread(self.values), str(self.target), self.words]


@dataclass
class Table:
    """Rows under their heads."""

    title: str
    heads: Sequence[str]
    rows: list[list[str]] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [" | ".join(self.heads), " | ".join("---" for _ in self.heads)]
        lines += [" | ".join(row) for row in self.rows]
        return "\n".join([f"### {self.title}", "", *(f"| {line} |" for line in lines)])


@dataclass
class Found:
    """What a part of the benchmark found."""

    tables: list[Table] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        """Take over what another part found; tables with the same title become one."""
        self.verdicts += other.verdicts
        for table in other.tables:
            same = [each for each in self.tables if each.title == table.title]
            if same:
                same[0].rows += table.rows
            else:
                self.tables.append(table)
