"""Mappings: how a project's payout files are laid out, by rail. Appended; the newest counts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from labeler import clock, events
from labeler.errors import Invalid
from labeler.pay.rails import layouts
from labeler.pay.rails.layouts import Layout
from labeler.pay.rails.making import LAYOUTS, Rail
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import Base, Id, reference


class PayoutLayout(Base):
    """How files of one rail are laid out in a project, from then on."""

    __tablename__ = "payout_layouts"
    __table_args__ = (sa.UniqueConstraint("project_id", "rail", "number"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    rail: Mapped[Rail]
    number: Mapped[int]
    """From 1 on, of this rail in this project."""
    content: Mapped[dict[str, Any]]
    made_by: Mapped[int] = reference("people.id")
    made_at: Mapped[datetime]


def lay_out(
    session: Session, project_id: int, rail: Rail, given: Mapping[str, Any], *, by: Person
) -> PayoutLayout:
    """Say how files of a rail are laid out; the one that holds already is returned, unchanged.

    Raises Invalid naming every bad field.
    """
    layout = layouts.read(LAYOUTS[rail], given)
    content = layout.model_dump(mode="json")
    held = current(session, project_id, rail)
    if held is not None and held.content == content:
        return held
    made = PayoutLayout(
        project_id=project_id,
        rail=rail,
        number=held.number + 1 if held else 1,
        content=content,
        made_by=by.id,
        made_at=clock.now(),
    )
    session.add(made)
    session.flush()
    # What it says is the payer's: the event tells that it changed, not the account.
    events.record(
        session,
        "payout_layout.changed",
        person_id=by.id,
        project_id=project_id,
        rail=rail.value,
        number=made.number,
    )
    return made


def current(session: Session, project_id: int, rail: Rail) -> PayoutLayout | None:
    """Return how files of the rail are laid out now, if somebody said so."""
    return session.scalar(
        sa.select(PayoutLayout)
        .where(PayoutLayout.project_id == project_id, PayoutLayout.rail == rail)
        .order_by(PayoutLayout.number.desc())
        .limit(1)
    )


def layout(session: Session, project_id: int, rail: Rail) -> Layout:
    """Return the layout to write a file by; raises Invalid where the payer must say more first."""
    held = current(session, project_id, rail)
    try:
        return layouts.read(LAYOUTS[rail], held.content if held else {})
    except Invalid:
        raise Invalid(
            "Please say first how files of this kind are laid out.",
            fields={"rail": say("Who pays, and how, is not said yet for this way of paying.")},
        ) from None
