"""Layouts: what a file must say that no payout knows, such as who pays and what columns are called.

Written in a form or a file, one thing a line; kept by project and rail (see `pay.mappings`).
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic import ValidationError as ModelError

from labeler import errors
from labeler.errors import Invalid
from labeler.pay import details, money
from labeler.pay.details import Bank, Bic, Holder, Iban
from labeler.pay.rails.columns import Cell, Column
from labeler.said import Said, say
from labeler.text import lines

MOST_COLUMNS = 40
CELLS = [cell.value for cell in Cell]
_QUOTED = re.compile(r'"([^"]*)"')


def _columns(given: object) -> object:
    """Read lines such as `Phone number: account` or `Type: "Salary"`; lists are taken as told."""
    if not isinstance(given, str):
        return given
    found = []
    for number, line in enumerate(given.splitlines(), 1):
        if line.strip():
            header, colon, what = (part.strip() for part in line.rpartition(":"))
            if not (colon and header):
                raise ValueError(_fault(number))
            quoted = _QUOTED.fullmatch(what)
            if not quoted and what not in CELLS:
                raise ValueError(_fault(number))
            found.append({"header": header, **({"text": quoted[1]} if quoted else {"cell": what})})
    return found


def _fault(number: int) -> Said:
    return say(
        'Line %(number)s: write the heading, a colon, and one of %(cells)s, or a text in "".',
        number=str(number),
        cells=", ".join(CELLS),
    )


def _with_amount(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    cells = [column.cell for column in columns]
    if columns and not {Cell.amount, Cell.whole_amount} & set(cells):
        raise ValueError(say("One column must hold the amount."))
    headers = [column.header for column in columns]
    if len(set(headers)) < len(headers):
        raise ValueError(say("Two columns have the same heading."))
    return columns


def _currency(code: str) -> str:
    try:
        money.exponent(code)
    except Invalid as refusal:
        raise ValueError(refusal.message) from None
    return code


def _line(text: str) -> str:
    if not lines.fits(text):
        raise ValueError(say("This has characters that do not belong here."))
    return text


def _carried(text: str) -> str:
    if details.for_sepa(text) is None:
        raise ValueError(say("Bank files carry Latin letters and . , ( ) / - ? : ' + only."))
    return text


class Layout(BaseModel):
    """Of a rail that needs to know nothing more."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class SepaLayout(Layout):
    """The account that pays, and what people read on their statements."""

    name: Holder
    iban: Iban
    bic: Bic = ""
    purpose: Annotated[
        str, Field(min_length=1, max_length=100), AfterValidator(_line), AfterValidator(_carried)
    ] = "Pay for data work"

    @property
    def payer(self) -> Bank:
        """The account that pays. It was checked when this was read."""
        return Bank.model_construct(kind="bank", name=self.name, iban=self.iban, bic=self.bic)


class TableLayout(Layout):
    """The columns; none stands for the preset. `is_verified` once somebody compared them."""

    columns: Annotated[
        tuple[Column, ...],
        BeforeValidator(_columns),
        Field(max_length=MOST_COLUMNS),
        AfterValidator(_with_amount),
    ] = ()
    is_verified: bool = False


class PaypalLayout(Layout):
    """What PayPal writes to people."""

    note: Annotated[str, Field(max_length=100), AfterValidator(_line)] = ""


class WiseLayout(Layout):
    """The currency that the payer pays from."""

    source: Annotated[str, AfterValidator(_currency)]


Some = TypeVar("Some", bound=Layout)


def read(kind: type[Some], given: Mapping[str, Any]) -> Some:
    """Read a layout from outside; raises Invalid naming every bad field."""
    try:
        return kind.model_validate(dict(given))
    except ModelError as error:
        faults = errors.faults(error, whole="layout")
        raise Invalid("This cannot be kept as written.", fields=faults) from None


def written(columns: tuple[Column, ...]) -> str:
    """Write columns as `read` takes them, one a line."""
    return "\n".join(
        f"{each.header}: {each.cell.value if each.cell else chr(34) + each.text + chr(34)}"
        for each in columns
    )
