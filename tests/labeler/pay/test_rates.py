"""What work pays by place, and that nobody gets below the floor by accident."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit
from labeler.errors import Conflict, Invalid
from labeler.events import Event
from labeler.pay import ledger, rates, wages
from labeler.pay.rates import Rate
from labeler.pay.reckoning import Model
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Placement
from labeler.progress.projects import cost_by_day
from labeler.work import drafts, projects, queue
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge, judge_next, make_batch, make_project

NAIROBI = {"place": "KE", "currency": "KES", "per_judgment": "6", "floor_per_hour": "89.10"}


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """Olga's project at 0.35 EUR, with the references that are shipped."""
    wages.load(session, wages.shipped(), by=None)
    project = make_project(session, cast)
    make_batch(session, project, cast, pairs=6)
    return project


def publish(session: Session, project: Project, cast: Cast, **said: str) -> bool:
    """Publish a rate as Olga; say whether it is a new one."""
    return projects.price(session, project, rates.read(said), by=cast.olga)


def works_in(session: Session, project: Project, person: Person, place: str, cast: Cast) -> None:
    memberships.place(session, project.id, person, Placement(place=place), by=cast.olga)


def test_people_are_paid_by_the_rate_for_where_they_work(
    session: Session, cast: Cast, project: Project
) -> None:
    publish(session, project, cast, **NAIROBI)
    works_in(session, project, cast.ada, "KE", cast)
    judge_next(session, project, cast.ada)
    judge_next(session, project, cast.bea)
    assert ledger.earned(session, person_id=cast.ada.id) == {"KES": 600}
    assert ledger.earned(session, person_id=cast.bea.id) == {"EUR": 35}
    assert ledger.cost(session, project.id) == {"EUR": 35, "KES": 600}
    # Shillings are not added to euros, and every total can be counted again.
    assert [spent for _, spent in cost_by_day(session, project)] == [35]
    assert list(audit.faults(session)) == []


def test_what_was_given_keeps_its_rate_whatever_is_published_since(
    session: Session, cast: Cast, project: Project
) -> None:
    held = queue.claim(session, project, by=cast.ada)
    assert held is not None
    publish(session, project, cast, per_judgment="0.50")
    publish(session, project, cast, **NAIROBI)
    works_in(session, project, cast.ada, "KE", cast)
    judge(session, held, 1, cast.ada)
    assert ledger.earned(session, person_id=cast.ada.id) == {"EUR": 35}
    after = queue.claim(session, project, by=cast.ada)
    assert after is not None
    newest = rates.current(session, project.id, "KE")
    assert newest is not None
    assert (after.pay_minor, after.currency, after.rate_id) == (600, "KES", newest.id)
    works_in(session, project, cast.ada, "", cast)
    judge(session, after, 1, cast.ada)
    assert judge_next(session, project, cast.ada).version == 1
    assert ledger.earned(session, person_id=cast.ada.id) == {"EUR": 85, "KES": 600}


@pytest.mark.parametrize(
    ("less", "words"),
    [
        ({"floor_per_hour": "50"}, "89.10 KES an hour (Tuko, article 614854"),
        ({"model": "piece", "floor_per_hour": "0"}, "89.10 KES an hour"),
        ({"currency": "EUR", "floor_per_hour": "9"}, "cannot be compared with another currency"),
    ],
)
def test_below_the_minimum_wage_takes_a_reason(
    session: Session, cast: Cast, project: Project, less: dict[str, str], words: str
) -> None:
    with pytest.raises(Invalid) as refused:
        publish(session, project, cast, **NAIROBI | less)
    assert words in refused.value.fields["reason"]
    assert rates.differ(session, project.id) is False
    publish(session, project, cast, **NAIROBI | less, reason="They live by the sea.")
    kept = rates.current(session, project.id, "KE")
    assert kept is not None
    assert kept.reason == "They live by the sea."
    assert wages.find(session, kept.wage_reference_id or 0).ref_id == "ke-nairobi-2024"
    told = session.scalars(sa.select(Event).order_by(Event.id.desc())).first()
    assert told is not None
    assert (told.kind, told.data["reason"]) == ("rate.published", "They live by the sea.")


