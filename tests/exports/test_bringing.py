"""Loading a release into another project: every judgment and skip of it, nothing bent to fit."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports import fitting, loading
from exports.checking import verification
from labeler import audit
from labeler.database import Database
from labeler.errors import Conflict, Invalid
from labeler.people.accounts import Person
from labeler.work import projects
from labeler.work.comparisons import Comparison, Response
from labeler.work.judgments import Judgment
from tests.cast import Cast, make_cast
from tests.conftest import NewAddress
from tests.exports import stories
from tests.exports.released import ANN, BO, CY, compared, judged, skipped, write
from tests.exports.stories import Said, plan, tell
from tests.labeler.work.migrated import told
from tests.make import make_project
from tests.serving import open_database

pytestmark = pytest.mark.both
TRAIN = [
    compared(1, judged(ANN, 0, shown=[1, 0]), judged(BO, 1, strength=3)),
    compared(2, judged(ANN), judged(BO, verdict="both_bad"), skips=[skipped(CY)]),
    compared(3, judged("", 0), judged("", 1), judged(ANN, 0, state="excluded", counts=False)),
]
TEST = [compared(4, judged(CY, 1, day=20250401), judged(CY, 0, state="repeat", counts=False))]
SAID = Counter(
    {
        ("pair-1", ANN, "preference", "It is 2.", 2): 1,
        ("pair-1", BO, "preference", "It is 1.", 3): 1,
        ("pair-2", ANN, "tie", None, None): 1,
        ("pair-2", BO, "both_bad", None, None): 1,
        ("pair-2", CY, "skip", None, None): 1,
        ("pair-3", "Unknown annotator", "preference", "It is 4.", 2): 1,
        ("pair-3", "Unknown annotator", "preference", "It is 3.", 2): 1,
        ("pair-3", ANN, "preference", "It is 4.", 2): 1,
        ("pair-4", CY, "preference", "It is 4.", 2): 1,
        ("pair-4", CY, "preference", "It is 5.", 2): 1,
    }
)


def test_an_equal_multiset_of_judgments_is_stored(
    session: Session, cast: Cast, tmp_path: Path
) -> None:
    project = make_project(session, cast)
    folder = write(tmp_path / "helpful-1", TRAIN, TEST)
    moved = loading.load(session, project, folder, by=cast.olga)
    assert (moved.comparisons, moved.judgments, moved.skips) == (4, 9, 1)
    assert told.told(session, project) == SAID
    assert list(audit.faults(session)) == []


def test_states_places_days_and_texts_come_along(
    session: Session, cast: Cast, tmp_path: Path
) -> None:
    project = make_project(session, cast)
    loading.load(session, project, write(tmp_path / "r", TRAIN, TEST), by=cast.olga)
    found = session.scalars(sa.select(Judgment).order_by(Judgment.id)).all()
    states = Counter(each.state.value for each in found)
    assert states == {"accepted": 7, "excluded": 1, "repeat": 1}
    assert found[0].created_at == datetime(2025, 3, 9, tzinfo=UTC)
    assert found[0].duration_ms == 12_500
    first = session.scalars(sa.select(Comparison).order_by(Comparison.id)).first()
    assert first is not None
    assert first.details == {"batch": "pairs.jsonl", "pair_id": "0" * 24}
    responses = session.scalars(
        sa.select(Response).where(Response.comparison_id == first.id).order_by(Response.number)
    ).all()
    assert [(each.model, each.provenance) for each in responses] == [
        ("m-1", {"seed": 7}),
        (None, {}),
    ]


def test_who_was_erased_gets_no_pseudonym_again(
    session: Session, cast: Cast, tmp_path: Path
) -> None:
    project = make_project(session, cast)
    loading.load(session, project, write(tmp_path / "r", TRAIN, TEST), by=cast.olga)
    rows = session.execute(
        sa.select(Person.name, Person.pseudonym_key).where(Person.closed_at.is_not(None))
    )
    known = {(name, key is not None) for name, key in rows}
    assert known == {(ANN, True), (BO, True), (CY, True), ("Unknown annotator", False)}


def test_the_same_release_twice_is_refused(session: Session, cast: Cast, tmp_path: Path) -> None:
    project = make_project(session, cast)
    folder = write(tmp_path / "r", TRAIN, TEST)
    loading.load(session, project, folder, by=cast.olga)
    with pytest.raises(Conflict, match="loaded before"):
        loading.load(session, project, folder, by=cast.olga)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted((folder / "jsonl").glob("comparisons-*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]


def alike(folder: Path) -> dict[str, tuple[Counter[str], Counter[str]]]:
    """Return what was said of each comparison in a release, and how it came out, without names.

    The form and the guidelines are other ones where it was loaded, and so is the form of the scale.
    """
    apart = {"annotator", "guideline", "rubric"}
    found = {}
    for row in lines(folder):
        said = [{k: v for k, v in each.items() if k not in apart} for each in row["judgments"]]
        back = [{k: v for k, v in each.items() if k not in apart} for each in row["skips"]]
        told = {
            key: row[key] for key in ("outcome", "preferred", "n_votes", "agreement", "strength")
        }
        found[row["comparison_id"]] = (
            Counter(json.dumps(each, sort_keys=True) for each in (*said, *back)),
            Counter([json.dumps(told)]),
        )
    return found


def by_person(folder: Path) -> Counter[frozenset[tuple[str, int]]]:
    """Return what each person said, whoever they are."""
    said: dict[str, set[tuple[str, int]]] = {}
    for row in lines(folder):
        for each in row["judgments"]:
            said.setdefault(each["annotator"], set()).add((row["comparison_id"], each["preferred"]))
    return Counter(frozenset(each) for each in said.values())


def test_a_release_that_was_loaded_is_cut_with_the_same_judgments(
    database: Database, new_address: NewAddress, tmp_path: Path
) -> None:
    votes: dict[str, list[Said]] = {f"p{n}": [n % 2, (n % 3) % 2] for n in range(12)}
    votes |= {"t1": ["tie", 1], "b1": ["both_bad", "both_bad"], "s1": [0, None]}
    _, project = tell(database, votes)
    rules: dict[str, Any] = {"formats": ("comparisons", "dpo"), "min_judgments": 1}
    first, second = tmp_path / "first", tmp_path / "second"
    stories.write(database, plan(database, project, **rules), first)
    assert verification.verify(first) == []
    other = open_database(new_address("sqlite"))
    with other.writing() as session:
        cast = make_cast(session)
        moved = projects.create(session, fitting.draft(first), by=cast.root)
        assert (moved.title, moved.slug) == (project.title, "helpful-answers")
        loading.load(session, moved, first, by=cast.root)
        session.commit()
    stories.write(other, plan(other, moved, **rules), second)
    assert verification.verify(second) == []
    assert alike(first).keys() == votes.keys()
    assert alike(second) == alike(first)
    assert by_person(second) == by_person(first)
    with other.reading() as session:
        assert list(audit.faults(session)) == []
    other.close()


REFUSED = {
    "state": (compared(5, judged(ANN, 0, state="odd")), "judgments.0.state"),
    "day": (compared(5, judged(ANN, 0, day=20251332)), "judgments.0.day"),
    "response": (compared(5, judged(ANN, 2)), "judgments.0"),
    "places": (compared(5, judged(ANN, 0, shown=[0])), "judgments.0.shown"),
    "skip": (compared(5, skips=[skipped(ANN, reason="tired")]), "skips.0.reason"),
    "no id": (compared(5) | {"comparison_id": None}, "comparison_id"),
    "prompt": (compared(5, prompt=[]), "prompt"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_line_and_field(session: Session, cast: Cast, tmp_path: Path, case: str) -> None:
    bad, field = REFUSED[case]
    project = make_project(session, cast)
    with pytest.raises(Invalid) as refusal:
        loading.load(session, project, write(tmp_path / "r", [*TRAIN, bad], []), by=cast.olga)
    assert [*refusal.value.fields] == [f"line 4, {field}"]


def test_a_folder_without_comparisons_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no comparisons"):
        loading.files(tmp_path)


# A project made to fit


def test_a_fitting_project_takes_what_the_release_says(
    session: Session, cast: Cast, tmp_path: Path
) -> None:
    points = [
        {"name": "Truth", "response": n, "points": 4 - n, "preferred": -1, "strength": 0}
        for n in range(2)
    ]
    tone = {"name": "Tone", "response": -1, "points": 0, "preferred": 1, "strength": 2}
    rich = judged(ANN, 0, strength=4, criteria=[*points, tone], edited=0, edit="Six.", reason="So.")
    folder = write(tmp_path / "Our first", [*TRAIN, compared(5, rich, language="sw")], TEST)
    draft = fitting.draft(folder)
    assert (draft.title, draft.languages) == ("Our first", ["en", "sw"])
    assert draft.judgments_per_comparison == 2
    project = projects.create(session, draft, by=cast.root)
    loading.load(session, project, folder, by=cast.root)
    judgment = session.scalars(sa.select(Judgment).where(Judgment.reason == "So.")).one()
    assert (judgment.strength, judgment.step) == (4, 1)
    assert judgment.said == {
        "criteria": {
            "Tone": {"preferred": 1, "strength": 2},
            "Truth": {"points": {"0": 4, "1": 3}},
        },
        "edit": {"response": 0, "text": "Six."},
    }
    assert list(audit.faults(session)) == []


def test_a_release_of_orders_makes_a_project_that_ranks(
    session: Session, cast: Cast, tmp_path: Path
) -> None:
    three = [{"content": each, "model": "", "provenance": ""} for each in "abc"]
    order = judged(ANN, 2, verdict="ranking", ranking=[[2], [0, 1]], shown=[2, 0, 1], strength=0)
    folder = write(tmp_path / "r", [compared(1, order, responses=three)], [])
    project = projects.create(session, fitting.draft(folder), by=cast.root)
    loading.load(session, project, folder, by=cast.root)
    judgment = session.scalars(sa.select(Judgment)).one()
    assert (judgment.said, judgment.preferred) == ({"ranking": [[2], [0, 1]]}, 2)
    assert list(audit.faults(session)) == []
