"""Rates: what work in a project pays, by place. Numbered versions; appended, never edited.

A person is paid by the newest rate for the place where they work, else by the one for everywhere.
Which rate holds is fixed when work is given out (see `queue`). What was given to anybody only ever
rises: who works for less than before works in another project, which says so from the start.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic import ValidationError as ModelError
from sqlalchemy.orm import Mapped, Session

from labeler import clock, errors, events
from labeler.errors import Conflict, Invalid
from labeler.pay import ledger, money, wages
from labeler.pay.reckoning import Model, Terms
from labeler.pay.wages import Wage
from labeler.people.accounts import Person
from labeler.people.memberships import Membership
from labeler.said import say
from labeler.schema import Base, BigInt, Id, reference
from labeler.text import lines, places

EVERYWHERE = ""
LOWER = say("People were given work at more than this. Start another project to pay less.")
PIECE = say("By the piece alone nobody is sure of any hourly pay. Please say why you want that.")
BELOW = say(
    "The minimum wage there is %(wage)s an hour (%(title)s, %(ref)s) and this promises %(hour)s. "
    "Promise that much, or say why not."
)
UNLIKE = say(
    "The minimum wage there is %(wage)s an hour (%(title)s, %(ref)s), which cannot be compared "
    "with another currency. Pay in %(currency)s, or say why not."
)
OTHER_CURRENCY = say(
    "People there were given work in %(currency)s, so nothing shows that this is no less. Pay in "
    "%(currency)s, or say why not."
)


class Rate(Base):
    """One version of what work pays in a place."""

    __tablename__ = "rates"
    __table_args__ = (
        sa.UniqueConstraint("project_id", "number"),
        sa.Index("ix_rates_place", "project_id", "place", "number"),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    number: Mapped[int]
    place: Mapped[str]
    """ISO 3166-1 alpha-2; empty: wherever no other rate is for."""
    model: Mapped[Model]
    currency: Mapped[str]
    per_judgment_minor: Mapped[BigInt]
    hour_minor: Mapped[BigInt]
    """The floor of a paid hour; by the model `hourly` what it pays."""
    allowance_minor: Mapped[BigInt]
    """For what a paid hour costs the person."""
    wage_reference_id: Mapped[int | None] = reference("wage_references.id")
    """The minimum wage that it was held against."""
    reason: Mapped[str]
    """Why it promises less than that, or nothing by the hour."""
    published_by: Mapped[int | None] = reference("people.id")
    published_at: Mapped[datetime]

    @property
    def terms(self) -> Terms:
        """What it pays, for the reckoning."""
        return Terms(
            self.model,
            self.currency,
            self.per_judgment_minor,
            self.hour_minor,
            self.allowance_minor,
        )


class PayDraft(BaseModel):
    """What work pays, as an owner writes it. What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    per_judgment: Annotated[str, Field(description='An amount such as "0.35".')] = "0"
    currency: Annotated[str, Field(description="A code of ISO 4217, such as EUR.")] = "EUR"
    model: Model | None = Field(
        None, description="By the piece with an hourly floor, which is usual; or without; by hours."
    )
    floor_per_hour: str | None = Field(
        None, description='What an hour pays at least; by hours, what it pays: such as "12.02".'
    )
    allowance_per_hour: str | None = Field(
        None, description="What is paid on top for what an hour's work costs, such as data."
    )
    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=500, pattern=lines.PATTERN)
    ] = Field("", description="Why it is below the minimum wage, if it is.")


class RateDraft(PayDraft):
    """What work pays in a place, as an owner writes it."""

    place: Annotated[str, AfterValidator(places.require_code_or_none)] = EVERYWHERE


def read(given: Mapping[str, Any]) -> RateDraft:
    """Read a rate from outside; raises Invalid naming every bad field."""
    try:
        return RateDraft.model_validate(given)
    except ModelError as error:
        faults = errors.faults(error, whole="rate")
        raise Invalid("This cannot be kept as written.", fields=faults) from None