def test_where_no_minimum_wage_is_known_none_is_claimed(
    session: Session, cast: Cast, project: Project
) -> None:
    publish(session, project, cast, place="it", currency="EUR", per_judgment="0.40")
    kept = rates.current(session, project.id, "IT")
    assert kept is not None
    assert (kept.place, kept.wage_reference_id, kept.reason) == ("IT", None, "")


def test_rates_only_rise_once_work_was_given_at_them(
    session: Session, cast: Cast, project: Project
) -> None:
    publish(session, project, cast, per_judgment="0.20")  # nobody was given anything yet
    assert project.pay_minor == 20
    assert queue.claim(session, project, by=cast.ada) is not None
    for less in ({"per_judgment": "0.19"}, {"per_judgment": "0.20", "floor_per_hour": "12.02"}):
        if "floor_per_hour" in less:
            publish(session, project, cast, **less)
            less["floor_per_hour"] = "12.01"
        with pytest.raises(Conflict, match="Start another project"):
            publish(session, project, cast, **less)
    assert publish(session, project, cast, per_judgment="0.20") is False  # as it is
    # Nor by way of a place: not in the same currency, and in another not without saying why.
    works_in(session, project, cast.ada, "IT", cast)
    with pytest.raises(Conflict):
        publish(session, project, cast, place="IT", per_judgment="0.10", floor_per_hour="20")
    dollars = {"place": "IT", "currency": "USD", "per_judgment": "1", "floor_per_hour": "20"}
    with pytest.raises(Invalid, match="given work in EUR"):
        publish(session, project, cast, **dollars)
    assert publish(session, project, cast, **dollars, reason="It is more.")


def test_an_owner_who_writes_the_project_again_as_it_was_lowers_nothing(
    session: Session, cast: Cast, project: Project
) -> None:
    """A file of before there were floors says nothing of them."""
    written = {"title": "Helpful answers", "pay": {"per_judgment": "0.35", "currency": "EUR"}}
    publish(session, project, cast, per_judgment="0.35", floor_per_hour="12.02")
    projects.revise(session, project, drafts.read(written), by=cast.olga)
    now = rates.current(session, project.id)
    assert now is not None
    assert (now.model, now.hour_minor, now.number) == (Model.floor, 1202, 2)
    assert queue.claim(session, project, by=cast.ada) is not None
    with pytest.raises(Invalid) as refused:
        written["pay"] = {"per_judgment": "0.30"}  # type: ignore[assignment]
        projects.revise(session, project, drafts.read(written), by=cast.olga)
    assert "Start another project" in refused.value.fields["pay.per_judgment"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"place": "Kenya"}, "place"),
        ({"per_judgment": "0.355"}, "per_judgment"),
        ({"floor_per_hour": "much"}, "floor_per_hour"),
        ({"currency": "USD"}, "currency"),
        ({"currency": "EURO"}, "currency"),
        ({"model": "hourly", "per_judgment": "0.35", "floor_per_hour": "9"}, "per_judgment"),
        ({"model": "hourly", "per_judgment": "0"}, "floor_per_hour"),
        ({"model": "piece", "floor_per_hour": "9"}, "floor_per_hour"),
        ({"model": "piece"}, "reason"),
    ],
)
def test_what_makes_no_sense_is_named_by_field(
    session: Session, cast: Cast, project: Project, said: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        publish(session, project, cast, **{"per_judgment": "0.35"} | said)
    assert set(refused.value.fields) == {field}


def test_a_rate_is_never_altered(session: Session, cast: Cast, project: Project) -> None:
    for verb in (sa.update(Rate).values(per_judgment_minor=1), sa.delete(Rate)):
        with pytest.raises(sa.exc.DBAPIError), session.begin_nested():
            session.execute(verb)
