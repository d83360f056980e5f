"""The blocks of a card that tell how people were dealt with: conditions, decisions, a voice."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from exports.cards.labor import conduct, counted
from exports.cards.labor.counted import Until
from exports.cards.labor.known import Known
from exports.cards.labor.model import (
    Caps,
    Complaints,
    Conditions,
    Content,
    Evaluations,
    Explanations,
    Management,
    Parameter,
    Representation,
    Restrictions,
    Reviews,
    Skips,
    Support,
    System,
    TermsVersion,
)
from exports.cards.labor.people import hours
from exports.cards.labor.telling import NOT_DECLARED, ONE_OF_FEW, Parts, Row, Teller
from exports.kept.declared import Declared
from exports.privacy import suppression
from labeler.pay import exposure
from labeler.people import remarks
from labeler.progress import systems
from labeler.text import sensitive
from labeler.text.sensitive import Category

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
NO_EVALUATION = "The systems were never evaluated."
NOBODY_SPEAKS = "Nobody was named who speaks for those who work here."
NO_WORDS = "The workers' representative has said nothing of this project."
DECLINED = "An owner of the project declined on {day} to publish what was said."
ONLY_SEVERE = "Only what is described or graphic counts as exposure."
NO_ANSWERS = "Nothing was decided yet."
CONTENT = "conditions.content"


def conditions(teller: Teller, session: Session, declared: Declared) -> Conditions:
    """Tell under which conditions people worked."""
    until, said = teller.known.until, declared.support
    for name in ("individual", "paid", "contact"):
        if getattr(said, name) is None:
            teller.leave(f"conditions.support.{name}", NOT_DECLARED)
    if declared.incidents is None:
        teller.leave("conditions.incidents", NOT_DECLARED)
    return Conditions(
        basis="measured",
        terms=tuple(_terms(session, until)),
        content=_content(teller),
        caps=Caps(day_min=exposure.DAY // MINUTE, run_min=exposure.RUN // MINUTE),
        cap_breaches=teller.number("conditions.cap_breaches", lambda known: known.worked.breaches),
        skips=Skips(
            n=teller.number("conditions.skips.n", lambda known: known.conduct.skips),
            penalised=0,  # a skip changes neither pay nor what is given next
        ),
        support=Support(basis="declared", **said.model_dump()),
        incidents=declared.incidents,
    )


def _terms(session: Session, until: Until) -> Iterable[TermsVersion]:
    for number, tags, notice in conduct.versions_of_terms(session, until):
        yield TermsVersion(version=str(number), languages=tuple(tags), notice_days=notice // DAY)


def _content(teller: Teller) -> tuple[Content, ...]:
    """Tell how much there was of each kind and level, who read it, and who had chosen to."""
    items: Counter[str] = Counter()
    for written, number in teller.known.hard.items():
        items.update({f"{name}:{n}": number for name, n in sensitive.levels(written).items()})
    told, stay = teller.table(CONTENT, sorted(items), _parts)
    rows = [_row(teller, name, items[name]) for name in sorted(told)]
    placed: tuple[Content, ...] = teller.place(CONTENT, [*rows, *stay])
    return placed


def _row(teller: Teller, name: str, items: int) -> Row:
    known, nulls = teller.known, dict[str, str]()
    category, level = _kind(name)
    everybody = dict.fromkeys(known.people, 1)

    def tell(field: str, adds: Mapping[int, int], of: Mapping[int, int] | None) -> int | None:
        if suppression.tells_of_enough(adds, teller.k, of=of):
            return sum(adds.values())
        nulls[field] = teller.reason(ONE_OF_FEW)
        return None

    seconds = tell("exposure_hours", _exposed(known, category, level), None)
    if level < sensitive.SEVERE:
        nulls["exposure_hours"] = ONLY_SEVERE
    block = Content(
        category=category.value,
        level=level,
        items=items,
        exposure_hours=None if "exposure_hours" in nulls else hours(seconds or 0),
        people=tell("people", dict.fromkeys(_readers(known, name), 1), everybody),
        opted_in=tell("opted_in", known.conduct.opted_in(category, level), everybody),
        as_of=known.until.at,
    )
    return Row(name, block, nulls)


def _parts(known: Known, names: Sequence[str]) -> Parts:
    """Return what each person adds to each kind and level of content."""
    found: Parts = {}
    for name in names:
        category, level = _kind(name)
        exposed, chosen = _exposed(known, category, level), known.conduct.opted_in(category, level)
        readers = _readers(known, name)
        found[name] = {
            (who, name): (readers.get(who, 0), exposed.get(who, 0), chosen.get(who, 0))
            for who in readers.keys() | exposed.keys() | chosen.keys()
        }
    return found


def _kind(name: str) -> tuple[Category, int]:
    category, _, level = name.partition(":")
    return Category(category), int(level)


def _readers(known: Known, name: str) -> dict[int, int]:
    category, level = _kind(name)
    found: Counter[int] = Counter()
    for written, tasks in known.readers.items():
        if sensitive.levels(written).get(category) == level:
            found.update(tasks)
    return dict(found)


def _exposed(known: Known, category: Category, level: int) -> dict[int, int]:
    found: Counter[int] = Counter()
    for written, spent in known.worked.exposed.items():
        if sensitive.levels(written).get(category) == level >= sensitive.SEVERE:
            theirs = {who: counted.whole(time) for who, time in spent.items()}
            found.update({who: n for who, n in theirs.items() if who in known.people})
    return dict(found)


def management(teller: Teller, session: Session) -> Management:
    """Tell what programs do by themselves, and what people decided."""
    held = conduct.evaluated(session, teller.known.until)
    if not held:
        teller.leave("management.evaluations.last", NO_EVALUATION)
    restricted = teller.number(
        "management.restrictions.n", lambda known: known.conduct.restrictions
    )
    return Management(
        basis="measured",
        automated_systems=tuple(_systems()),
        restrictions=_restrictions(teller, restricted),
        reviews=_reviews(teller),
        explanations=_explanations(teller, restricted),
        evaluations=Evaluations(n=len(held), last=max(held, default=None)),
    )


def _systems() -> Iterable[System]:
    for each in systems.register():
        yield System(
            id=each.name,
            purpose=str(each.purpose),
            parameters=tuple(
                Parameter(name=str(one.words), value=one.value)
                for one in each.parameters
                if one.value is not None
            ),
            weight=str(each.weight),
            effects=str(each.effect),
        )


def _restrictions(teller: Teller, number: int | None) -> Restrictions:
    path = "management.restrictions"
    if number is None:
        teller.hide(f"{path}.by_human")
    appealed = teller.number(f"{path}.appealed", lambda known: known.conduct.objected)
    overturned = teller.number(
        f"{path}.overturned",
        lambda known: known.conduct.overturned,
        of=lambda known: known.conduct.objected,
        of_path=f"{path}.appealed",
    )
    return Restrictions(
        n=number,
        by_human=number,  # no program decides against anybody (see `accounts.require_person`)
        appealed=appealed,
        overturned=overturned,
    )


def _reviews(teller: Teller) -> Reviews:
    path, days = "management.reviews", teller.known.conduct.review_days
    median = None
    if days:
        median = teller.percentile(
            f"{path}.days_p50", days, 50, lambda known: known.conduct.objections
        )
    else:
        teller.leave(f"{path}.days_p50", NO_ANSWERS)
    return Reviews(
        n=teller.number(f"{path}.n", lambda known: known.conduct.objections),
        days_p50=median,
        overdue=teller.number(
            f"{path}.overdue",
            lambda known: known.conduct.overdue,
            of=lambda known: known.conduct.objections,
            of_path=f"{path}.n",
        ),
    )


def _explanations(teller: Teller, number: int | None) -> Explanations:
    """Tell of explanations: a decision stands on its person's page as soon as it is made."""
    path = "management.explanations"
    if number is None:
        teller.hide(f"{path}.n")
    if not number:
        teller.leave(f"{path}.days_p50", NO_ANSWERS if number == 0 else teller.nulls[f"{path}.n"])
    return Explanations(n=number, days_p50=0 if number else None)


