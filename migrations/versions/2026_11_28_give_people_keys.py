"""Give people keys, from which their pseudonyms in releases are made: to destroy one is to forget.

Releases from before were made from the person's number. What they called people stays known, each
name masked by its person's key, and the releases get other keys: with the old ones anybody who
holds the database could work the names out for ever.
Going back loses the keys: releases stay as they were written, and cannot be made again.
"""

import hmac
import json
import secrets

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_keys"
down_revision = "2026_11_28_sensitive"
branch_labels = None
depends_on = None

LENGTH = 12
AUTHORS = (
    "SELECT DISTINCT judgments.person_id, people.pseudonym_key FROM judgments "
    "JOIN people ON people.id = judgments.person_id "
    "WHERE judgments.project_id = :project_id AND judgments.id <= :last"
)


def upgrade() -> None:
    op.add_column("people", sa.Column("pseudonym_key", sa.Text(), nullable=True))
    op.add_column("people", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("releases", sa.Column("masked", sa.JSON(), nullable=True))
    here = op.get_bind()
    for (number,) in here.execute(sa.text("SELECT id FROM people")).all():
        key = {"id": number, "key": secrets.token_hex(32)}
        here.execute(sa.text("UPDATE people SET pseudonym_key = :key WHERE id = :id"), key)
    known = "SELECT id, project_id, last_judgment_id, pseudonym_key FROM releases"
    for number, project_id, last, key in here.execute(sa.text(known)).all():
        authors = here.execute(sa.text(AUTHORS), {"project_id": project_id, "last": last}).all()
        _mask(here, number, key, dict(authors))


def downgrade() -> None:
    op.drop_column("releases", "masked")
    op.drop_column("people", "erased_at")
    op.drop_column("people", "pseudonym_key")


def _mask(here: sa.Connection, number: int, old: str, keys: dict[int, str]) -> None:
    new = secrets.token_hex(32)
    masked = {
        str(person_id): _both(_digits(old, str(person_id).encode()), _of(new, own))
        for person_id, own in keys.items()
    }
    here.execute(
        sa.text("UPDATE releases SET pseudonym_key = :key, masked = :masked WHERE id = :id"),
        {"id": number, "key": new, "masked": json.dumps(masked)},
    )


def _of(key: str, own: str) -> str:
    return _digits(key, bytes.fromhex(own))


def _digits(key: str, said: bytes) -> str:
    return hmac.digest(bytes.fromhex(key), said, "sha256").hex()[:LENGTH]


def _both(one: str, other: str) -> str:
    return f"{int(one, 16) ^ int(other, 16):0{LENGTH}x}"
