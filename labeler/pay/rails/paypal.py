"""PayPal: a table without a header, of one currency, 5,000 payouts at most.

Rules: PayPal's guide to payouts on the web. Whether PayPal pays to a country is to be asked there.
Two currencies have decimals in ISO 4217 and none at PayPal (as widely documented, not verified).
"""

from collections.abc import Sequence

from labeler.pay.details import Paypal
from labeler.pay.rails import rows
from labeler.pay.rails.rows import PayoutFile, PayoutRow
from labeler.said import Said
from labeler.text import cells

MOST = 5_000
WALLET = "PayPal"
_WHOLE = frozenset({"HUF", "TWD"})


def step(currency: str) -> int:
    """Return the least amount that PayPal tells apart, in minor units."""
    return 100 if currency in _WHOLE else 1


def make(given: Sequence[PayoutRow], *, note: str = "", name: str = "paypal") -> PayoutFile:
    """Write the table; raises Invalid naming each row that does not fit.

    An amount has a point and no signs between thousands, so that no comma needs quotes. The
    customer's id is the reference: no spaces, 30 characters at most.
    """
    paid = rows.checked(given, Paypal, most=MOST, fault=_fault)
    note = cells.harmless(note)
    body = [(to.email, _amount(row), row.currency, row.reference, note, WALLET) for row, to in paid]
    return rows.finished(rows.table(body), [row for row, _ in paid], name=f"{name}.csv")


def _amount(row: PayoutRow) -> str:
    return rows.whole(row) if row.currency in _WHOLE else rows.amount(row)


def _fault(row: PayoutRow) -> Said | None:
    to = row.details
    email = to.email if isinstance(to, Paypal) else ""
    return rows.formula_fault(row, email) or rows.off_step(row, step(row.currency))
