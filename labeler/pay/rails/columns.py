"""Which columns a table of payouts has: each a field of the payout or a text that is always alike.

M-Pesa's own columns are published nowhere that we found, and other banks have theirs, so whoever
runs pay says what theirs are called.
"""

import enum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from labeler.pay.details import Bank, Mobile, Other, Paypal, Wise
from labeler.pay.rails import rows
from labeler.pay.rails.rows import PayoutRow
from labeler.said import say
from labeler.text import cells, lines


class Cell(enum.Enum):
    """What a cell can hold of a payout."""

    reference = "reference"
    name = "name"
    amount = "amount"
    """With all decimals of the currency."""
    whole_amount = "whole_amount"
    """Without decimals; the payout is in whole units then."""
    currency = "currency"
    account = "account"
    """The IBAN, telephone number, address or whatever the account is called."""
    bic = "bic"
    country = "country"
    network = "network"
    """Of mobile money; of any other way, its provider."""
    note = "note"


def _one_line(text: str) -> str:
    if not lines.fits(text):
        raise ValueError(say("This has characters that do not belong here."))
    return text


class Column(BaseModel):
    """A heading, and what stands below it: a field of the payout, or the same text in each row."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    header: Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_one_line)]
    cell: Cell | None = None
    text: Annotated[str, Field(max_length=100), AfterValidator(_one_line)] = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.cell is not None and self.text:
            raise ValueError(say("A column holds a field or a text of its own, not both."))
        return self


def value(row: PayoutRow, column: Column) -> str:
    """Return what stands in a column for a payout, harmless in a spreadsheet."""
    if column.cell is None:
        return cells.harmless(column.text)
    return cells.harmless(_values(row)[column.cell])


def table(columns: tuple[Column, ...], paid: list[PayoutRow]) -> bytes:
    """Write payouts in these columns."""
    head = [cells.harmless(column.header) for column in columns]
    return rows.table([head, *([value(row, column) for column in columns] for row in paid)])


def _values(row: PayoutRow) -> dict[Cell, str]:
    details = row.details
    found = {
        Cell.reference: row.reference,
        Cell.name: row.name,
        Cell.amount: rows.amount(row),
        Cell.whole_amount: rows.whole(row),
        Cell.currency: row.currency,
        Cell.account: details.account,
        **dict.fromkeys((Cell.bic, Cell.country, Cell.network, Cell.note), ""),
    }
    match details:
        case Bank():
            found |= {Cell.bic: details.bic, Cell.country: details.iban[:2]}
        case Mobile():
            found |= {Cell.country: details.country, Cell.network: details.network}
        case Other():
            found |= {Cell.network: details.provider, Cell.note: details.note}
        case Paypal() | Wise():
            pass
    return found
