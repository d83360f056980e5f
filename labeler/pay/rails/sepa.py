"""SEPA: euro transfers as `pain.001.001.09` of ISO 20022, valid by its schema.

Written by sepaxml, which is told the schema, as it still writes the one of 2009 by itself, and told
to leave names alone: ours are in the letters that every bank takes (`details.for_sepa`). No
address is given, so none can be unstructured, which banks refuse since November 2026. What
sepaxml would draw at random or read from the clock is put in here, so that the same payouts give
the same bytes.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from labeler.errors import Invalid
from labeler.pay import details
from labeler.pay.details import Bank
from labeler.pay.rails import rows
from labeler.pay.rails.rows import PayoutFile, PayoutRow
from labeler.said import Said, say

SCHEMA = "pain.001.001.09"
CURRENCY = "EUR"
MOST = 5_000
"""Not a rule of the format: what one file of ours holds."""
LARGEST_MINOR = 999_999_999_99
"""The most that a SEPA transfer can be."""
_NAMESPACE = f"{{urn:iso:std:iso:20022:tech:xsd:{SCHEMA}}}"
_MESSAGE = re.compile(r"[A-Za-z0-9]{4,30}")


@dataclass(frozen=True)
class Order:
    """Who pays, and when. `message` is of this file alone, for ever."""

    payer: Bank
    message: str
    made_at: datetime
    day: date
    """On which the bank carries it out."""
    purpose: str
    """What people read on their statements."""


def make(given: Sequence[PayoutRow], order: Order, *, name: str = "sepa") -> PayoutFile:
    """Write the transfers; raises Invalid naming each row that does not fit."""
    if not _MESSAGE.fullmatch(order.message):
        raise Invalid("The message needs a number of 4 to 30 letters and digits.")
    paid = checked(given)
    content = _valid(_settled(_written(paid, order), order))
    plain = [row for row, _ in paid]
    return rows.finished(content, plain, name=f"{name}.xml", media_type="application/xml")


def checked(given: Sequence[PayoutRow]) -> list[tuple[PayoutRow, Bank]]:
    """Return the rows above zero; raises Invalid naming each that does not fit."""
    return rows.checked(given, Bank, most=MOST, currency=CURRENCY, fault=_fault)


def _fault(row: PayoutRow) -> Said | None:
    if details.for_sepa(row.name) is None:
        return say("%(name)s: a bank file carries Latin letters only.", name=row.name)
    if row.amount_minor > LARGEST_MINOR:
        return say("%(name)s: the amount is more than a transfer can carry.", name=row.name)
    return None


def _written(paid: list[tuple[PayoutRow, Bank]], order: Order) -> bytes:
    # Few processes ever make a file, and no page does.
    from sepaxml import SepaTransfer

    payer = order.payer
    config = {"name": _name(payer.name), "IBAN": payer.iban, "currency": CURRENCY, "batch": True}
    if payer.bic:
        config["BIC"] = payer.bic
    message = SepaTransfer(config, schema=SCHEMA, clean=False)
    for row, to in paid:
        payment = {
            "name": _name(row.name),
            "IBAN": to.iban,
            "amount": row.amount_minor,
            "execution_date": order.day,
            "description": _name(order.purpose)[:140],
            "endtoend_id": row.reference,
        }
        message.add_payment(payment | ({"BIC": to.bic} if to.bic else {}))
    written: bytes = message.export(validate=False)
    return written


def _name(text: str) -> str:
    return details.for_sepa(text) or ""


def _settled(content: bytes, order: Order) -> bytes:
    """Put in what sepaxml drew at random or read from the clock, and that a bank has no BIC."""
    ET.register_namespace("", _NAMESPACE[1:-1])
    document = ET.fromstring(content)  # noqa: S314 (sepaxml wrote it a moment ago)
    values = {
        "MsgId": order.message,
        "CreDtTm": f"{order.made_at:%Y-%m-%dT%H:%M:%S}",
        "PmtInfId": f"{order.message}P1",
    }
    for tag, text in values.items():
        (found,) = document.iter(f"{_NAMESPACE}{tag}")
        found.text = text
    for agent in document.iter(f"{_NAMESPACE}FinInstnId"):
        if len(agent) == 0:
            # Without a BIC banks find the bank by the IBAN, and want to be told that there is none.
            other = ET.SubElement(agent, f"{_NAMESPACE}Othr")
            ET.SubElement(other, f"{_NAMESPACE}Id").text = "NOTPROVIDED"
    body = ET.tostring(document, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode()


def _valid(content: bytes) -> bytes:
    from sepaxml.validation import ValidationError, try_valid_xml

    try:
        try_valid_xml(content, SCHEMA)
    except ValidationError as error:
        # Every part was checked before: this is a bug, and no bank shall see it.
        raise RuntimeError("the file does not fit its schema") from error
    return content
