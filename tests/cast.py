"""The people of every story: Olga owns, Rex reviews, Ada and Bea annotate.

Mallory belongs nowhere.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from labeler.people import accounts
from labeler.people.accounts import Person


@dataclass(frozen=True)
class Cast:
    """Everybody, by name. Root administers the installation."""

    root: Person
    olga: Person
    rex: Person
    ada: Person
    bea: Person
    mallory: Person


def make_cast(session: Session) -> Cast:
    """Add everybody to the database; their parts in a project come with the project."""
    names = ("root", "olga", "rex", "ada", "bea", "mallory")
    people = {
        name: accounts.create(
            session, f"{name}@example.org", name.title(), by=None, is_admin=name == "root"
        )
        for name in names
    }
    return Cast(**people)
