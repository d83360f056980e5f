"""Wage references: what work pays at least, or ought to, by place. Dated, cited, replaceable.

Appended, never edited: a newer figure is a new reference with a name of its own, so that what was
reckoned by an old one can be explained for ever. No figure here is a finding of this program: each
says who published it, when, and how sure that is. A place without one has "no reference", which is
never the same as being paid enough.
"""

import csv
import enum
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from typing import Annotated, Any, Self

import sqlalchemy as sa
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic import ValidationError as ModelError
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, errors, events
from labeler.errors import Invalid
from labeler.pay import money
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Base, BigInt, Id, reference
from labeler.text import lines, places

STALE_MONTHS = 18


class WageKind(enum.Enum):
    """Who set the figure."""

    statutory = "statutory"
    """The law, for everybody who works there."""
    living = "living"
    """Somebody who reckoned what life costs there."""
    collective = "collective"
    """An agreement or a board, for one sector."""
    project = "project"
    """Whoever runs a project."""


class Period(enum.Enum):
    """For how long a figure pays."""

    hour = "hour"
    """An hour of work."""
    day = "day"
    """A day of work."""
    week = "week"
    """A week."""
    month = "month"
    """A month."""
    year = "year"
    """A year."""


class Confidence(enum.Enum):
    """Where the figure was read."""

    primary = "primary"
    """By who set or reckoned it."""
    secondary = "secondary"
    """By somebody who cites them."""
    press = "press"
    """In the news."""


class Wage(Base):
    """One figure, as it was published. Appended, never edited."""

    __tablename__ = "wage_references"
    __table_args__ = (sa.Index("ix_wage_references_country", "country", "kind", "valid_from"),)

    id: Mapped[Id]
    ref_id: Mapped[str] = mapped_column(unique=True)
    country: Mapped[str]
    """ISO 3166-1 alpha-2."""
    region: Mapped[str]
    """Where in it; empty: everywhere."""
    kind: Mapped[WageKind]
    methodology: Mapped[str]
    amount_minor: Mapped[BigInt]
    currency: Mapped[str]
    period: Mapped[Period]
    payments_per_year: Mapped[int | None]
    """How often the amount is paid in a year; None of an hourly one."""
    hours_basis: Mapped[int | None]
    """For how many hours of work in a year; None of an hourly one."""
    basis_note: Mapped[str]
    gross_or_net: Mapped[str]
    includes_housing: Mapped[bool | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    observed_on: Mapped[date]
    """On which day the source still said so."""
    source_title: Mapped[str]
    source_url: Mapped[str]
    confidence: Mapped[Confidence]
    entered_by: Mapped[int | None] = reference("people.id")
    entered_at: Mapped[datetime]

    @property
    def hour_minor(self) -> int:
        """What an hour comes to, rounded up to the minor unit: amount times payments by hours."""
        return -(-self.amount_minor * (self.payments_per_year or 1) // (self.hours_basis or 1))

    @property
    def dated(self) -> date:
        """As of when the figure is known to hold.

        What a law or an agreement sets holds until it is replaced: that counts from when it was
        last seen. What life costs moves by itself: that counts from the time it was reckoned for.
        """
        return self.valid_from if self.kind is WageKind.living else self.observed_on

    def is_stale(self, today: date) -> bool:
        """Say whether the figure is older than 18 months, so that no claim can rest on it."""
        months = (today.year - self.dated.year) * 12 + today.month - self.dated.month
        return (months, today.day) > (STALE_MONTHS, self.dated.day)


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=500, pattern=lines.PATTERN),
]
Text = Annotated[Line, Field(min_length=1)]


def _blank(value: object) -> object:
    return None if value == "" else value


Number = Annotated[Annotated[int, Field(ge=1, le=10_000)] | None, BeforeValidator(_blank)]
Day = Annotated[date | None, BeforeValidator(_blank)]


