"""Runs: what several annotators who worked at once came to."""

from dataclasses import dataclass

from bench.client import Worked


@dataclass(frozen=True)
class Run:
    """What one run of several annotators came to."""

    worked: list[Worked]
    server_ms: float
    database_ms: float

    @property
    def rate(self) -> float:
        """Judgments a second, from the first claim to the last receipt."""
        began = min(each.began for each in self.worked)
        ended = max(each.ended for each in self.worked)
        return self.judgments / (ended - began) if ended > began else 0.0

    @property
    def judgments(self) -> int:
        """How many judgments were acknowledged."""
        return sum(each.judgments for each in self.worked)

    @property
    def errors(self) -> int:
        """How many answers were not those that were hoped for."""
        return sum(each.errors for each in self.worked)

    @property
    def off_share(self) -> float:
        """How far, in percent, the annotator farthest from an equal share is from it."""
        mean = self.judgments / len(self.worked)
        return max(100 * abs(each.judgments - mean) / mean for each in self.worked) if mean else 0

    @property
    def claims(self) -> list[float]:
        """How long each claim took, in ms."""
        return [ms for each in self.worked for ms in each.claims]

    @property
    def submits(self) -> list[float]:
        """How long each submission took, in ms."""
        return [ms for each in self.worked for ms in each.submits]

    @property
    def both(self) -> list[float]:
        """How long each claim took together with the submission after it, in ms."""
        return [a + b for each in self.worked for a, b in zip(each.claims, each.submits)]  # noqa: B905
