"""pawaPay: a table of mobile-money payouts in many African countries, 1,000 at most.

Columns and rules: docs.pawapay.io, batch disbursements. Which country, network and currency go
together is theirs to say. Some networks take decimals and some do not, so amounts are whole units.
"""

from collections.abc import Sequence

from labeler.pay import money
from labeler.pay.details import Mobile
from labeler.pay.rails import rows
from labeler.pay.rails.rows import PayoutFile, PayoutRow
from labeler.said import Said

MOST = 1_000
HEADER = ("Country", "Telco", "Currency", "MSISDN", "Amount", "Description")


def step(currency: str) -> int:
    """Return one whole unit, in minor ones."""
    return int(10 ** money.exponent(currency))


def make(given: Sequence[PayoutRow], *, name: str = "pawapay") -> PayoutFile:
    """Write the table; raises Invalid naming each row that does not fit.

    The description is the reference: 4 to 22 letters and digits, as every reference is.
    """
    paid = rows.checked(given, Mobile, most=MOST, fault=_fault)
    body = [
        (to.country, to.network, row.currency, to.phone, rows.whole(row), row.reference)
        for row, to in paid
    ]
    return rows.finished(rows.table([HEADER, *body]), [row for row, _ in paid], name=f"{name}.csv")


def _fault(row: PayoutRow) -> Said | None:
    to = row.details
    network = to.network if isinstance(to, Mobile) else ""
    return rows.formula_fault(row, network) or rows.off_step(row, step(row.currency))
