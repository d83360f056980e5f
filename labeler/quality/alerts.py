"""Alerts: reviews that a program opens, where something is unusual or a known answer disputed.

To open a review is all that it does. What a person has closed is not opened again until there is
twice as much to see it from.
"""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import said
from labeler.people import stand_ins, visitors
from labeler.quality import reviews
from labeler.quality.consensus import Consensus
from labeler.quality.findings.estimates import Finding
from labeler.quality.reviews import Review, ReviewKind, ReviewState
from labeler.quality.signals import Found
from labeler.work.comparisons import Comparison
from labeler.work.projects import Project

AGAIN = 2
"""How many times as much there has to be for what was closed to be opened again."""
SURE = 0.9
"""How probable an answer must be not to be unsure, where a project does not say."""
LOOKED_AT, MOST_UNSURE = 1000, 200
"""How many of the least sure comparisons are looked at, and how many people are asked about."""


def of_people(session: Session, project_id: int, signals: Sequence[Found]) -> None:
    """Ask for a look at the work of those in whose work something is unusual.

    Nobody is asked about whoever judged elsewhere, or visits a chat: they can neither be heard nor
    sent anything back. What is unusual is told beside their name all the same.
    """
    closed = _closed(session, project_id, ReviewKind.signal)
    whom = {each.person_id for each in signals}
    elsewhere = stand_ins.among(session, whom) | visitors.among(session, whom)
    for each in signals:
        if each.person_id in elsewhere:
            continue
        about = {"person_id": each.person_id}
        if not _is_news(closed, reviews.subject(about, each.kind), each.evidence["n"]):
            continue
        reviews.open(
            session,
            project_id,
            ReviewKind.signal,
            person_id=each.person_id,
            reason=each.sentence,
            topic=each.kind,
        )


def of_gold(session: Session, project_id: int, items: Sequence[Finding]) -> None:
    """Ask for a look at known answers that good annotators dispute."""
    closed = _closed(session, project_id, ReviewKind.gold)
    for row in items:
        about = {"comparison_id": row["comparison_id"]}
        if row["is_disputed"] and _is_news(closed, reviews.subject(about), row["n"]):
            words = said.joined(row["sentence"])
            reviews.open(session, project_id, ReviewKind.gold, **about, reason=words)


def of_comparisons(session: Session, project: Project, found: Consensus) -> None:
    """Ask for a look at comparisons that nobody else is asked about, and whose answer is unsure."""
    enough = project.confidence or SURE
    unsure = {each: how for each, how in found.least_sure(LOOKED_AT) if how < enough}
    settled = session.scalars(
        sa.select(Comparison.id)
        .where(Comparison.id.in_(unsure), Comparison.withdrawn_at.is_(None))
        .where(Comparison.judged >= Comparison.wanted)
    )
    rows = sorted(((each, unsure[each]) for each in settled), key=lambda row: (row[1], row[0]))
    reviews.open_unsure(session, project.id, rows[:MOST_UNSURE])


def _closed(session: Session, project_id: int, kind: ReviewKind) -> dict[str, int]:
    """Return, by subject, how much there was to see when a review was closed last."""
    rows = session.execute(
        sa.select(Review.subject, Review.reason)
        .where(Review.project_id == project_id, Review.kind == kind)
        .where(Review.state == ReviewState.closed)
        .order_by(Review.id)
    )
    return {subject: reason["values"].get("n", 0) for subject, reason in rows}


def _is_news(closed: Mapping[str, int], subject: str, n: int) -> bool:
    return subject not in closed or n >= AGAIN * closed[subject]
