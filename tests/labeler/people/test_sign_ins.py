"""Sign-ins: links that work once, rows that end with the sign-out, nothing secret in the tables."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.database import Database
from labeler.errors import NotFound
from labeler.people import accounts, sign_ins
from labeler.people.sign_ins import LASTS, LINK_LASTS
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock


def test_a_cookie_names_its_person_until_it_is_signed_out(session: Session, cast: Cast) -> None:
    ada, bea = sign_ins.start(session, cast.ada), sign_ins.start(session, cast.bea)
    assert sign_ins.person_of(session, ada) is cast.ada
    sign_ins.end(session, ada)
    assert sign_ins.person_of(session, ada) is None  # whoever holds a copy of it
    assert sign_ins.person_of(session, bea) is cast.bea


def test_each_sign_in_has_a_secret_of_its_own(session: Session, cast: Cast) -> None:
    secrets = {sign_ins.start(session, cast.ada) for _ in range(5)}
    assert len(secrets) == 5
    assert min(map(len, secrets)) >= 43  # 256 bits in base64


@pytest.mark.parametrize("secret", ["", "x", "' OR 1=1 --"])
def test_a_made_up_cookie_is_nobodys(session: Session, cast: Cast, secret: str) -> None:
    sign_ins.start(session, cast.ada)
    assert sign_ins.person_of(session, secret) is None


def test_sign_ins_end_by_themselves(session: Session, cast: Cast, frozen: StoppedClock) -> None:
    secret = sign_ins.start(session, cast.ada)
    frozen.forward(seconds=LASTS.total_seconds() - 1)
    assert sign_ins.person_of(session, secret) is cast.ada
    frozen.forward(seconds=1)
    assert sign_ins.person_of(session, secret) is None
    assert sign_ins.current(session, cast.ada) == []


def test_a_closed_account_is_signed_out_at_once(session: Session, cast: Cast) -> None:
    secret = sign_ins.start(session, cast.ada)
    cast.ada.closed_at = clock.now()
    session.flush()
    assert sign_ins.person_of(session, secret) is None


def test_people_see_and_end_their_own_sign_ins(session: Session, cast: Cast) -> None:
    lost = sign_ins.start(session, cast.ada, browser="Firefox on a phone")
    here = sign_ins.start(session, cast.ada, browser="Firefox on Linux")
    listed = sign_ins.current(session, cast.ada)
    assert [each.browser for each in listed] == ["Firefox on Linux", "Firefox on a phone"]
    sign_ins.revoke(session, listed[1].id, by=cast.ada)
    assert sign_ins.person_of(session, lost) is None
    assert sign_ins.person_of(session, here) is cast.ada


def test_nobody_ends_the_sign_in_of_another(session: Session, cast: Cast) -> None:
    secret = sign_ins.start(session, cast.ada)
    [listed] = sign_ins.current(session, cast.ada)
    with pytest.raises(NotFound):
        sign_ins.revoke(session, listed.id, by=cast.mallory)
    assert sign_ins.person_of(session, secret) is cast.ada


def test_everywhere_is_everywhere_and_only_for_one(session: Session, cast: Cast) -> None:
    secrets = [sign_ins.start(session, cast.ada) for _ in range(3)]
    bea = sign_ins.start(session, cast.bea)
    sign_ins.end_all(session, cast.ada)
    assert [sign_ins.person_of(session, secret) for secret in secrets] == [None] * 3
    assert sign_ins.person_of(session, bea) is cast.bea


# Links


def test_a_link_signs_in_once(session: Session, cast: Cast) -> None:
    link = sign_ins.make_link(session, cast.ada, by=cast.olga)
    assert sign_ins.person_of_link(session, link) is cast.ada
    assert sign_ins.person_of_link(session, link) is cast.ada  # to look is not to use
    person, cookie = sign_ins.use_link(session, link, browser="Firefox")
    assert person is cast.ada
    assert sign_ins.person_of(session, cookie) is cast.ada
    for look_or_use in (sign_ins.person_of_link, sign_ins.use_link):
        with pytest.raises(NotFound, match="used or is too old"):
            look_or_use(session, link)


def test_a_link_grows_too_old(session: Session, cast: Cast, frozen: StoppedClock) -> None:
    link = sign_ins.make_link(session, cast.ada, by=None)
    frozen.time += LINK_LASTS - timedelta(seconds=1)
    assert sign_ins.person_of_link(session, link) is cast.ada
    frozen.forward(seconds=1)
    with pytest.raises(NotFound):
        sign_ins.use_link(session, link)


def test_the_link_of_a_closed_account_is_dead(session: Session, cast: Cast) -> None:
    link = sign_ins.make_link(session, cast.ada, by=None)
    cast.ada.closed_at = clock.now()
    session.flush()
    with pytest.raises(NotFound):
        sign_ins.use_link(session, link)


def test_everywhere_includes_links_that_nobody_used(session: Session, cast: Cast) -> None:
    ada, bea = (sign_ins.make_link(session, each, by=None) for each in (cast.ada, cast.bea))
    sign_ins.end_all(session, cast.ada)
    with pytest.raises(NotFound):
        sign_ins.use_link(session, ada)
    assert sign_ins.person_of_link(session, bea) is cast.bea


def test_a_link_that_is_used_ends_the_others(session: Session, cast: Cast) -> None:
    used, kept = (sign_ins.make_link(session, cast.ada, by=cast.olga) for _ in range(2))
    sign_ins.use_link(session, used)
    with pytest.raises(NotFound):
        sign_ins.use_link(session, kept)


def test_a_link_is_no_cookie_and_a_cookie_no_link(session: Session, cast: Cast) -> None:
    link = sign_ins.make_link(session, cast.ada, by=None)
    assert sign_ins.person_of(session, link) is None
    with pytest.raises(NotFound):
        sign_ins.use_link(session, sign_ins.start(session, cast.ada))


def test_two_who_use_a_link_at_once_are_one_signed_in(database: Database) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        link = sign_ins.make_link(session, cast.ada, by=None)
        session.commit()
    with database.reading() as second:
        # The second looks before the first is through and goes on afterwards.
        assert sign_ins.person_of_link(second, link).id == cast.ada.id
        with database.writing() as first:
            sign_ins.use_link(first, link)
            first.commit()
    with database.writing() as second, pytest.raises(NotFound):
        sign_ins.use_link(second, link)


def test_an_owner_invites_who_is_new_here(session: Session, cast: Cast) -> None:
    first = sign_ins.invite(session, cast.ada, by=cast.olga)
    again = sign_ins.invite(session, cast.ada, by=cast.olga)
    assert first is not None
    assert again is not None
    assert sign_ins.person_of_link(session, first) is cast.ada


def test_who_has_no_password_comes_back_by_who_invited_them(session: Session, cast: Cast) -> None:
    link = sign_ins.invite(session, cast.ada, by=cast.olga)
    assert link is not None
    sign_ins.use_link(session, link)
    sign_ins.invite(session, cast.ada, by=cast.root)  # helped out once
    assert sign_ins.open_to(session, [cast.ada, cast.bea], by=cast.olga) == {
        cast.ada.id,
        cast.bea.id,
    }
    assert sign_ins.invite(session, cast.ada, by=cast.rex) is None
    assert sign_ins.invite(session, cast.ada, by=cast.olga) is not None
    accounts.set_password(session, cast.ada, "hashed")
    assert sign_ins.invite(session, cast.ada, by=cast.olga) is None


def test_an_invitation_never_opens_the_account_of_another(session: Session, cast: Cast) -> None:
    sign_ins.start(session, cast.ada)  # she has been here
    accounts.set_password(session, cast.bea, "hashed")
    session.refresh(cast.bea)
    sign_ins.invite(session, cast.rex, by=cast.root)  # somebody else invited him
    for person in (cast.ada, cast.bea, cast.rex, cast.root):
        assert sign_ins.invite(session, person, by=cast.olga) is None
        assert sign_ins.invite(session, person, by=cast.root) is not None


def test_the_tables_hold_no_secret_that_works(session: Session, cast: Cast) -> None:
    secrets = [sign_ins.start(session, cast.ada), sign_ins.make_link(session, cast.ada, by=None)]
    stored = [
        row
        for table in ("sign_ins", "sign_in_links", "events")
        for row in session.execute(sa.text(f"SELECT * FROM {table}")).all()
    ]
    assert stored
    assert not [secret for secret in secrets if secret in repr(stored)]
