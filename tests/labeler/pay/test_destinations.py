"""Where people want to be paid: their words, kept with their history, shown to nobody in full."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.errors import Invalid
from labeler.events import Event
from labeler.pay import destinations, mappings
from labeler.pay.destinations import Destination
from labeler.pay.rails.layouts import PaypalLayout, TableLayout
from labeler.pay.rails.making import Rail
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.house.source import modules
from tests.make import make_project

ACCOUNT = {"kind": "bank", "name": "Ada Löwe", "iban": "FR7630006000011234567890189"}
ANOTHER = ACCOUNT | {"iban": "DE89370400440532013000"}


def test_the_newest_counts_and_what_was_before_is_kept(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    first = destinations.replace(session, cast.ada, "EUR", ACCOUNT)
    assert destinations.is_settled(first, clock.now())  # it replaced nothing
    frozen.forward(days=30)
    again = destinations.replace(session, cast.ada, "EUR", ACCOUNT | {"bic": ""})
    assert again.id == first.id
    second = destinations.replace(session, cast.ada, "EUR", ANOTHER)
    assert destinations.newest(session, [cast.ada.id, cast.bea.id], "EUR") == {cast.ada.id: second}
    assert destinations.history(session, cast.ada) == {"EUR": [second, first]}
    assert destinations.newest(session, [cast.ada.id], "KES") == {}
    assert second.details.name == "Ada Löwe"


def test_changed_details_rest_for_a_week(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    destinations.replace(session, cast.ada, "EUR", ACCOUNT)
    changed = destinations.replace(session, cast.ada, "EUR", ANOTHER)
    frozen.forward(days=6, hours=23)
    assert not destinations.is_settled(changed, clock.now())
    frozen.forward(hours=1)
    assert destinations.is_settled(changed, clock.now())


def test_an_event_tells_that_details_changed_and_not_what_they_are(
    session: Session, cast: Cast
) -> None:
    destinations.replace(session, cast.ada, "EUR", ACCOUNT)
    told = session.scalars(sa.select(Event).where(Event.kind == "destination.changed")).one()
    assert told.person_id == cast.ada.id
    assert "0189" not in str(told.data) and "Löwe" not in str(told.data)


def test_what_cannot_be_paid_to_is_named_by_field(session: Session, cast: Cast) -> None:
    with pytest.raises(Invalid) as refusal:
        destinations.replace(session, cast.ada, "EUR", {"kind": "bank", "name": "", "iban": "FR1"})
    assert set(refusal.value.fields) == {"name", "iban"}
    with pytest.raises(Invalid) as refusal:
        destinations.replace(session, cast.ada, "euro", ACCOUNT)
    assert set(refusal.value.fields) == {"currency"}


def test_the_database_refuses_to_change_what_was_written(session: Session, cast: Cast) -> None:
    destinations.replace(session, cast.ada, "EUR", ACCOUNT)
    for statement in (sa.update(Destination).values(number=2), sa.delete(Destination)):
        with pytest.raises(sa.exc.DBAPIError), session.begin_nested():
            session.execute(statement)


def test_only_pay_and_its_doors_read_where_people_are_paid() -> None:
    reading = {
        module.name
        for module in modules()
        for _, name in module.imports()
        if name.startswith(("labeler.pay.destinations", "labeler.pay.details"))
    }
    doors = {"labeler.cli.pay", "labeler.web.destinations", "labeler.web.payruns"}
    own = {"labeler.privacy.erasure", "labeler.privacy.subjects"}  # for their person alone
    told = {"labeler.progress.systems.paid"}  # how long a change is waited for, of nobody
    found = {name for name in reading if not name.startswith("labeler.pay.")}
    assert found == doors | own | told


def test_a_project_says_how_its_files_are_laid_out(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    assert mappings.layout(session, project.id, Rail.paypal) == PaypalLayout()
    with pytest.raises(Invalid, match="say first"):
        mappings.layout(session, project.id, Rail.sepa)
    columns = "MSISDN: account\nAmount: whole_amount"
    first = mappings.lay_out(
        session, project.id, Rail.mpesa, {"columns": columns, "is_verified": True}, by=cast.olga
    )
    same = mappings.lay_out(
        session, project.id, Rail.mpesa, {"columns": columns, "is_verified": True}, by=cast.olga
    )
    assert same.id == first.id
    found = mappings.layout(session, project.id, Rail.mpesa)
    assert isinstance(found, TableLayout)
    assert [column.header for column in found.columns] == ["MSISDN", "Amount"]
    with pytest.raises(Invalid) as refusal:
        mappings.lay_out(session, project.id, Rail.wise, {"source": "euro"}, by=cast.olga)
    assert set(refusal.value.fields) == {"source"}
