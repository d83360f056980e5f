"""A plain table for whatever bank or service there is, in the columns that whoever pays names."""

from collections.abc import Sequence

from labeler.errors import Invalid
from labeler.pay import money
from labeler.pay.rails import columns, rows
from labeler.pay.rails.columns import Cell, Column
from labeler.pay.rails.rows import PayoutFile, PayoutRow
from labeler.said import Said

MOST = 100_000
COLUMNS = tuple(
    Column(header=cell.value, cell=cell) for cell in Cell if cell is not Cell.whole_amount
)


def make(
    given: Sequence[PayoutRow], layout: tuple[Column, ...] = COLUMNS, *, name: str = "payouts"
) -> PayoutFile:
    """Write the table; raises Invalid naming each row that does not fit."""
    cells = {column.cell for column in layout}
    if not cells & {Cell.amount, Cell.whole_amount}:
        raise Invalid("One column must hold the amount.")
    in_whole = Cell.whole_amount in cells

    def fault(row: PayoutRow) -> Said | None:
        return rows.off_step(row, 10 ** money.exponent(row.currency)) if in_whole else None

    paid = rows.sound(given, most=MOST, fault=fault)
    return rows.finished(columns.table(layout, paid), paid, name=f"{name}.csv")
