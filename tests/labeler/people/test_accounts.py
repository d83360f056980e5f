"""Accounts: who is here, and how wrong passwords slow a guesser down and lock nobody out."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.errors import Conflict, Invalid, NotFound
from labeler.people import accounts, passwords, sign_ins
from labeler.people.accounts import Credentials, Person
from tests.cast import Cast
from tests.conftest import StoppedClock


def close(session: Session, person: Person) -> None:
    person.closed_at = clock.now()
    session.flush()


def test_an_address_is_one_person_however_it_is_written(session: Session, cast: Cast) -> None:
    assert accounts.find(session, "  ADA@Example.org ") is cast.ada
    with pytest.raises(Conflict, match=r"already a person with the address ada@example\.org"):
        accounts.create(session, "Ada@example.org", "Another Ada", by=cast.root)


@pytest.mark.parametrize("email", ["", "ada", "ada@", "@example.org", "a b@example.org", "a@b c"])
def test_what_is_no_address_is_refused(session: Session, email: str) -> None:
    with pytest.raises(Invalid) as refusal:
        accounts.create(session, email, "Ada", by=None)
    assert list(refusal.value.fields) == ["email"]


def test_a_person_needs_a_name(session: Session) -> None:
    with pytest.raises(Invalid) as refusal:
        accounts.create(session, "ada@example.org", "  ", by=None)
    assert list(refusal.value.fields) == ["name"]


def test_a_closed_account_is_not_found_and_its_address_not_given_again(
    session: Session, cast: Cast
) -> None:
    close(session, cast.ada)
    with pytest.raises(NotFound):
        accounts.find(session, cast.ada.email)
    with pytest.raises(Conflict):
        accounts.create(session, cast.ada.email, "Ada", by=cast.root)


def test_inviting_somebody_twice_finds_the_first(session: Session, cast: Cast) -> None:
    made = accounts.find_or_create(session, "new@example.org", "New", by=cast.olga)
    assert accounts.find_or_create(session, "new@example.org", "Newer", by=cast.olga) is made


# Guessing


def test_an_unknown_address_looks_like_one_without_a_password(session: Session, cast: Cast) -> None:
    nobody = Credentials(None, None, timedelta(0))
    assert accounts.credentials(session, "nobody@example.org") == nobody
    assert accounts.credentials(session, "not an address") == nobody
    close(session, cast.ada)
    assert accounts.credentials(session, cast.ada.email) == nobody


def fail(session: Session, person: Person, times: int) -> timedelta:
    for _ in range(times):
        accounts.note_failure(session, person.id)
    session.refresh(person)
    return accounts.credentials(session, person.email).wait


def test_from_the_fifth_wrong_password_each_doubles_the_wait_up_to_a_quarter_of_an_hour(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    waits = [fail(session, cast.ada, 1).total_seconds() for _ in range(16)]
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert fail(session, cast.bea, 100) == timedelta(minutes=15)


def test_the_wait_passes(session: Session, cast: Cast, frozen: StoppedClock) -> None:
    assert fail(session, cast.ada, 8) == timedelta(seconds=8)
    frozen.forward(seconds=5)
    assert accounts.credentials(session, cast.ada.email).wait == timedelta(seconds=3)
    frozen.forward(days=1)
    assert accounts.credentials(session, cast.ada.email).wait == timedelta(0)


def test_one_persons_guesser_slows_nobody_else(session: Session, cast: Cast) -> None:
    fail(session, cast.ada, 20)
    assert accounts.credentials(session, cast.bea.email).wait == timedelta(0)


def test_signing_in_by_link_or_a_new_password_ends_the_wait(session: Session, cast: Cast) -> None:
    assert fail(session, cast.ada, 10) > timedelta(0)
    sign_ins.use_link(session, sign_ins.make_link(session, cast.ada, by=None))
    session.refresh(cast.ada)
    assert accounts.credentials(session, cast.ada.email).wait == timedelta(0)

    assert fail(session, cast.ada, 10) > timedelta(0)
    accounts.set_password(session, cast.ada, passwords.hashed("four words make one"))
    session.refresh(cast.ada)
    assert accounts.credentials(session, cast.ada.email).wait == timedelta(0)


def test_a_password_is_stored_as_its_hash_alone(session: Session, cast: Cast) -> None:
    accounts.set_password(session, cast.ada, passwords.hashed("four words make one"))
    stored = accounts.credentials(session, cast.ada.email).password_hash
    assert passwords.matches(stored, "four words make one")
    everything = session.execute(sa.text("SELECT * FROM people")).all()
    assert "four words" not in repr(everything)
