"""The blocks of a card that tell what the work was paid, and where that stands."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal, NamedTuple

from exports.cards.labor.blocks import (
    ChainShare,
    CountryPay,
    Hourly,
    Pay,
    Rejections,
    Timeliness,
    Total,
)
from exports.cards.labor.counted import ELSEWHERE, Until
from exports.cards.labor.known import Known
from exports.cards.labor.people import MADE_ELSEWHERE, Countries, hours
from exports.cards.labor.sources import NOWHERE, Wages, rate_in
from exports.cards.labor.telling import NOT_DECLARED, ONE_OF_FEW, Row, Teller
from exports.kept.declared import Declared
from exports.privacy import suppression
from labeler.pay.ledger import TransferKind
from labeler.pay.rates import EVERYWHERE, Rate
from labeler.pay.reckoning import Model

PAY = "pay.by_country"
MODELS: Mapping[Model, Literal["per_item_with_floor", "hourly", "per_item"]] = {
    Model.floor: "per_item_with_floor",
    Model.hourly: "hourly",
    Model.piece: "per_item",
}
NO_WEEK = "Nobody of them worked in a whole week whose pay was due by then."
NO_REFERENCE = "No figure is known that holds there and is no older than 18 months."
OTHER_MONEY = "The figure is in another currency."
SEVERAL = "These are several countries, or it is not stated which."
NO_FLOOR = "Nothing is promised by the hour."
NO_RATE = "No rate was published."
NO_PAYDAY = "No day is agreed on which pay arrives: what is earned is due after 72 hours."
NOTHING_ARRIVED = "Nothing has arrived yet."
SEVERAL_CURRENCIES = "People were paid in several currencies, which cannot be added up."
NO_SHARE = "It takes a price and what people were paid in the same currency."


class Cited(NamedTuple):
    """What pay is held against."""

    wages: Mapping[str, Wages]
    history: Sequence[Rate]


def pay(teller: Teller, where: Countries, cited: Cited, declared: Declared) -> Pay:
    """Tell what the work was paid."""
    rows, shown = _rows(teller, where, cited)
    totals = _totals(teller, shown)
    everywhere = rate_in(cited.history, EVERYWHERE, teller.known.until) if cited.history else None
    if everywhere is None:
        teller.leave("pay.model", NO_RATE)
    return Pay(
        basis="measured",
        model=MODELS[everywhere.model] if everywhere else None,
        totals=totals,
        elsewhere_minor=_elsewhere(teller),
        by_country=teller.place(PAY, rows),
        timeliness=_timeliness(teller),
        rejections=_rejections(teller),
        chain_share=_chain_share(teller, totals, declared),
    )


def _rows(teller: Teller, where: Countries, cited: Cited) -> tuple[list[Row], dict[str, set[int]]]:
    """Return the rows, and by currency of whom the money in it is in one of now."""
    rows, shown = list[Row](), dict[str, set[int]]()
    for name in sorted(where.told):
        for currency, people in _classes(teller, where.groups[name]).items():
            rows.append(_row(teller, name, currency, people, cited))
            shown.setdefault(currency, set()).update(people)
    stay = {row.name for row in where.stay}  # pay stays with the work that it is for
    kept = [row for row in teller.rows(PAY) if row.name.partition("/")[0] in stay]
    return [*rows, *kept], shown


def _classes(teller: Teller, people: frozenset[int]) -> dict[str, frozenset[int]]:
    """Part a group by the currency in which each is paid, as far as the parts are large enough."""
    paid_in = teller.known.paid.currencies
    parts: dict[str, set[int]] = {}
    for who in people & paid_in.keys():
        parts.setdefault(paid_in[who], set()).add(who)
    if not parts:
        return {}
    usual = max(sorted(parts), key=lambda currency: len(parts[currency]))
    parts[usual] |= people - paid_in.keys()  # who was paid nothing makes a group's pay no higher
    hidden = suppression.hidden(parts, teller.k)
    return {each: frozenset(parts[each]) for each in sorted(parts.keys() - hidden)}


def _row(teller: Teller, country: str, currency: str, people: frozenset[int], cited: Cited) -> Row:
    known = teller.known
    nulls: dict[str, str] = {}
    hourly = known.paid.hourly(people, currency, known.week_seconds)
    found = _percentiles(teller, hourly, nulls)
    wages = cited.wages.get(country, Wages())
    held = _held_against(teller, country, currency, hourly, found, wages, nulls)
    block = CountryPay(
        country=country,
        currency=currency,
        annotators=len(people),
        paid_hours=hours(sum(known.seconds.get(who, 0) for who in people)),
        gross_minor=sum(known.paid.gross.get((who, currency), 0) for who in people),
        topup_minor=_given(known, currency, people, TransferKind.topup),
        bonus_minor=_given(known, currency, people, TransferKind.bonus),
        worker_costs_minor=_given(known, currency, people, TransferKind.allowance),
        hourly_minor=Hourly(**found),
        floor_hour_minor=_floor(country, currency, cited, known.until, nulls),
        as_of=known.until.at,
        **held,
    )
    return Row(f"{country}/{currency}", block, nulls)


def _given(known: Known, currency: str, people: frozenset[int], kind: TransferKind) -> int:
    found = known.paid.of_kind(kind, currency)
    return sum(amount for who, amount in found.items() if who in people)


def _percentiles(
    teller: Teller, hourly: Mapping[int, int], nulls: dict[str, str]
) -> dict[str, int | None]:
    weights = {who: teller.known.week_seconds[who] for who in hourly}
    values = Counter(hourly.values())
    found: dict[str, int | None] = {}
    for percent in (10, 50, 90):
        found[f"p{percent}"], why = teller.weighed(values, percent, weights)
        if found[f"p{percent}"] is None:
            nulls[f"hourly_minor.p{percent}"] = why if hourly else NO_WEEK
    return found


def _held_against(
    teller: Teller,
    country: str,
    currency: str,
    hourly: Mapping[int, int],
    found: Mapping[str, int | None],
    wages: Wages,
    nulls: dict[str, str],
) -> dict[str, str | float | int | bool | None]:
    """Hold an hour's pay against the minimum wage and the living wage of the place."""
    told: dict[str, str | float | int | bool | None] = {"nobody_below_statutory": None}
    sides = (
        ("statutory", wages.statutory, "ratio_p10_statutory", found["p10"]),
        ("living", wages.living, "ratio_p50_living", found["p50"]),
    )
    for name, wage, ratio, amount in sides:
        told |= {f"{name}_ref": wage.ref_id if wage else None, ratio: None, f"below_{name}": None}
        why = SEVERAL if country in NOWHERE else NO_REFERENCE
        if wage is None:
            nulls[f"{name}_ref"] = why
        elif wage.currency != currency:
            why = OTHER_MONEY
        else:
            why = "" if amount is not None else nulls[f"hourly_minor.{ratio[6:9]}"]
            told[ratio] = None if amount is None else amount * 100 // wage.hour_minor / 100
            told |= _below(teller, name, hourly, wage.hour_minor, nulls)
        if told[ratio] is None:
            nulls[ratio] = why
        if told[f"below_{name}"] is None:
            nulls.setdefault(f"below_{name}", why)
    if told["nobody_below_statutory"] is None:
        nulls["nobody_below_statutory"] = nulls["below_statutory"]
    return told


