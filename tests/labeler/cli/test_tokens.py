"""Tokens from the command line."""

import pytest

from labeler.errors import Forbidden
from labeler.people import tokens
from labeler.people.tokens import Scope
from tests.cast import Cast
from tests.labeler.cli.conftest import Terminal, settle


def test_a_token_is_printed_alone_and_works(either: Terminal) -> None:
    people = settle(either)
    said = either.good("token", "create", "ada@example.org", "--label", "robot")
    assert said.count("\n") == 1
    with either.session() as session:
        for scope in Scope:
            person = tokens.person_of(session, said.strip(), scope)
            assert person is not None
            assert person.id == people.ada.id
        assert [token.label for token in tokens.current(session, people.ada)] == ["robot"]


def test_scopes(terminal: Terminal, people: Cast) -> None:
    create = ("token", "create", "ada@example.org")
    said = terminal.good(*create, "--scope", "judge", "--scope", "read")
    with terminal.session() as session:
        assert tokens.person_of(session, said.strip(), Scope.judge) is not None
        with pytest.raises(Forbidden):
            tokens.person_of(session, said.strip(), Scope.manage)
    assert "is not one of" in terminal.refused(2, *create, "--scope", "everything")
    assert "Nobody here" in terminal.refused(1, "token", "create", "zoe@example.org")
