"""Results: what the bank or the service says became of payouts, as a table. All of it or nothing.

Two columns, `reference` and `status`; others are let be. A status is confirmed, failed or unknown,
or a word that services use for one of them.
"""

import csv
import io

from sqlalchemy.orm import Session

from labeler.errors import Invalid
from labeler.pay import payouts, runs
from labeler.pay.payouts import MOVES, PayoutState
from labeler.pay.runs import PayRun
from labeler.people.accounts import Person
from labeler.said import Said, say

LARGEST = 2**20
"""Bytes of a table of results."""
TOLD = 20
_WORDS = {
    PayoutState.confirmed: "confirmed paid completed complete success successful succeeded acsc",
    PayoutState.failed: "failed failure rejected returned unclaimed denied rjct",
    PayoutState.unknown: "unknown pending processing held onhold acsp pdng",
}
STATUSES = {word: state for state, words in _WORDS.items() for word in words.split()}


def read(content: bytes) -> list[tuple[int, str, str]]:
    """Read a table; return line, reference and status of each row. Raises Invalid."""
    if len(content) > LARGEST:
        raise Invalid(_unread(say("It is larger than 1 MB.")))
    try:
        text = content.decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        head = [name.strip().lower() for name in next(reader, [])]
        places = head.index("reference"), head.index("status")
        return [(reader.line_num, *_cells(row, places)) for row in reader if any(row)]
    except (ValueError, csv.Error):
        raise Invalid(
            _unread(say("It needs a first line that names the columns reference and status.")),
            fields={"file": say("Write CSV in UTF-8, with commas.")},
        ) from None


def apply(session: Session, run: PayRun, content: bytes, *, by: Person) -> int:
    """Settle what a table tells of; return of how many payouts that was news.

    Raises Invalid naming each line that does not fit; then nothing is changed.
    """
    known = {payout.reference: payout for payout in payouts.of_run(session, run.id)}
    faults: dict[str, str] = {}
    outcomes: dict[int, PayoutState] = {}
    for line, reference, word in read(content):
        payout, status = known.get(reference), STATUSES.get(word)
        if payout is None:
            fault: str | None = say("%(reference)s is not in this run.", reference=reference[:60])
        elif status is None:
            fault = say("“%(status)s” is no status known here.", status=word[:60])
        elif outcomes.get(payout.id, status) is not status:
            fault = say("%(reference)s is told of twice, differently.", reference=reference)
        elif payout.state is not status and status not in MOVES.get(payout.state, ()):
            fault = payouts.refusal_of(payout)
        else:
            fault, outcomes[payout.id] = None, status
        if fault:
            faults[f"line {line}"] = fault
    _refuse(faults)
    return runs.settle(session, run, outcomes, by=by)


def _refuse(faults: dict[str, str]) -> None:
    if faults:
        told = dict(list(faults.items())[:TOLD])
        raise Invalid("The results do not fit this run, so nothing was changed.", fields=told)


def _cells(row: list[str], places: tuple[int, int]) -> tuple[str, str]:
    reference, status = (row[place].strip() if place < len(row) else "" for place in places)
    return reference, "".join(status.lower().split()).replace("_", "")


def _unread(why: Said) -> Said:
    return say("This file cannot be read. %(why)s", why=why)
