"""What goes into a payout file and what comes out; what no row may be, whatever the format."""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from labeler.errors import Invalid
from labeler.pay import money
from labeler.pay.details import Details
from labeler.said import Said, say, say_number
from labeler.text import cells

REFERENCE = re.compile(r"[A-Za-z0-9]{4,22}")
"""What every format can carry: pawaPay takes the least."""
TOLD = 20
"""How many faults are told at once."""


@dataclass(frozen=True)
class PayoutRow:
    """One amount for one person. `reference` is of this payout alone, for ever."""

    reference: str
    name: str
    amount_minor: int
    currency: str
    details: Details


@dataclass(frozen=True)
class PayoutFile:
    """What is sent: the bytes, how many payouts are in them and what they add up to."""

    content: bytes
    count: int
    total_minor: int
    sha256: str
    name: str
    media_type: str


Kind = TypeVar("Kind", bound=Details)
Fault = Callable[[PayoutRow], Said | None]


def checked(
    rows: Sequence[PayoutRow],
    kind: type[Kind],
    *,
    most: int,
    currency: str | None = None,
    fault: Fault = lambda _row: None,
) -> list[tuple[PayoutRow, Kind]]:
    """Return the rows above zero with their details, which are of one kind.

    Otherwise like `sound`.
    """

    def of_kind(row: PayoutRow) -> Said | None:
        if not isinstance(row.details, kind):
            return say("%(name)s: this kind of file cannot pay there.", name=row.name)
        return fault(row)

    paid = sound(rows, most=most, currency=currency, fault=of_kind)
    return [(row, row.details) for row in paid if isinstance(row.details, kind)]


def sound(
    rows: Sequence[PayoutRow], *, most: int, currency: str | None = None, fault: Fault
) -> list[PayoutRow]:
    """Return the rows above zero; raises Invalid naming each that does not fit.

    `most` is how many one file takes; all are of one `currency`, by default that of the first.
    """
    paid = [row for row in rows if row.amount_minor != 0]
    if not paid:
        raise Invalid("There is nothing to pay in this file.")
    if len(paid) > most:
        raise Invalid(
            say(
                "A file of this kind takes %(most)s payouts at most; these are %(count)s.",
                most=most,
                count=len(paid),
            )
        )
    wanted = currency or paid[0].currency
    seen = Counter(row.reference for row in paid)
    found = ((row, _fault(row, wanted, seen[row.reference]) or fault(row)) for row in paid)
    refuse({row.reference: words for row, words in found if words})
    return paid


def refuse(faults: dict[str, Said]) -> None:
    """Raise Invalid if there are faults, the first of them by reference."""
    if not faults:
        return
    told = dict(list(faults.items())[:TOLD])
    raise Invalid(
        say_number(
            "%(num)s payout does not fit this kind of file.",
            "%(num)s payouts do not fit this kind of file.",
            len(faults),
        ),
        fields=told,
    )


def _fault(row: PayoutRow, currency: str, times: int) -> Said | None:
    if times > 1:
        return say("Two payouts have this reference.")
    if not REFERENCE.fullmatch(row.reference):
        return say("A reference has 4 to 22 letters and digits.")
    if row.amount_minor < 0:
        return say("%(name)s: the amount is less than nothing.", name=row.name)
    if row.currency != currency:
        return say(
            "%(name)s: this file pays in %(currency)s only.", name=row.name, currency=currency
        )
    return None


def off_step(row: PayoutRow, step: int) -> Said | None:
    """Say what is wrong with an amount that is no multiple of `step` minor units."""
    if row.amount_minor % step == 0:
        return None
    return say(
        "%(name)s: %(amount)s is no whole multiple of %(step)s.",
        name=row.name,
        amount=money.text(row.amount_minor, row.currency),
        step=money.text(step, row.currency),
    )


def formula_fault(row: PayoutRow, *written: str) -> Said | None:
    """Say that a row begins like a formula, for files where a ' would change who is paid."""
    if any(map(cells.runs, written)):
        return say("%(name)s: a cell may not begin like a formula.", name=row.name)
    return None


def amount(row: PayoutRow) -> str:
    """Write an amount in whole units with a point and all decimals, no signs between thousands."""
    return f"{money.decimal(row.amount_minor, row.currency):f}"


def whole(row: PayoutRow) -> str:
    """Write an amount that has no part of a unit, without decimals."""
    return str(row.amount_minor // 10 ** money.exponent(row.currency))


def table(lines: Iterable[Sequence[str]]) -> bytes:
    """Write CSV: commas, UTF-8 without a mark, lines that end in CR LF."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    return text.getvalue().encode()


def finished(
    content: bytes,
    rows: Sequence[PayoutRow],
    *,
    name: str,
    media_type: str = "text/csv; charset=utf-8",
) -> PayoutFile:
    """Return the file of these rows."""
    return PayoutFile(
        content=content,
        count=len(rows),
        total_minor=sum(row.amount_minor for row in rows),
        sha256=hashlib.sha256(content).hexdigest(),
        name=name,
        media_type=media_type,
    )