def read_amounts(draft: PayDraft) -> dict[str, int]:
    """Read what a draft says, in minor units by field; raises Invalid naming every bad field."""
    money.exponent(draft.currency)
    found, faults = dict[str, int](), dict[str, str]()
    for name in ("per_judgment", "floor_per_hour", "allowance_per_hour"):
        said: str | None = getattr(draft, name)
        if said is None:
            continue
        try:
            found[name] = money.minor(said, draft.currency)
        except Invalid as refusal:
            faults[name] = refusal.message
    _refuse(faults)
    return found


def _read_terms(draft: PayDraft, before: Terms | None) -> Terms:
    """Read the terms of a draft, as far as it says them; raises Invalid naming every bad field."""
    found = read_amounts(draft)
    model = draft.model or (before.model if before else Model.floor)
    hour, allowance = 0, 0
    if before and before.currency == draft.currency:
        hour = before.hour_minor if model is not Model.piece else 0
        allowance = before.allowance_minor
    terms = Terms(
        model,
        draft.currency,
        found["per_judgment"],
        found.get("floor_per_hour", hour),
        found.get("allowance_per_hour", allowance),
    )
    _refuse(_misfits(terms))
    return terms


def _misfits(terms: Terms) -> dict[str, str]:
    if terms.model is Model.piece and terms.hour_minor:
        return {"floor_per_hour": say("By the piece alone there is no floor.")}
    if terms.model is Model.hourly and terms.per_judgment_minor:
        return {"per_judgment": say("By the hour, a judgment earns nothing by itself.")}
    if terms.model is Model.hourly and not terms.hour_minor:
        return {"floor_per_hour": say("Please say what an hour pays.")}
    return {}


def _refuse(faults: Mapping[str, str]) -> None:
    if faults:
        raise Invalid("This cannot be kept as written.", fields=faults)


def publish(session: Session, project_id: int, draft: RateDraft, *, by: Person) -> Rate:
    """Let work in a place pay this from now on; what holds already is left as it is.

    Raises Conflict where people were given work there at more, and Invalid where it is below the
    minimum wage, or pays by the piece alone, without a reason.
    """
    before = current(session, project_id, draft.place)
    terms = _read_terms(draft, before.terms if before else None)
    if before and before.place == draft.place and before.terms == terms:
        return before
    wage = _minimum(session, draft.place)
    why = _wants_reason(terms, wage)
    if before and _is_given(session, before, draft.place):
        if terms.currency != before.currency:
            why = why or say(OTHER_CURRENCY, currency=before.currency)
        elif _pays_less(terms, before.terms):
            raise Conflict(LOWER)
    if why and not draft.reason:
        raise Invalid(why, fields={"reason": why})
    rate = _append(session, project_id, draft.place, terms, wage, draft.reason if why else "", by)
    ledger.open_project(session, project_id, terms.currency)
    return rate


def current(session: Session, project_id: int, place: str = EVERYWHERE) -> Rate | None:
    """Return what work in a place pays: the newest rate for it, else the one for everywhere."""
    return session.scalar(
        sa.select(Rate)
        .where(Rate.project_id == project_id, Rate.place.in_({place, EVERYWHERE}))
        .order_by(Rate.place.desc(), Rate.number.desc())
        .limit(1)
    )


def by_place(session: Session, project_id: int) -> dict[str, Rate]:
    """Return the newest rate for each place that has one, everywhere first."""
    rates = history(session, project_id)
    newest = {rate.place: rate for rate in reversed(rates)}
    return dict(sorted(newest.items()))


def differ(session: Session, project_id: int) -> bool:
    """Say whether some place has a rate of its own."""
    return bool(session.scalar(sa.select(differing(project_id))))


def differing(project_id: int) -> sa.Exists:
    """Say in SQL whether some place has a rate of its own."""
    return sa.exists().where(Rate.project_id == project_id, Rate.place != EVERYWHERE)


def history(session: Session, project_id: int) -> Sequence[Rate]:
    """Return all rates of a project, the newest first."""
    query = sa.select(Rate).where(Rate.project_id == project_id).order_by(Rate.number.desc())
    return session.scalars(query).all()


