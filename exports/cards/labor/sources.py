"""What a card cites: the rates and wage references that held, and the models that wrote answers."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports.cards.labor.counted import ELSEWHERE, NOT_STATED, Until, any_first_versions
from exports.cards.labor.model import Model, Reference
from exports.choosing import selection
from exports.privacy.suppression import OTHER
from labeler.pay import money, rates, wages
from labeler.pay.rates import Rate
from labeler.pay.wages import Wage, WageKind
from labeler.text import places
from labeler.work.comparisons import Response
from labeler.work.judgments import Judgment

NOWHERE = (OTHER, NOT_STATED, ELSEWHERE)
"""What is no country."""
KNOWN = ("revision", "provider", "endpoint_host", "region", "licence", "terms_url", "terms_seen_on")
UNKNOWN_USE = "unknown"
UNNAMED = "not named"


class Wages(NamedTuple):
    """What an hour is held against in a place."""

    statutory: Wage | None = None
    living: Wage | None = None


def wages_in(session: Session, countries: Collection[str], until: Until) -> Mapping[str, Wages]:
    """Return the references that held at the moment, as far as they were known, by country."""
    day = until.at.date()
    rows = session.scalars(
        sa.select(Wage)
        .where(Wage.country.in_(sorted(places.CODES & set(countries))), Wage.valid_from <= day)
        .where(sa.or_(Wage.valid_to.is_(None), Wage.valid_to >= day))
        .where(Wage.entered_at <= until.at)
        .order_by(Wage.country, Wage.kind, Wage.region, Wage.valid_from, Wage.id)
    )
    newest = {(each.country, each.kind, each.region): each for each in rows}
    found: dict[str, list[Wage]] = {}
    for (country, _kind, _region), each in newest.items():
        found.setdefault(country, []).append(each)
    return {
        country: Wages(
            wages.statutory(those, day),
            max(
                (w for w in those if w.kind is WageKind.living and not w.is_stale(day)),
                key=lambda wage: wage.hour_minor,
                default=None,
            ),
        )
        for country, those in found.items()
    }


def history(session: Session, until: Until) -> Sequence[Rate]:
    """Return the rates that had been published by the moment, the newest first."""
    found = rates.history(session, until.project_id)
    return [rate for rate in found if rate.published_at <= until.at]


def rate_in(history: Sequence[Rate], country: str, until: Until) -> Rate | None:
    """Return what work paid in a place at the moment; None of several places together."""
    if country == OTHER or not history:
        return None
    place = rates.EVERYWHERE if country == NOT_STATED else country
    return rates.held(history, place, until.at)


def reference(wage: Wage) -> Reference:
    """Cite a figure."""
    basis = f"{wage.hours_basis} hours a year" if wage.hours_basis else "hourly"
    return Reference(
        basis="declared",
        ref_id=wage.ref_id,
        amount=f"{money.text(wage.amount_minor, wage.currency)} per {wage.period.value}",
        hour_minor=wage.hour_minor,
        currency=wage.currency,
        hours_basis=basis,
        source_url=wage.source_url or None,
        valid_from=wage.valid_from,
        observed_on=wage.observed_on,
        confidence=wage.confidence.value,
    )


def models(session: Session, until: Until) -> tuple[Model, ...]:
    """Return what wrote the answers that people judged, as far as the data name it."""
    names = (*KNOWN, "self_hosted", "output_use")
    told = [Response.provenance[name].as_string() for name in names]
    judged = sa.select(Judgment.comparison_id).where(*any_first_versions(until))
    # Answers are many and what is written of them is much the same, so it is read once.
    alike = (
        sa.select(sa.func.min(Response.id).label("first"), sa.func.count().label("number"))
        .where(Response.project_id == until.project_id, Response.comparison_id.in_(judged))
        .group_by(Response.model, sa.cast(Response.provenance, sa.Text))
        .subquery()
    )
    each = sa.select(alike.c.number, Response.model, *told)
    rows = selection.rows(session, each.join(alike, alike.c.first == Response.id))
    found: dict[tuple[str, ...], int] = {}
    for number, name, *said in rows:
        key = (name or "", *("" if each is None else str(each).strip() for each in said))
        found[key] = found.get(key, 0) + number
    return tuple(_model(key, number) for key, number in sorted(found.items()))


def _model(key: tuple[str, ...], responses: int) -> Model:
    name, *said, self_hosted, output_use = key
    known: dict[str, str | None] = {
        field: value or None for field, value in zip(KNOWN, said, strict=True)
    }
    hosted = {"true": True, "1": True, "false": False, "0": False}.get(self_hosted.lower())
    return Model(
        basis="declared",
        name=name or UNNAMED,
        self_hosted=hosted,
        output_use=output_use or UNKNOWN_USE,
        responses=responses,
        **known,
    )
