"""Releases: frozen, checksummed datasets. Numbered in their project, never changed."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from labeler.schema import Base, BigInt, Id, reference


class Release(Base):
    """A dataset that was cut from a project up to a moment."""

    __tablename__ = "releases"
    __table_args__ = (sa.UniqueConstraint("project_id", "number"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    number: Mapped[int]
    criteria: Mapped[dict[str, Any]]
    last_judgment_id: Mapped[BigInt]
    """The newest judgment that was looked at."""
    cut_at: Mapped[datetime]
    folder: Mapped[str]
    manifest_sha256: Mapped[str]
    rows: Mapped[int]
    left_out: Mapped[int]
    created_by: Mapped[int] = reference("people.id")