def _below(
    teller: Teller, name: str, hourly: Mapping[int, int], least: int, nulls: dict[str, str]
) -> dict[str, int | bool | None]:
    """Count who had less an hour; whether anybody had is told whatever the number is."""
    below = {who: 1 for who, amount in hourly.items() if amount < least}
    if len(hourly) < teller.k:
        nulls[f"below_{name}"] = teller.reason(ONE_OF_FEW) if hourly else NO_WEEK
        return {}
    told: dict[str, int | bool | None] = {f"below_{name}": len(below)}
    if name == "statutory":
        told["nobody_below_statutory"] = not below
    if not suppression.tells_of_enough(below, teller.k, of=dict.fromkeys(hourly, 1)):
        nulls[f"below_{name}"] = teller.reason(ONE_OF_FEW)
        told[f"below_{name}"] = None
    return told


def _floor(
    country: str, currency: str, cited: Cited, until: Until, nulls: dict[str, str]
) -> int | None:
    rate = rate_in(cited.history, country, until)
    if rate is not None and rate.currency == currency and rate.hour_minor:
        return rate.hour_minor
    if country == suppression.OTHER:
        why = SEVERAL
    else:
        why = NO_RATE if rate is None or rate.currency != currency else NO_FLOOR
    nulls["floor_hour_minor"] = why
    return None


