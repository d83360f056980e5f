"""Tokens: a program acts as a person, within scopes, until the token is revoked."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.errors import Forbidden, Invalid, NotFound
from labeler.people import tokens
from labeler.people.tokens import Scope
from tests.cast import Cast


def test_a_token_speaks_for_its_person(session: Session, cast: Cast) -> None:
    token = tokens.create(session, cast.ada, label="notebook")
    assert token.startswith("lbl_")
    assert len(token) >= 4 + 43
    for scope in Scope:
        assert tokens.person_of(session, token, scope) is cast.ada
    assert tokens.person_of(session, token + "x", Scope.judge) is None
    assert tokens.person_of(session, "", Scope.judge) is None


def test_a_token_does_what_its_scopes_say(session: Session, cast: Cast) -> None:
    token = tokens.create(session, cast.ada, scopes=[Scope.read, Scope.judge])
    assert tokens.person_of(session, token, Scope.judge) is cast.ada
    with pytest.raises(Forbidden, match="lacks the scope manage"):
        tokens.person_of(session, token, Scope.manage)


def test_a_token_without_a_scope_is_refused(session: Session, cast: Cast) -> None:
    with pytest.raises(Invalid) as refusal:
        tokens.create(session, cast.ada, scopes=[])
    assert list(refusal.value.fields) == ["scopes"]


def test_a_revoked_token_is_nobodys(session: Session, cast: Cast) -> None:
    kept, lost = tokens.create(session, cast.ada), tokens.create(session, cast.ada, label="lost")
    newest, _oldest = tokens.current(session, cast.ada)
    assert newest.label == "lost"
    tokens.revoke(session, newest.id, by=cast.ada)
    assert tokens.person_of(session, lost, Scope.read) is None
    assert tokens.person_of(session, kept, Scope.read) is cast.ada
    with pytest.raises(NotFound):
        tokens.revoke(session, newest.id, by=cast.ada)


def test_nobody_revokes_the_token_of_another(session: Session, cast: Cast) -> None:
    token = tokens.create(session, cast.ada)
    [listed] = tokens.current(session, cast.ada)
    with pytest.raises(NotFound):
        tokens.revoke(session, listed.id, by=cast.mallory)
    assert tokens.person_of(session, token, Scope.read) is cast.ada


def test_the_token_of_a_closed_account_is_dead(session: Session, cast: Cast) -> None:
    token = tokens.create(session, cast.ada)
    cast.ada.closed_at = clock.now()
    session.flush()
    assert tokens.person_of(session, token, Scope.judge) is None


def test_only_its_hash_is_stored(session: Session, cast: Cast) -> None:
    token = tokens.create(session, cast.ada)
    stored = session.execute(sa.text("SELECT * FROM tokens")).all()
    assert token not in repr(stored)
    assert token.removeprefix("lbl_") not in repr(stored)