class WageRow(BaseModel):
    """A figure as it stands in a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ref_id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,79}$")]
    country: Annotated[str, AfterValidator(places.require_code)]
    region: Line = ""
    kind: WageKind
    methodology: Line = ""
    amount: str
    currency: str
    period: Period
    payments_per_year: Number = None
    hours_basis: Number = None
    basis_note: Line = ""
    gross_or_net: Annotated[str, Field(pattern="^(gross|net|)$")] = ""
    includes_housing: Annotated[bool | None, BeforeValidator(_blank)] = None
    valid_from: date
    valid_to: Day = None
    observed_on: date
    source_title: Text
    source_url: Line = ""
    confidence: Confidence

    @model_validator(mode="after")
    def _reckons(self) -> Self:
        both = None not in (self.payments_per_year, self.hours_basis)
        if both == (self.period is Period.hour):
            raise ValueError(
                say("An hourly amount has no payments_per_year and hours_basis; others need both")
            )
        if self.valid_to and self.valid_to < self.valid_from:
            raise ValueError(say("It ends before it begins"))
        return self

    def columns(self) -> dict[str, Any]:
        """Return what the table keeps of it; raises Invalid for an amount that is none."""
        said = self.model_dump(exclude={"amount"})
        return said | {"amount_minor": money.minor(self.amount, self.currency)}


@dataclass(frozen=True)
class Loaded:
    """How many references a file brought, and how many of its rows were here before."""

    new: int
    known: int


def load(session: Session, text: str, *, by: Person | None) -> Loaded:
    """Add the references of a CSV file, all or none.

    Raises Invalid that names every bad line with its field; also where a name stands for another
    figure already: a newer figure gets a name of its own.
    """
    rows = _read(text)
    found = session.scalars(sa.select(Wage).where(Wage.ref_id.in_(list(rows))))
    known = {each.ref_id: each for each in found}
    faults = {
        f"line {line}: ref_id": say("%(name)s is another figure already.", name=repr(name))
        for name, (line, columns) in rows.items()
        if name in known and any(getattr(known[name], key) != to for key, to in columns.items())
    }
    _refuse(faults)
    new = [columns for name, (_, columns) in rows.items() if name not in known]
    by_id = by.id if by else None
    entered = {"entered_by": by_id, "entered_at": clock.now()}
    session.add_all(Wage(**columns, **entered) for columns in new)
    session.flush()
    if new:
        names = [columns["ref_id"] for columns in new]
        events.record(session, "wages.loaded", person_id=by_id, references=names)
    return Loaded(len(new), len(known))


def shipped() -> str:
    """Return the file of references that comes with the program."""
    return resources.files("labeler.pay").joinpath("wages.csv").read_text("utf-8")


def every(session: Session) -> Sequence[Wage]:
    """Return all references, by place, the newest of each kind first."""
    order = Wage.country, Wage.kind, Wage.valid_from.desc(), Wage.region, Wage.id
    return session.scalars(sa.select(Wage).order_by(*order)).all()


def of_place(session: Session, country: str, today: date) -> Sequence[Wage]:
    """Return the references that hold in a place: of each kind and region the newest one."""
    return in_places(session, [country], today).get(country, [])


def in_places(session: Session, countries: Sequence[str], today: date) -> dict[str, Sequence[Wage]]:
    """Return the references that hold, by place: of each kind and region the newest one."""
    holds = sa.or_(Wage.valid_to.is_(None), Wage.valid_to >= today)
    rows = session.scalars(
        sa.select(Wage)
        .where(Wage.country.in_(countries), Wage.valid_from <= today, holds)
        .order_by(Wage.country, Wage.kind, Wage.region, Wage.valid_from, Wage.id)
    )
    newest = {(each.country, each.kind, each.region): each for each in rows}
    return {
        country: [each for key, each in newest.items() if key[0] == country]
        for country in countries
    }


def statutory(references: Sequence[Wage], today: date) -> Wage | None:
    """Return the highest of a place's minimum wages that is no older than 18 months.

    A country may have one for each region, and nobody's region is known: the highest is safe.
    """
    found = [each for each in references if each.kind is WageKind.statutory]
    fresh = [each for each in found if not each.is_stale(today)]
    return max(fresh, key=lambda each: each.hour_minor, default=None)


def find(session: Session, reference_id: int) -> Wage:
    """Return a reference by its id."""
    return session.get_one(Wage, reference_id)


def _read(text: str) -> dict[str, tuple[int, dict[str, Any]]]:
    """Read a file: what is kept of each row, by its name, with its line."""
    rows: dict[str, tuple[int, dict[str, Any]]] = {}
    faults: dict[str, str] = {}
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restkey="", strict=True)
    try:
        for given in reader:
            line = reader.line_num
            try:
                columns = _read_row(given)
            except Invalid as refusal:
                faults |= {f"line {line}: {at}": words for at, words in refusal.fields.items()}
                continue
            if columns["ref_id"] in rows:
                faults[f"line {line}: ref_id"] = say("The name is in this file already.")
            rows[columns["ref_id"]] = line, columns
    except csv.Error as error:
        faults[f"line {reader.line_num}"] = say("This is no CSV: %(error)s.", error=str(error))
    if not rows and not faults:
        faults["file"] = say("There is nothing in it.")
    _refuse(faults)
    return rows


def _read_row(given: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in given.items() if value is not None}
    try:
        row = WageRow.model_validate(told)
    except ModelError as error:
        raise Invalid("The row cannot be read.", fields=errors.faults(error, whole="row")) from None
    try:
        return row.columns()
    except Invalid as refusal:
        raise Invalid(
            "The row cannot be read.", fields=refusal.fields or {"amount": refusal.message}
        ) from None


def _refuse(faults: Mapping[str, str]) -> None:
    if faults:
        raise Invalid("The file cannot be loaded; nothing of it was.", fields=faults)