def representation(teller: Teller, session: Session, declared: Declared) -> Representation:
    """Tell who speaks for those who work, and what they say, word for word."""
    path, until = "representation", teller.known.until
    since = conduct.represented_since(session, until)
    if since is None:
        teller.leave(f"{path}.representative", NOBODY_SPEAKS)
    if declared.agreement is None:
        teller.leave(f"{path}.agreement", NOT_DECLARED)
    complaints = Complaints(
        n=teller.number(f"{path}.complaints.n", lambda known: known.conduct.disputes),
        closed=teller.number(
            f"{path}.complaints.closed",
            lambda known: known.conduct.answered,
            of=lambda known: known.conduct.disputes,
            of_path=f"{path}.complaints.n",
        ),
    )
    return Representation(
        basis="measured",
        forum=True,  # every installation has one
        representative=since and f"One of those who annotate, chosen by them, since {since}",
        agreement=declared.agreement,
        complaints=complaints,
        worker_statement_md=_statement(teller, session),
    )


def _statement(teller: Teller, session: Session) -> str | None:
    path, until = "representation.worker_statement_md", teller.known.until
    said = remarks.statement_of(session, until.project_id, until.at)
    if said is None:
        teller.leave(path, NO_WORDS)
    elif said.declined_at is not None:
        teller.leave(path, DECLINED.format(day=said.declined_at.date()))
    else:
        return said.text
    return None
