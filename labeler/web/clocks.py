"""The clock of a page that is work: a sealed slip that says of what it is, whose, and since when.

The server writes it when it makes the page, so that a browser can only say for how long the page
was in view. `static/clock.js` sends it back with every beat.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import flask
from itsdangerous import BadSignature, URLSafeSerializer

from labeler import clock
from labeler.errors import Invalid, NotFound
from labeler.pay import beats
from labeler.pay.beats import Page
from labeler.pay.worktime import Kind
from labeler.people.accounts import Person

LETTERS_PER_WORD = 6
"""How many characters count as a word where none are parted by spaces."""


@dataclass(frozen=True)
class Clock:
    """What the page holds: the slip, and after how long without a touch its clock rests."""

    slip: str
    rests_ms: int


class _Slip(NamedTuple):
    page: str
    person_id: int
    project_id: int
    assignment_id: int | None
    kind: str
    issued_ms: int


def start(
    kind: Kind,
    project_id: int,
    by: Person,
    *,
    assignment_id: int | None = None,
    texts: Iterable[str] = (),
) -> Clock:
    """Make the clock of a page, with the texts that there are to read on it."""
    issued_ms = int(clock.now().timestamp() * 1000)
    page = secrets.token_urlsafe(9)
    slip = _Slip(page, by.id, project_id, assignment_id, kind.value, issued_ms)
    words = sum(max(len(text.split()), len(text) // LETTERS_PER_WORD) for text in texts)
    return Clock(_sealed().dumps(slip), beats.patience_ms(words))


def read(text: str, *, by: Person) -> Page:
    """Read a slip; raises Invalid for what is none of ours, NotFound for another person's."""
    try:
        slip = _Slip(*_sealed().loads(text))
    except BadSignature:
        raise Invalid("This is not the clock of a page.") from None
    if slip.person_id != by.id:
        raise NotFound("This is not the clock of a page of yours.")
    return Page(
        id=slip.page,
        project_id=slip.project_id,
        kind=Kind(slip.kind),
        issued_at=datetime.fromtimestamp(slip.issued_ms / 1000, UTC),
        assignment_id=slip.assignment_id,
    )


def _sealed() -> URLSafeSerializer:
    return URLSafeSerializer(str(flask.current_app.secret_key), salt="clock")
