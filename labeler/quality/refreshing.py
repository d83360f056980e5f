"""Refreshing: everything about a project's quality that is worked out in the background."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from labeler.quality import (
    alerts,
    consensus,
    leaderboards,
    records,
    repeats,
    signals,
    snapshots,
    texts,
)
from labeler.quality.findings import (
    agreement,
    boards,
    disagreements,
    duels,
    gold,
    models,
    people,
    sides,
    styles,
    times,
)
from labeler.quality.records import Records
from labeler.quality.repeats import Pairs
from labeler.quality.signals import Found
from labeler.quality.texts import Looks
from labeler.schema import Reading
from labeler.work.projects import Project


def refresh(session: Session, reading: Reading, project: Project) -> Iterator[None]:
    """Work out how good the project's labels are; yield after every chunk, for a commit.

    Nothing is done while somebody else is at it. The session is used for short writes alone.
    """
    size = snapshots.claim(session, project.id)
    yield
    if size is None:
        return
    everything = records.read(reading, project)
    known = everything.standing
    found = consensus.estimate(known.votes)
    yield from consensus.carry_out(session, reading, project, found)
    looks, pairs = texts.looks(reading, known), repeats.of(known)
    noted = signals.found(known, pairs, looks, texts.reasons(reading, known))
    data = _findings(known, pairs, looks, noted) | {"agreement": agreement.found(everything)}
    votes = duels.of(known)
    data["pairs"] = models.judged(votes, known)
    standings = list(boards.found(votes, known.compared, looks))
    alerts.of_comparisons(session, project, found)
    alerts.of_people(session, project.id, noted)
    alerts.of_gold(session, project.id, data["gold"]["items"])
    leaderboards.keep(session, project.id, standings)
    snapshots.keep(session, project.id, size, data)
    yield


def _findings(known: Records, pairs: Pairs, looks: Looks, noted: Sequence[Found]) -> dict[str, Any]:
    """Return what there is to say about the labels and about people's work."""
    return {
        "disagreements": disagreements.found(known),
        "gold": gold.found(known),
        "people": people.found(known, pairs, signals.by_person(noted)),
        "sides": sides.found(known),
        "styles": styles.found(known, looks),
        "times": times.found(known),
    }
