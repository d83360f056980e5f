"""The people whom the reader of the demo can be."""

from typing import NamedTuple

from labeler.people.memberships import Role


class Player(NamedTuple):
    """Somebody whom the reader of the demo can be."""

    email: str
    name: str
    role: Role


OWNER = Player("olga@demo.invalid", "Olga (demo owner)", Role.owner)
PLAYERS = (
    OWNER,
    Player("rex@demo.invalid", "Rex (demo reviewer)", Role.reviewer),
    Player("ada@demo.invalid", "Ada (demo annotator)", Role.annotator),
    Player("bea@demo.invalid", "Bea (demo annotator)", Role.annotator),
)
