"""Checks: what is wrong with a labor card, told from its text alone."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from exports.cards.labor import completing
from exports.cards.labor.blocks import CountryPay
from exports.cards.labor.model import LaborCard

HUNDREDTH = 0.01
PEOPLE = (
    *("workforce.annotators", "workforce.in_release", "workforce.reviewers"),
    *("workforce.qualification.people", "workforce.qualification.passed"),
)
"""Where people are counted beside the tables."""
ORDERED = (
    ("pay.rejections.submitted", "pay.rejections.rejected", "pay.rejections.rejected_unpaid"),
    ("pay.rejections.appeals", "pay.rejections.upheld"),
    ("representation.complaints.n", "representation.complaints.closed"),
    ("management.restrictions.appealed", "management.restrictions.overturned"),
    ("workforce.annotators", "workforce.in_release"),
    ("workforce.qualification.people", "workforce.qualification.passed"),
    ("time.method.worker_corrections.asked", "time.method.worker_corrections.accepted"),
    *[tuple(f"time.seconds_per_judgment.p{n}" for n in (90, 75, 50, 25))],
    ("pay.timeliness.p95", "pay.timeliness.days_to_payment_p50"),
)
"""Numbers of which none is larger than the one before it."""


def faults(text: str | bytes) -> list[str]:
    """Return what is wrong with a card: its form, its sums, its counts, whom it tells of."""
    try:
        raw = json.loads(text)
        card = LaborCard.model_validate_json(text)
    except ValidationError as error:
        return [
            f"{'.'.join(map(str, each['loc'])) or 'the card'}: {each['msg']}"
            for each in error.errors()
        ]
    except ValueError:
        return ["it is no JSON"]
    found = [_completeness(card, raw), _groups(card), _sums(card), _orders(raw), _pay(card)]
    return [fault for each in found for fault in each]


def _completeness(card: LaborCard, raw: Mapping[str, Any]) -> Iterator[str]:
    told = card.completeness
    reasons = {null.path: null.reason for null in told.nulls}
    nulls = {leaf.path for leaf in completing.leaves(raw) if leaf.value is None}
    for path in sorted(nulls - reasons.keys()):
        yield f"{path} is null without a reason"
    for path in sorted(reasons.keys() - nulls):
        yield f"{path} has a reason for being null and is not"
    if nulls == reasons.keys() and completing.count(raw, reasons) != told:
        yield "completeness counts other numbers than there are"


def _groups(card: LaborCard) -> Iterator[str]:
    k, raw = card.privacy.k, completing.dump(card)
    people = {path: _at(raw, path) for path in PEOPLE}
    people |= {f"workforce.engagement.{n}.n": e.n for n, e in enumerate(card.workforce.engagement)}
    for n, content in enumerate(card.conditions.content):
        people[f"conditions.content.{n}.people"] = content.people
        people[f"conditions.content.{n}.opted_in"] = content.opted_in
    for n, pay in enumerate(card.pay.by_country):
        people[f"pay.by_country.{n}.below_statutory"] = pay.below_statutory
        people[f"pay.by_country.{n}.below_living"] = pay.below_living
    for path, number in people.items():
        if number is not None and 0 < number < k:
            yield f"{path} tells of {number} people, fewer than {k}"
    for path, rows in _tables(card):
        for n, row in enumerate(rows):
            if row.annotators is not None and row.annotators < k:
                yield f"{path}.{n} tells of {row.annotators} people, fewer than {k}"
            if (card.workforce.annotators or 0) < k:
                yield f"{path}.{n} breaks down the work of fewer than {k} people"


def _tables(card: LaborCard) -> Iterator[tuple[str, Iterable[Any]]]:
    work = card.workforce
    yield "workforce.by_country", work.by_country
    yield "workforce.by_language", work.by_language
    yield "workforce.by_country_and_language", work.by_country_and_language
    yield "pay.by_country", card.pay.by_country


def _sums(card: LaborCard) -> Iterator[str]:
    work, total = card.workforce, card.time.total_paid_hours
    countries, languages = work.by_country, work.by_language
    untold = (*card.privacy.suppressed_paths, *(kept.path for kept in card.privacy.kept))
    if countries and _is_of_now(card, "workforce.by_country", countries, untold):
        yield from _adds_up("workforce.by_country", "judgments", countries, work.judgments)
        yield from _adds_up("workforce.by_country", "annotators", countries, work.annotators)
        spent = sum(row.paid_hours or 0 for row in countries)
        if total is None or not -HUNDREDTH / 2 < total - spent < HUNDREDTH * (len(countries) + 1):
            yield f"workforce.by_country: the hours are {spent:.2f} and not {total}"
    if languages and _is_of_now(card, "workforce.by_language", languages, untold):
        yield from _adds_up("workforce.by_language", "judgments", languages, work.judgments)
    kinds = list(card.time.paid_hours.model_dump().values())
    whole = not any(path.startswith(("time.paid_hours", "time.total")) for path in untold)
    if whole and total is not None:
        spent = sum(hours or 0 for hours in kinds)
        if not -HUNDREDTH / 2 < total - spent < HUNDREDTH * (len(kinds) + 1):
            yield f"time.paid_hours: the kinds are {spent:.2f} hours and not {total}"
    judged = work.judgments + work.visitors
    if "workforce.judgments" not in untold and card.dataset.judgments > judged:
        yield "dataset.judgments is more than people judged"


def _is_of_now(card: LaborCard, path: str, rows: Iterable[Any], untold: Iterable[str]) -> bool:
    """Say whether a table is whole, and all of it and its sums are of the card's own moment."""
    sums = ("workforce.annotators", "workforce.judgments", "time.total_paid_hours")
    whole = not any(each in (*sums, path) for each in untold)
    return whole and all(row.as_of == card.generated_at for row in rows)


