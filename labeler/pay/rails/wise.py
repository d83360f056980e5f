"""Wise: a table of 1,000 transfers at most, to addresses by e-mail or to saved recipients.

Columns: Wise's help on batch templates. `amountCurrency` is `target`, so that each person gets the
exact amount and the fees are the payer's. Wise has a template for each kind of recipient; one file
holds one kind.
"""

from collections.abc import Sequence

from labeler.errors import Invalid
from labeler.pay import money
from labeler.pay.details import Wise
from labeler.pay.rails import rows
from labeler.pay.rails.rows import PayoutFile, PayoutRow
from labeler.said import Said

MOST = 1_000
BY_EMAIL = ("name", "recipientEmail", "paymentReference", "receiverType", "amountCurrency")
BY_NUMBER = ("recipientId", "name", "paymentReference", "amountCurrency")
MONEY = ("amount", "sourceCurrency", "targetCurrency")
EXACT = "target"
RECEIVER = "PERSON"


def make(given: Sequence[PayoutRow], *, source: str, name: str = "wise") -> PayoutFile:
    """Write the table, paid from `source`; raises Invalid naming each row that does not fit."""
    money.exponent(source)
    paid = rows.checked(given, Wise, most=MOST, fault=_fault)
    by_email = {bool(to.email) for _, to in paid}
    if len(by_email) > 1:
        raise Invalid(
            "Wise has one file for e-mail addresses and one for saved recipients: make two runs."
        )
    head = (BY_EMAIL if by_email == {True} else BY_NUMBER) + MONEY
    body = [[_cells(row, to, source)[column] for column in head] for row, to in paid]
    return rows.finished(rows.table([head, *body]), [row for row, _ in paid], name=f"{name}.csv")


def _cells(row: PayoutRow, to: Wise, source: str) -> dict[str, str]:
    return {
        "name": row.name,
        "recipientEmail": to.email,
        "recipientId": to.recipient,
        "paymentReference": row.reference,
        "receiverType": RECEIVER,
        "amountCurrency": EXACT,
        "amount": rows.amount(row),
        "sourceCurrency": source,
        "targetCurrency": row.currency,
    }


def _fault(row: PayoutRow) -> Said | None:
    to = row.details
    cells = (row.name, to.email, to.recipient) if isinstance(to, Wise) else (row.name,)
    return rows.formula_fault(row, *cells)
