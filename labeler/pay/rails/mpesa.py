"""M-Pesa in Kenya: a table for Safaricom's portal, in whole shillings.

Safaricom publishes no columns that we found, and public payroll programs invent different ones, so
the preset is unverified until whoever pays has compared it with their portal's own template. Its
brochure speaks of 20,000 rows at most.
"""

from collections.abc import Sequence

from labeler.errors import Invalid
from labeler.pay.details import Mobile
from labeler.pay.rails import columns, rows
from labeler.pay.rails.columns import Cell, Column
from labeler.pay.rails.rows import PayoutFile, PayoutRow
from labeler.said import Said, say

CURRENCY, COUNTRY = "KES", "KE"
MOST = 20_000
STEP = 100
"""One shilling, in its minor unit: M-Pesa pays whole ones."""
UNVERIFIED = (
    Column(header="Phone number", cell=Cell.account),
    Column(header="Amount", cell=Cell.whole_amount),
    Column(header="Name", cell=Cell.name),
    Column(header="Reference", cell=Cell.reference),
)
"""Nobody has compared these with Safaricom's template."""


def make(
    given: Sequence[PayoutRow], layout: tuple[Column, ...] = UNVERIFIED, *, name: str = "mpesa"
) -> PayoutFile:
    """Write a table of whole shillings; raises Invalid naming each row that does not fit."""
    if not {column.cell for column in layout} & {Cell.amount, Cell.whole_amount}:
        raise Invalid("One column must hold the amount.")
    paid = [
        row for row, _ in rows.checked(given, Mobile, most=MOST, currency=CURRENCY, fault=_fault)
    ]
    return rows.finished(columns.table(layout, paid), paid, name=f"{name}.csv")


def _fault(row: PayoutRow) -> Said | None:
    if isinstance(row.details, Mobile) and row.details.country != COUNTRY:
        return say("%(name)s: M-Pesa of Kenya pays Kenyan numbers only.", name=row.name)
    return rows.off_step(row, STEP)