def _adds_up(path: str, field: str, rows: Iterable[Any], total: int | None) -> Iterator[str]:
    found = sum(getattr(row, field) or 0 for row in rows)
    if found != total:
        yield f"{path}: {field} add up to {found} and not to {total}"


def _orders(raw: Mapping[str, Any]) -> Iterator[str]:
    for paths in ORDERED:
        for (larger, most), (smaller, least) in pairwise((path, _at(raw, path)) for path in paths):
            if most is not None and least is not None and least > most:
                yield f"{smaller} is more than {larger}"


def _pay(card: LaborCard) -> Iterator[str]:
    references = {each.ref_id: each.hour_minor for each in card.references}
    for n, row in enumerate(card.pay.by_country):
        path = f"pay.by_country.{n}"
        if row.as_of > card.generated_at:
            yield f"{path} is of later than the card"
        hourly = [
            h
            for h in (row.hourly_minor.p10, row.hourly_minor.p50, row.hourly_minor.p90)
            if h is not None
        ]
        if hourly != sorted(hourly):
            yield f"{path}.hourly_minor: a lower percentile is more than a higher one"
        yield from _ratios(path, row, references)
        if (row.below_statutory or 0) > row.annotators or (row.below_living or 0) > row.annotators:
            yield f"{path}: more people are below than there are"
        if row.nobody_below_statutory and row.below_statutory:
            yield f"{path}: nobody is below, and somebody is"
    for total in card.pay.totals:
        rows = [row for row in card.pay.by_country if row.currency == total.currency]
        if sum(row.gross_minor for row in rows) > total.gross_minor and _are_of_now(card, rows):
            yield f"pay.totals: {total.currency} is less than countries add up to"
    share = card.pay.chain_share
    whole = share.to_workers_minor is not None and share.price_minor
    if share.share is not None and (
        not whole or share.share != _ratio(max(0, share.to_workers_minor or 0), whole)
    ):
        yield "pay.chain_share.share is not what was paid, by the price"


def _are_of_now(card: LaborCard, rows: Iterable[CountryPay]) -> bool:
    kept = any(each.path.startswith("pay.totals") for each in card.privacy.kept)
    return not kept and all(row.as_of == card.generated_at for row in rows)


def _ratios(path: str, row: CountryPay, references: Mapping[str, int]) -> Iterator[str]:
    sides = (
        (row.statutory_ref, row.ratio_p10_statutory, row.hourly_minor.p10),
        (row.living_ref, row.ratio_p50_living, row.hourly_minor.p50),
    )
    for ref_id, ratio, hourly in sides:
        if ref_id is not None and ref_id not in references:
            yield f"{path}: {ref_id} is not among the references"
        elif ratio is not None and (ref_id is None or hourly is None):
            yield f"{path}: a ratio has nothing that it is a ratio of"
        elif ratio is not None and ratio != _ratio(hourly or 0, references[ref_id or ""]):
            yield f"{path}: an hour's pay is not {ratio} of {ref_id}"


def _ratio(amount: int, of: int) -> float:
    """Return a ratio with two decimals, rounded down."""
    return amount * 100 // of / 100


def _at(raw: Mapping[str, Any], path: str) -> Any:
    found: Any = raw
    for part in path.split("."):
        found = found[part]
    return found
