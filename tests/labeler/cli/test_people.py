"""Accounts and sign-in links from the command line."""

import pytest

from labeler.errors import NotFound
from labeler.people import accounts, sign_ins
from labeler.people.accounts import Person
from tests.cast import Cast
from tests.labeler.cli.conftest import Terminal, settle

PUBLIC = "https://label.example.org"


def signed_in(terminal: Terminal, said: str) -> Person:
    """Use the link that a command printed; return whom it signs in."""
    address, secret = said.split()[-1].rsplit("/", 1)
    assert address == f"{PUBLIC}/link"
    with terminal.session() as session:
        person, _cookie = sign_ins.use_link(session, secret)
        session.commit()
    return person


def test_the_first_administrator(terminal: Terminal) -> None:
    said = terminal.good(
        "person", "create", "Root@Example.org", "Root", "--admin", public_url=PUBLIC
    )
    person = signed_in(terminal, said)
    assert (person.email, person.name, person.is_admin) == ("root@example.org", "Root", True)


def test_a_link_signs_in_once(either: Terminal) -> None:
    people = settle(either)
    said = either.good("person", "link", "ada@example.org", public_url=PUBLIC + "/")
    assert signed_in(either, said).id == people.ada.id
    with pytest.raises(NotFound):
        signed_in(either, said)


def test_a_person_without_the_flag_administers_nothing(terminal: Terminal, people: Cast) -> None:
    said = terminal.good(
        "person", "create", "cy@example.org", "Cy", "--as", "root@example.org", public_url=PUBLIC
    )
    assert not signed_in(terminal, said).is_admin


def test_refusals(terminal: Terminal, people: Cast) -> None:
    assert "already a person" in terminal.refused(1, "person", "create", "ada@example.org", "Ada")
    said = terminal.refused(2, "person", "create", "ada", "Ada")
    assert "email: For example ada@example.org." in said
    assert "Nobody here" in terminal.refused(1, "person", "link", "zoe@example.org")
    assert "Nobody here" in terminal.refused(
        1, "person", "create", "cy@example.org", "Cy", "--as", "zoe@example.org"
    )
    assert "Missing argument 'NAME'" in terminal.refused(2, "person", "create", "cy@example.org")


def test_a_refused_command_leaves_nobody_behind(terminal: Terminal, people: Cast) -> None:
    terminal.refused(1, "person", "create", "cy@example.org", "Cy", "--as", "zoe@example.org")
    with terminal.session() as session, pytest.raises(NotFound):
        accounts.find(session, "cy@example.org")
