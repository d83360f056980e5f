"""A comparison whose form asks what a test wants, and what is in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from labeler.work import assignments
from labeler.work.layouts import ResponseIn
from tests.browser.site import Site, open_site
from tests.cast import make_cast
from tests.make import load_rows, make_project, make_row

ADA = "ada@example.org"
TEXTS = (
    "# First\n\nIt is *quite* long, and it goes on. It is quite long.",
    "Second, with a `code` and a [link](https://x.example/y).",
    "Third: **bold**, and then some.",
    "Fourth.",
)
CRITERIA = {
    "kind": "criteria",
    "criteria": [
        {"name": "Clear", "hint": "Order, words, length", "words": ["Not at all", "Very"]},
        {"name": "Kind", "points": 3, "words": ["Rude", "Fair", "Warm"], "required": False},
    ],
}
REASON = {"kind": "reason", "tags": ["Wrong facts", "Too long", "Off topic"]}


@contextmanager
def asking(
    address: str, folder: Path, *asked: dict[str, Any], answers: int, **row: Any
) -> Iterator[Site]:
    """Serve a project of one comparison whose form asks this."""

    def fill(session: Session) -> None:
        cast = make_cast(session)
        project = make_project(session, cast, rubric={"questions": [*asked]})
        responses = tuple(ResponseIn(text=text) for text in TEXTS[:answers])
        one = make_row(1, **{"responses": responses} | row)
        load_rows(session, project, [one], by=cast.olga)

    with open_site(address, folder, fill) as site:
        yield site


def places(site: Site) -> str:
    """Return the letters under which the responses are seen, by number."""
    with site.database.reading() as session:
        assignment = session.get_one(assignments.Assignment, 1)
    return "".join("ABCD"[assignment.places.index(n)] for n in range(len(assignment.places)))
