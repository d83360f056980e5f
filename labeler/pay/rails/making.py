"""Rails: the ways on which money travels, what each can carry, and how its file is made."""

import enum
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

from labeler.errors import Invalid
from labeler.pay import money
from labeler.pay.details import Details, Mobile, Wise
from labeler.pay.rails import mpesa, pawapay, paypal, plain, sepa, wise
from labeler.pay.rails.layouts import Layout, PaypalLayout, SepaLayout, TableLayout, WiseLayout
from labeler.pay.rails.rows import PayoutFile, PayoutRow
from labeler.said import say


class Rail(enum.Enum):
    """A way on which money travels, with a file format of its own."""

    sepa = "sepa"
    """Euro transfers to bank accounts."""
    mpesa = "mpesa"
    """M-Pesa in Kenya."""
    pawapay = "pawapay"
    """Mobile money in many African countries."""
    paypal = "paypal"
    wise = "wise"
    """Wise, to addresses by e-mail."""
    wise_saved = "wise_saved"
    """Wise, to recipients that the payer's account there knows by number."""
    plain = "plain"
    """A table for anything else."""


TAKES: Mapping[Rail, frozenset[str]] = MappingProxyType(
    {
        Rail.sepa: frozenset({"bank"}),
        Rail.mpesa: frozenset({"mobile"}),
        Rail.pawapay: frozenset({"mobile"}),
        Rail.paypal: frozenset({"paypal"}),
        Rail.wise: frozenset({"wise"}),
        Rail.wise_saved: frozenset({"wise"}),
        Rail.plain: frozenset({"bank", "mobile", "paypal", "wise", "other"}),
    }
)
"""Which kinds of details each can pay to."""
MOST: Mapping[Rail, int] = MappingProxyType(
    {
        Rail.sepa: sepa.MOST,
        Rail.mpesa: mpesa.MOST,
        Rail.pawapay: pawapay.MOST,
        Rail.paypal: paypal.MOST,
        Rail.wise: wise.MOST,
        Rail.wise_saved: wise.MOST,
        Rail.plain: plain.MOST,
    }
)
"""How many payouts one file takes."""
LAYOUTS: Mapping[Rail, type[Layout]] = MappingProxyType(
    {
        Rail.sepa: SepaLayout,
        Rail.mpesa: TableLayout,
        Rail.pawapay: Layout,
        Rail.paypal: PaypalLayout,
        Rail.wise: WiseLayout,
        Rail.wise_saved: WiseLayout,
        Rail.plain: TableLayout,
    }
)
"""What each needs to know of whoever pays."""
ONLY: Mapping[Rail, str] = MappingProxyType({Rail.sepa: sepa.CURRENCY, Rail.mpesa: mpesa.CURRENCY})
"""Rails of one currency."""


class Run(NamedTuple):
    """What a file says of the run that it is of."""

    message: str
    made_at: datetime
    day: date


class Share(NamedTuple):
    """What of a balance can be paid now, and what is carried to the next time, in minor units."""

    payable: int
    carried: int


def takes(rail: Rail, details: Details) -> bool:
    """Tell whether the rail leads where a person wants to be paid."""
    if details.kind not in TAKES[rail]:
        return False
    match details:
        case Wise():
            return rail is Rail.plain or bool(details.email) is (rail is Rail.wise)
        case Mobile():
            return rail is not Rail.mpesa or details.country == mpesa.COUNTRY
        case _:
            return True


def step(rail: Rail, currency: str) -> int:
    """Return the least amount that the rail tells apart, in minor units; raises Invalid."""
    wanted = ONLY.get(rail, currency)
    if currency != wanted:
        raise Invalid(
            say(
                "This way pays in %(wanted)s only, not in %(given)s.", wanted=wanted, given=currency
            ),
            fields={"rail": say("Please choose another way for %(given)s.", given=currency)},
        )
    money.exponent(currency)
    match rail:
        case Rail.mpesa:
            return mpesa.STEP
        case Rail.pawapay:
            return pawapay.step(currency)
        case Rail.paypal:
            return paypal.step(currency)
        case _:
            return 1


def split(balances: Mapping[int, int], step_minor: int) -> dict[int, Share]:
    """Part each balance, by person, into what a rail can carry and what stays for the next run."""
    return {
        person_id: Share(balance - balance % step_minor, balance % step_minor)
        for person_id, balance in balances.items()
    }


def check(rail: Rail, rows: Sequence[PayoutRow], layout: Layout, run: Run) -> None:
    """Raise Invalid as `make` would, without writing transfers by the slow schema."""
    if rail is Rail.sepa:
        sepa.checked(rows)
    else:
        make(rail, rows, layout, run)


def make(rail: Rail, rows: Sequence[PayoutRow], layout: Layout, run: Run) -> PayoutFile:
    """Write the file of a run; raises Invalid naming each row that does not fit."""
    name = run.message.lower()
    match layout:
        case SepaLayout():
            order = sepa.Order(layout.payer, run.message, run.made_at, run.day, layout.purpose)
            return sepa.make(rows, order, name=name)
        case TableLayout() if rail is Rail.mpesa:
            return mpesa.make(rows, layout.columns or mpesa.UNVERIFIED, name=name)
        case TableLayout():
            return plain.make(rows, layout.columns or plain.COLUMNS, name=name)
        case PaypalLayout():
            return paypal.make(rows, note=layout.note, name=name)
        case WiseLayout():
            return wise.make(rows, source=layout.source, name=name)
        case _:
            return pawapay.make(rows, name=name)