def _totals(teller: Teller, shown: Mapping[str, set[int]]) -> tuple[Total, ...]:
    """Tell what all were paid in each currency, if what the rows leave of it tells of nobody."""
    known, found = teller.known, list[Total]()
    earned = {code for (who, code), n in known.paid.gross.items() if n and who in known.people}
    before = {each.currency: each for each in (teller.last.pay.totals if teller.last else ())}
    for currency in sorted(earned):
        path, number = f"pay.totals.{currency}", partial(_gross, currency)
        adds = number(known)
        rest = adds.keys() - shown.get(currency, set())
        if teller.few:
            small = len(earned) > 1
        elif teller.stays(path, number):
            if currency in before:
                found.append(before[currency])
                continue
            small = True
        else:
            small = any(suppression.is_small(people, teller.k) for people in (rest, adds))
        if small:
            teller.suppressed.add("pay.totals")
        else:
            found.append(Total(currency=currency, gross_minor=sum(adds.values())))
    return tuple(found)


def _elsewhere(teller: Teller) -> int | None:
    """Tell what judgments were paid that were made elsewhere: nothing, if there are none."""
    if ELSEWHERE not in teller.known.by_country:
        return 0
    teller.leave("pay.elsewhere_minor", MADE_ELSEWHERE)
    return None


def _gross(currency: str, known: Known) -> dict[int, int]:
    """Return what each person earned in a currency."""
    found = known.paid.gross.items()
    theirs = {who: amount for (who, code), amount in found if code == currency and amount}
    return {who: amount for who, amount in theirs.items() if who in known.people}


def _timeliness(teller: Teller) -> Timeliness:
    path, waits = "pay.timeliness", Counter[int]()
    for who, days in teller.known.paid.waits.items():
        waits += days if who in teller.known.people else Counter()
    found: list[int | None] = []
    for name, percent in (("days_to_payment_p50", 50), ("p95", 95)):
        found.append(teller.percentile(f"{path}.{name}", waits, percent, _arrivals))
        if not waits:
            teller.leave(f"{path}.{name}", NOTHING_ARRIVED)
    teller.leave(f"{path}.late", NO_PAYDAY)
    failed = teller.number(f"{path}.failed_open", lambda known: known.paid.failed)
    return Timeliness(days_to_payment_p50=found[0], p95=found[1], late=None, failed_open=failed)


def _arrivals(known: Known) -> dict[int, int]:
    """Return how many days' earnings have arrived, by person."""
    waits = known.paid.waits.items()
    return {who: sum(days.values()) for who, days in waits if who in known.people and days}


def _rejections(teller: Teller) -> Rejections:
    path = "pay.rejections"
    return Rejections(
        submitted=teller.total(f"{path}.submitted", lambda known: known.judgments),
        rejected=teller.number(f"{path}.rejected", lambda known: known.conduct.proposed),
        rejected_unpaid=teller.number(
            f"{path}.rejected_unpaid",
            lambda known: known.conduct.refused,
            of=lambda known: known.conduct.proposed,
            of_path=f"{path}.rejected",
        ),
        appeals=teller.number(f"{path}.appeals", lambda known: known.conduct.appeals),
        upheld=teller.number(
            f"{path}.upheld",
            lambda known: known.conduct.upheld,
            of=lambda known: known.conduct.appeals,
            of_path=f"{path}.appeals",
        ),
        hours_to_decision_p50=_decided_in(teller, f"{path}.hours_to_decision_p50"),
    )


def _decided_in(teller: Teller, path: str) -> int | None:
    hours = teller.known.conduct.decision_hours
    if not hours:
        teller.leave(path, "No appeal was decided.")
        return None
    return teller.percentile(path, hours, 50, lambda known: known.conduct.appeals)


def _chain_share(teller: Teller, totals: Sequence[Total], declared: Declared) -> ChainShare:
    """Tell how much of the price reached those who did the work."""
    path, price = "pay.chain_share", declared.price
    paid = totals[0] if len(totals) == 1 else None
    if paid is None:
        why = SEVERAL_CURRENCIES if len(totals) > 1 else teller.reason(ONE_OF_FEW)
        if teller.known.by_country.keys() == {ELSEWHERE}:
            why = MADE_ELSEWHERE
        for name in ("to_workers_minor", "currency"):
            teller.leave(f"{path}.{name}", why)
    if price is None:
        teller.leave(f"{path}.price_minor", NOT_DECLARED)
    share = None
    if paid is not None and price is not None and price.currency == paid.currency and price.minor:
        share = max(0, paid.gross_minor) * 100 // price.minor / 100
    else:
        teller.leave(f"{path}.share", NO_SHARE)
    return ChainShare(
        basis="declared",
        price_minor=price.minor if price else None,
        to_workers_minor=paid.gross_minor if paid else None,
        currency=paid.currency if paid else None,
        share=share,
    )