def held(history: Sequence[Rate], place: str, moment: datetime) -> Rate:
    """Return which of a project's rates, the newest first, held in a place before a moment."""
    everywhere = [rate for rate in history if rate.place == EVERYWHERE]
    own = [rate for rate in history if rate.place == place != EVERYWHERE]
    before = [rate for rate in (*own, *everywhere) if rate.published_at < moment]
    return before[0] if before else everywhere[-1]


def of_person(project: Any, person: Any) -> sa.ScalarSelect[int]:
    """Say in SQL by which rate a person is paid; it hangs on no row, so it is looked up once."""
    rate, part = Rate.__table__, Membership.__table__.alias()
    theirs = (
        sa.select(part.c.place)
        .where(part.c.project_id == project, part.c.person_id == person)
        .where(part.c.removed_at.is_(None))
        .scalar_subquery()
    )
    return (
        sa.select(rate.c.id)
        .where(rate.c.project_id == project)
        .where(sa.or_(rate.c.place == EVERYWHERE, rate.c.place == theirs))
        .order_by(rate.c.place.desc(), rate.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )


def _minimum(session: Session, place: str) -> Wage | None:
    today = clock.now().date()
    return wages.statutory(wages.of_place(session, place, today), today) if place else None


def _wants_reason(terms: Terms, wage: Wage | None) -> str:
    """Say why an owner has to give a reason for these terms; nothing if they need none."""
    if wage is not None:
        said = {"title": wage.source_title, "ref": wage.ref_id, "currency": wage.currency}
        said |= {"wage": money.text(wage.hour_minor, wage.currency)}
        if terms.currency != wage.currency:
            return say(UNLIKE, **said)
        if terms.hour_minor < wage.hour_minor:
            return say(BELOW, **said, hour=money.text(terms.hour_minor, terms.currency))
    return PIECE if terms.model is Model.piece else ""


def _pays_less(terms: Terms, before: Terms) -> bool:
    return (
        terms.per_judgment_minor < before.per_judgment_minor
        or terms.hour_minor < before.hour_minor
        or terms.allowance_minor < before.allowance_minor
    )


# A key that points up: which work was given out at a rate.
_given: Any = sa.table("assignments", *map(sa.column, ("project_id", "person_id", "rate_id")))


def _is_given(session: Session, rate: Rate, place: str) -> bool:
    """Say whether anybody was given work at a rate for the same place as this one.

    For a place that had no rate of its own, whether anybody who works there was.
    """
    same = sa.select(Rate.id).where(Rate.project_id == rate.project_id, Rate.place == rate.place)
    known = _given.c.rate_id.in_(same)
    if rate.place == EVERYWHERE:
        known = sa.or_(known, _given.c.rate_id.is_(None))  # given before there were rates
    given = sa.exists().where(_given.c.project_id == rate.project_id, known)
    if rate.place != place:
        there = sa.select(Membership.person_id).where(
            Membership.project_id == rate.project_id, Membership.place == place
        )
        given = given.where(_given.c.person_id.in_(there))
    return bool(session.scalar(sa.select(given)))


def _append(
    session: Session,
    project_id: int,
    place: str,
    terms: Terms,
    wage: Wage | None,
    reason: str,
    by: Person,
) -> Rate:
    last = sa.select(sa.func.max(Rate.number)).where(Rate.project_id == project_id)
    rate = Rate(
        project_id=project_id,
        number=(session.scalar(last) or 0) + 1,
        place=place,
        model=terms.model,
        currency=terms.currency,
        per_judgment_minor=terms.per_judgment_minor,
        hour_minor=terms.hour_minor,
        allowance_minor=terms.allowance_minor,
        wage_reference_id=wage and wage.id,
        reason=reason,
        published_by=by.id,
        published_at=clock.now(),
    )
    session.add(rate)
    session.flush()
    told = {"number": rate.number, "place": place} | ({"reason": reason} if reason else {})
    events.record(session, "rate.published", person_id=by.id, project_id=project_id, **told)
    return rate
