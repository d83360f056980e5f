"""The past: assignments, judgments and pay as if people had worked for some weeks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from bench.bulk import Bulk
from labeler.pay import ledger
from labeler.work.comparisons import VOTES_BITS

PAY_MINOR, CURRENCY = 35, "EUR"
MIDDLE = 4
RIGHT, TIE, BOTH_BAD = 0.72, 0.10, 0.04
"""How often people are for the answer that is better, and for neither."""
LIMIT = timedelta(hours=1)
ASSIGNMENTS = (
    "id, project_id, comparison_id, person_id, is_repeat, state, places, guideline_number, "
    "rubric_number, pay_minor, currency, opened_at, deadline, closed_at, skip_reason"
)
JUDGMENTS = (
    "id, project_id, comparison_id, assignment_id, person_id, version, key, verdict, step, place, "
    "preferred, strength, guideline_number, rubric_number, gold_right, duration_ms, created_at, "
    "is_current, state, excluded_at, reason"
)
TRANSFERS = (
    "id, project_id, from_account_id, to_account_id, amount_minor, currency, key, judgment_id, at"
)


class Earner(NamedTuple):
    """Somebody who judged, and the account that their pay is on."""

    person_id: int
    account_id: int


@dataclass
class Past:
    """Writes judgments from `begin` on, one every so often; the ids are the first free ones."""

    project_id: int
    cost_account_id: int
    earners: Sequence[Earner]
    assignment_id: int
    judgment_id: int
    transfer_id: int
    begin: datetime
    every: timedelta
    random: Random

    def write(self, writer: Bulk, who: Mapping[int, Sequence[int]]) -> dict[int, int]:
        """Write who judged which comparison, as numbers of `earners`; return the votes on each."""
        promised: list[tuple[object, ...]] = []
        said: list[tuple[object, ...]] = []
        paid: list[tuple[object, ...]] = []
        votes: dict[int, int] = {}
        for comparison_id, earners in who.items():
            better = self.random.randrange(2)
            for earner in earners:
                label = self._label(better)
                votes[comparison_id] = votes.get(comparison_id, 0) + (1 << VOTES_BITS * label)
                one = self._judge(comparison_id, self.earners[earner], label)
                for rows, row in zip((promised, said, paid), one, strict=True):
                    rows.append(row)
        writer.write("assignments", ASSIGNMENTS, promised)
        writer.write("judgments", JUDGMENTS, said)
        writer.write("transfers", TRANSFERS, paid)
        return votes

    def _label(self, better: int) -> int:
        draw = self.random.random()
        if draw < BOTH_BAD:
            return 3
        if draw < BOTH_BAD + TIE:
            return 2
        return better if draw < BOTH_BAD + TIE + RIGHT else 1 - better

    def _judge(
        self, comparison_id: int, earner: Earner, label: int
    ) -> Iterable[tuple[object, ...]]:
        """Return the rows of one judgment: the promise, what was said, what it earned."""
        first = self.random.randrange(2)
        took_ms = self.random.randrange(5_000, 120_000)
        at = _moment(self.begin + timedelta(milliseconds=took_ms))
        opened, deadline = _moment(self.begin), _moment(self.begin + LIMIT)
        project, key = self.project_id, str(UUID(int=self.random.getrandbits(128), version=4))
        whose = project, comparison_id, earner.person_id
        promised = (
            *(self.assignment_id, *whose, False, "judged", f"[{first}, {1 - first}]"),
            *(1, 1, PAY_MINOR, CURRENCY, opened, deadline, at, None),
        )
        said = (
            *(self.judgment_id, project, comparison_id, self.assignment_id, earner.person_id),
            *(1, key, *self._read(label, first), 1, 1, None, took_ms, at, True, "accepted"),
            *(None, ""),
        )
        paid = (
            *(self.transfer_id, project, self.cost_account_id, earner.account_id),
            *(PAY_MINOR, CURRENCY, ledger.earning_key(self.judgment_id), self.judgment_id, at),
        )
        self.assignment_id, self.judgment_id = self.assignment_id + 1, self.judgment_id + 1
        self.transfer_id, self.begin = self.transfer_id + 1, self.begin + self.every
        return promised, said, paid

    def _read(self, label: int, first: int) -> tuple[object, ...]:
        """Return verdict, step, place, preferred and strength."""
        if label == 3:
            return "both_bad", None, None, None, None
        if label == 2:
            return "tie", MIDDLE, None, None, None
        strength = self.random.randint(1, MIDDLE - 1)
        place = 0 if label == first else 1
        return "preference", MIDDLE + (strength if place else -strength), place, label, strength


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
