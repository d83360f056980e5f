"""Seals: a chain of hashes over the ledger, so that nothing in it can be altered unnoticed.

A seal is put on all transfers since the one before it. It is done now and then rather than with
each transfer: people who earn at the same moment would otherwise wait for one another. Whoever has
written a seal down elsewhere can show later that what is below it has not changed.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from labeler import clock
from labeler.events import GENESIS
from labeler.pay.accounts import Account
from labeler.pay.ledger import Transfer
from labeler.schema import Base, Reading, dialect_of, insert, reference

AT_ONCE = 5_000
_giver, _taker = aliased(Account), aliased(Account)
SEALED = (
    *(Transfer.id, Transfer.project_id, Transfer.amount_minor, Transfer.currency, Transfer.kind),
    *(Transfer.key, Transfer.judgment_id, Transfer.about_id, Transfer.by_id, Transfer.reason),
    *(Transfer.at, _giver.id, _giver.kind, _giver.person_id),
    *(_taker.id, _taker.kind, _taker.person_id),
)
"""What of a transfer is sealed: all that it says, and whose accounts it names."""


class Seal(Base):
    """The hash of the transfers up to one of them, together with the seal before. Appended only."""

    __tablename__ = "seals"

    number: Mapped[int] = mapped_column(sa.BigInteger(), primary_key=True, autoincrement=False)
    last_transfer_id: Mapped[int] = reference("transfers.id")
    transfers: Mapped[int] = mapped_column(sa.BigInteger())
    """How many have been sealed since the seal before."""
    digest: Mapped[str]
    """SHA-256, hexadecimal."""
    at: Mapped[datetime]


def seal(session: Session, reading: Reading) -> Iterator[None]:
    """Seal every transfer that has none; yield for a commit before and after what takes time.

    Of two who do so at once, one does.
    """
    before = session.scalars(sa.select(Seal).order_by(Seal.number.desc()).limit(1)).first()
    number, last, digest = (
        (before.number, before.last_transfer_id, before.digest) if before else (0, 0, GENESIS)
    )
    newest = _settled(session)
    yield
    if newest <= last:
        return
    with reading() as reader:
        digest, count = _digest(reader, last, newest, digest)
    put = {"number": number + 1, "last_transfer_id": newest, "transfers": count, "digest": digest}
    table: Any = Seal.__table__
    sealed = insert(dialect_of(session), table).on_conflict_do_nothing(index_elements=["number"])
    session.execute(sealed, put | {"at": clock.now()})
    yield


def _settled(session: Session) -> int:
    """Return a transfer's number below which nobody will add one any more; 0 if there is none."""
    if dialect_of(session) == "postgresql":
        # Once this is granted, everybody who had taken a lower number has added it or never will.
        session.execute(sa.text("LOCK TABLE transfers IN SHARE MODE"))
    return session.scalar(sa.select(sa.func.max(Transfer.id))) or 0


def breaks(session: Session) -> Iterator[int]:
    """Yield the number of every seal that does not fit the transfers it was put on."""
    last, before = 0, GENESIS
    for put in session.scalars(sa.select(Seal).order_by(Seal.number)).all():
        digest, count = _digest(session, last, put.last_transfer_id, before)
        if (digest, count) != (put.digest, put.transfers):
            yield put.number
        last, before = put.last_transfer_id, put.digest


def _digest(session: Session, after: int, until: int, before: str) -> tuple[str, int]:
    """Hash the transfers after one and up to another; return the hash and how many they are."""
    hashed, count = hashlib.sha256(before.encode()), 0
    rows = (
        sa.select(*SEALED)
        .outerjoin(_giver, _giver.id == Transfer.from_account_id)
        .outerjoin(_taker, _taker.id == Transfer.to_account_id)
        .order_by(Transfer.id)
        .limit(AT_ONCE)
    )
    while page := session.execute(rows.where(Transfer.id > after, Transfer.id <= until)).all():
        for row in page:
            hashed.update(json.dumps([*row], default=_plain).encode())
        after, count = page[-1][0], count + len(page)
    return hashed.hexdigest(), count


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(getattr(value, "value", value))
