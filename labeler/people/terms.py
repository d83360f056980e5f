"""Terms of a project in numbered versions, each in some languages, and who has accepted which.

Neither ever changes. The first version holds at once; a later one holds for those who have accepted
one before when its notice is over, and for everybody else from the day on which it was published.
Who has not accepted what holds for them is given no work. A consent says in which language its
person read the text, and the digest of that text.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, aliased, defer

from labeler import clock, events
from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.people.accounts import Person
from labeler.people.memberships import Membership
from labeler.said import say
from labeler.schema import NOW, Base, Id, is_storable, reference
from labeler.text import clauses
from labeler.text.languages import INTERFACE

LONGEST = 100_000
LEAST_NOTICE = 30
"""How many days before they hold those learn of new terms who work already, at the least."""
MOST_NOTICE = 365
UNSEEN = say("Please read and accept the terms of this project first. They are on its page.")

NOTICE = say("This must be from %(least)s to %(most)s.", least=LEAST_NOTICE, most=MOST_NOTICE)
NOT_IN_IT = say("The terms are not in this language.")
SILENT = say("A text that asks for silence also has to say: “%(sentence)s”")


class Terms(Base):
    """What a version of a project's terms says in one language."""

    __tablename__ = "terms"
    __table_args__ = (sa.UniqueConstraint("project_id", "number", "language"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    number: Mapped[int]
    language: Mapped[str]
    text: Mapped[str]
    sha256: Mapped[str]
    """Of the text in UTF-8, hexadecimal."""
    published_by: Mapped[int] = reference("people.id")
    published_at: Mapped[datetime]
    holds_from: Mapped[datetime]
    """From when on it holds for those who have accepted an earlier one."""


class Consent(Base):
    """A person accepted a version, which they read in this language."""

    __tablename__ = "consents"
    __table_args__ = (sa.UniqueConstraint("project_id", "person_id", "number"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    person_id: Mapped[int] = reference("people.id", index=True)
    number: Mapped[int]
    language: Mapped[str]
    sha256: Mapped[str]
    agreed_at: Mapped[datetime]


class NotAgreed(Forbidden):
    """There are terms that the person has not accepted."""

    def __init__(self) -> None:
        super().__init__(UNSEEN)


@dataclass(frozen=True)
class Standing:
    """Which versions there are for somebody, by number; None where there is none."""

    newest: int | None
    holding: int | None
    """The newest one whose notice is over."""
    agreed: int | None
    """The newest one that they have accepted."""

    @property
    def required(self) -> int:
        """Which one they have to have accepted before they work; 0 if none."""
        return (self.newest if self.agreed is None else self.holding) or 0

    @property
    def is_open(self) -> bool:
        """Whether they may work."""
        return (self.agreed or 0) >= self.required

    @property
    def offered(self) -> int:
        """Which one to show to them; 0 if there is none."""
        return (self.newest or 0) if self.is_open else self.required


@dataclass(frozen=True)
class Awaiting:
    """The newest version, which somebody has not accepted, and from when on they have to have."""

    number: int
    holds_from: datetime
    has_agreed: bool
    """Whether they have accepted an earlier one."""


def publish(
    session: Session, project_id: int, texts: Mapping[str, str], *, notice_days: int, by: Person
) -> int:
    """Publish texts by language as the next version, and return its number.

    Nothing happens if the newest one says the same. Raises Invalid for a notice that is too short,
    for a text that binds to silence (see `clauses`), and for one that lacks a language of the
    version before.
    """
    before = current(session, project_id)
    said = {one.language: one.text for one in before}
    if texts == said and before:
        return before[0].number
    _require_sound(texts, said, notice_days)
    now, number = clock.now(), before[0].number + 1 if before else 1
    notice = timedelta(days=notice_days if before else 0)
    for language, text in sorted(texts.items()):
        terms = Terms(project_id=project_id, number=number, language=language, text=text)
        terms.sha256, terms.published_by = _digest(text), by.id
        terms.published_at, terms.holds_from = now, now + notice
        session.add(terms)
    session.flush()
    said_of = {"number": number, "languages": sorted(texts), "notice_days": notice.days}
    events.record(session, "terms.published", person_id=by.id, project_id=project_id, **said_of)
    return number


def agree(session: Session, project_id: int, number: int, language: str, *, by: Person) -> Consent:
    """Accept a version, as it was read in a language; once accepted, it stays so.

    Raises NotFound for what was never published, Invalid for another language than it is in,
    Conflict where a newer one has to be read.
    """
    texts = version(session, project_id, number)
    if not texts:
        raise NotFound("There are no such terms.")
    if (text := texts.get(language)) is None:
        raise Invalid("Please look at the marked fields.", fields={"language": NOT_IN_IT})
    if number < standing(session, project_id, by).required:
        raise Conflict("There are newer terms by now. Please read those.")
    mine = Consent.project_id == project_id, Consent.person_id == by.id, Consent.number == number
    if found := session.scalar(sa.select(Consent).where(*mine)):
        return found
    consent = Consent(project_id=project_id, person_id=by.id, number=number, language=language)
    consent.sha256, consent.agreed_at = text.sha256, clock.now()
    session.add(consent)
    session.flush()
    said = {"number": number, "language": language, "sha256": text.sha256}
    events.record(session, "terms.agreed", person_id=by.id, project_id=project_id, **said)
    return consent


def standing(session: Session, project_id: int, person: Person) -> Standing:
    """Return which versions there are for the person."""
    told = session.execute(_STANDING, {"project": project_id, "person": person.id}).one()
    return Standing(*told)


def told(project: sa.ColumnElement[int], person: sa.ColumnElement[int]) -> Sequence[sa.Label[Any]]:
    """Tell in SQL which versions there are for a person, in the order of a `Standing`."""
    here, mine = Terms.project_id == project, Consent.project_id == project
    newest = sa.select(sa.func.max(Terms.number)).where(here)
    agreed = sa.select(sa.func.max(Consent.number)).where(mine, Consent.person_id == person)
    holding = newest.where(Terms.holds_from <= NOW)
    return (
        newest.scalar_subquery().label("newest_terms"),
        holding.scalar_subquery().label("holding_terms"),
        agreed.scalar_subquery().label("agreed_terms"),
    )


def version(session: Session, project_id: int, number: int) -> dict[str, Terms]:
    """Return what a version says, by language; nothing if there is none."""
    which = Terms.project_id == project_id, Terms.number == number
    found = session.scalars(sa.select(Terms).where(*which).order_by(Terms.language))
    return {one.language: one for one in found}


def current(session: Session, project_id: int) -> Sequence[Terms]:
    """Return the newest version in each of its languages."""
    here = Terms.project_id == project_id
    newest = sa.select(sa.func.max(Terms.number)).where(here).scalar_subquery()
    query = sa.select(Terms).where(here, Terms.number == newest)
    return session.scalars(query.order_by(Terms.language)).all()


def versions(session: Session, project_id: int) -> dict[int, list[Terms]]:
    """Return all versions, the newest first, without touching their texts."""
    found: dict[int, list[Terms]] = {}
    query = sa.select(Terms).options(defer(Terms.text)).where(Terms.project_id == project_id)
    for one in session.scalars(query.order_by(Terms.number.desc(), Terms.language)):
        found.setdefault(one.number, []).append(one)
    return found


def agreed(session: Session, project_id: int) -> dict[int, int]:
    """Return how many people have accepted each version."""
    rows = session.execute(
        sa.select(Consent.number, sa.func.count())
        .where(Consent.project_id == project_id)
        .group_by(Consent.number)
    )
    return dict(rows.all())


def consents_of(session: Session, project_id: int, person: Person) -> Sequence[Consent]:
    """Return what the person has accepted in a project, the newest version first."""
    mine = Consent.project_id == project_id, Consent.person_id == person.id
    query = sa.select(Consent).where(*mine)
    return session.scalars(query.order_by(Consent.number.desc())).all()


def awaiting(session: Session, person: Person) -> dict[int, Awaiting]:
    """Return the newest terms that the person has not accepted, by project of theirs."""
    later = aliased(Terms)
    newer = sa.exists().where(later.project_id == Terms.project_id, later.number > Terms.number)
    once = sa.exists().where(Consent.project_id == Terms.project_id, Consent.person_id == person.id)
    done = once.where(Consent.number == Terms.number)
    rows = session.execute(
        sa.select(Terms.project_id, Terms.number, Terms.holds_from, once)
        .join(Membership, Membership.project_id == Terms.project_id)
        .where(Membership.person_id == person.id, Membership.removed_at.is_(None), ~newer, ~done)
    )
    return {project_id: Awaiting(number, since, ever) for project_id, number, since, ever in rows}


def faults(session: Session) -> Iterator[str]:
    """Yield which texts are not what their digest says, and which consents are to none of them."""
    for terms_id in session.scalars(sa.select(Terms.id).order_by(Terms.id)).all():
        one = sa.select(Terms.text, Terms.sha256).where(Terms.id == terms_id)  # they may be long
        text, sha256 = session.execute(one).one()
        if _digest(text) != sha256:
            yield f"terms {terms_id} do not say what their digest says"
    same = sa.and_(
        Terms.project_id == Consent.project_id,
        Terms.number == Consent.number,
        Terms.language == Consent.language,
        Terms.sha256 == Consent.sha256,
    )
    lost = sa.select(Consent.id).where(~sa.exists().where(same)).order_by(Consent.id)
    for consent_id in session.scalars(lost):
        yield f"consent {consent_id} is to terms that do not exist"


def _require_sound(texts: Mapping[str, str], before: Mapping[str, str], notice_days: int) -> None:
    faults = {f"text_{name}": fault for name in texts if (fault := _fault(texts[name], name))}
    for language in sorted(before.keys() - texts.keys()):
        faults[f"text_{language}"] = say("The version before is in this language too.")
    if not texts:
        faults[f"text_{INTERFACE[0]}"] = say("Please write the terms in one language at least.")
    if before and not LEAST_NOTICE <= notice_days <= MOST_NOTICE:
        words = say(
            "This must be from %(least)s to %(most)s.", least=LEAST_NOTICE, most=MOST_NOTICE
        )
        faults["notice_days"] = words
    if faults:
        raise Invalid("The terms cannot be published as written.", fields=faults)


def _fault(text: str, language: str) -> str | None:
    """Say what keeps a text from being published, if anything does."""
    if language not in INTERFACE:
        return say("Terms can be written in these languages: %(tags)s.", tags=", ".join(INTERFACE))
    if len(text) > LONGEST:
        return say("At most %(most)s characters.", most=LONGEST)
    if not is_storable(text):
        return say("The text holds a character that cannot be stored.")
    if not text.strip():
        return say("Please fill this in.")
    if sentence := clauses.missing(text, language):
        return say(
            "A text that asks for silence also has to say: “%(sentence)s”", sentence=sentence
        )
    return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


_PROJECT: Any = sa.bindparam("project", type_=sa.BigInteger())
_PERSON: Any = sa.bindparam("person", type_=sa.BigInteger())
_STANDING: sa.Select[Any] = sa.select(*told(_PROJECT, _PERSON))
