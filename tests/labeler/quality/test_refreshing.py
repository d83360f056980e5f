"""Refreshing: what is read of a project that people judged, and what is kept of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.orm import Session

from labeler.database import Database
from labeler.errors import NotFound
from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.quality import (
    decisions,
    gold,
    leaderboards,
    records,
    refreshing,
    snapshots,
    texts,
)
from labeler.work import answers, judgments, queue
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment
from labeler.work.layouts import ResponseIn, Row
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.make import judge, load_rows, make_project, make_row, new_key

RANKED = {"questions": [{"kind": "ranking", "ties": True, "none": True}]}
CRITERIA = {"questions": [{"kind": "criteria", "criteria": [{"name": "Clear"}]}]}


@pytest.fixture
def people(session: Session) -> Cast:
    """Everybody, in a database of this test's own."""
    return make_cast(session)


def row(number: int, *, gold: int | None = None, **changes: Any) -> Row:
    """Make a comparison of answers that differ in how they look."""
    answers = (
        ResponseIn(text=f"# The sum\n\n**It** is {number + 1}.\n\n- Count on.", model="model-x"),
        ResponseIn(text=f"It is {number}.", model="model-y"),
    )
    return make_row(number, gold=gold, **{"responses": answers} | changes)


def prefer(session: Session, project: Project, by: Person, response: int) -> Judgment:
    """Claim what comes next and find this response better, wherever it stands."""
    held = queue.claim(session, project, by=by)
    assert held is not None
    return judge(session, held, (1, 7)[held.places.index(response)], by, reason="It is right.")


def refresh(database: Database, session: Session, project: Project) -> dict[str, Any]:
    """Work everything out; return what is kept, as JSON has it."""
    session.commit()
    for _ in refreshing.refresh(session, database.reading, project):
        session.commit()
    snapshot = snapshots.latest(session, project.id)
    assert snapshot is not None
    session.refresh(snapshot)
    board = leaderboards.find(session, project.id)
    assert board is not None
    session.refresh(board)
    assert board.made_at == snapshot.made_at
    found: dict[str, Any] = json.loads(json.dumps(snapshot.data, allow_nan=False))
    return found | {"board": board.data}


def names(found: dict[str, Any]) -> list[str]:
    """Return the models of the leaderboard, from the strongest."""
    (part,) = found["board"]["parts"]
    return [row["model"] for row in part["models"]]


@pytest.fixture
def judged(
    database: Database, session: Session, people: Cast, frozen: StoppedClock
) -> Iterator[Project]:
    """Eight pairs and a known answer, on which Ada and Bea mostly say the same."""
    project = make_project(session, people)
    rows = [row(n, language="fr" if n > 5 else "en") for n in range(8)]
    load_rows(session, project, rows, by=people.olga)
    load_rows(session, project, [row(8, gold=0)], by=people.olga, name="known")
    project.gold_share = 0.0
    for number in range(8):
        for person in (people.ada, people.bea):
            prefer(session, project, person, 1 if number == 7 and person is people.bea else 0)
            frozen.forward(seconds=40)
    yield project


def test_a_project_of_pairs(
    database: Database, session: Session, judged: Project, people: Cast
) -> None:
    found = refresh(database, session, judged)
    assert found["agreement"]["raw"]["n"] == 8
    assert 0.7 < found["agreement"]["raw"]["value"] < 1
    assert {each["name"] for each in found["agreement"]["languages"]} == {"en", "fr"}
    assert [week["name"] for week in found["agreement"]["weeks"]] == ["2026-11-23"]
    assert names(found) == ["model-x", "model-y"]
    assert found["board"]["parts"][0]["models"][0]["wins"] == 15
    assert (found["board"]["judgments"], found["board"]["people"]) == (16, 2)
    assert [len(each["judgments"]) for each in found["pairs"]] == [16]
    assert found["times"]["n"] == 16
    assert set(found["people"]) == {str(people.ada.id), str(people.bea.id)}
    assert found["people"][str(people.ada.id)]["judgments"] == 8
    assert len(found["disagreements"]) in (1, 2)


def test_what_is_read_of_each_judgment(
    database: Database, session: Session, judged: Project, people: Cast, frozen: StoppedClock
) -> None:
    load_rows(session, judged, [row(9)], by=people.olga, name="more")
    judged.gold_share = 1.0
    graded = prefer(session, judged, people.ada, 0)
    assert graded.gold_right
    session.commit()
    known = records.read(database.reading, judged)
    stored = session.get_one(Judgment, int(known.id[0]))
    assert known.people[known.person[0]] == stored.person_id
    assert known.compared.id[known.item[0]] == stored.comparison_id
    assert (known.label[0], known.place[0]) == (stored.preferred, stored.place)
    assert (known.strength[0], known.duration_ms[0]) == (stored.strength, stored.duration_ms)
    assert known.at[0] == int(stored.created_at.timestamp())
    assert known.gold.tolist() == [-1] * 16 + [1]
    assert known.counts.sum() == 16
    assert {known.compared.names[at] for at in known.compared.models[0]} == {"model-x", "model-y"}


def test_what_is_left_out_of_the_data_is_left_out(
    database: Database, session: Session, judged: Project, people: Cast
) -> None:
    session.commit()
    first = records.read(database.reading, judged)
    decisions.exclude(session, session.get_one(Judgment, int(first.id[0])), "Broken", by=people.rex)
    session.commit()
    known = records.read(database.reading, judged)
    assert known.id.tolist() == first.id[1:].tolist()


def test_answers_are_measured_and_reasons_read(
    database: Database, session: Session, judged: Project
) -> None:
    session.commit()
    known = records.read(database.reading, judged)
    looks = texts.looks(database.reading, known)
    assert looks.styles[0, :, 1:].tolist() == [[1, 1, 1], [0, 0, 0]]
    assert len(looks.item) == 8
    some = texts.looks(database.reading, known, most=3)
    assert set(some.item) < set(looks.item)
    assert some.item.tolist() == texts.looks(database.reading, known, most=3).item.tolist()
    told = texts.reasons(database.reading, known, most=5)
    assert [each.judgment_id for each in told] == known.id[-5:].tolist()
    assert {each.text for each in told} == {"It is right."}


def test_pages_follow_each_other(
    database: Database, session: Session, judged: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.commit()
    whole = records.read(database.reading, judged)
    for name in ("_PAGE", "_COMPARED"):
        monkeypatch.setattr(records, name, getattr(records, name).limit(3))
    parts = records.read(database.reading, judged)
    for name in ("id", "item", "person", "label", "at"):
        assert getattr(parts, name).tolist() == getattr(whole, name).tolist()
    assert parts.compared.models.tolist() == whole.compared.models.tolist()


def test_a_project_of_rankings(database: Database, session: Session, people: Cast) -> None:
    project = make_project(session, people, rubric=RANKED)
    names = [ResponseIn(text=f"Name {n}.", model=f"model-{n}") for n in range(4)]
    rows = [make_row(n, responses=tuple(names)) for n in range(3)]
    load_rows(session, project, rows, by=people.olga)
    for person in (people.ada, people.bea):
        while (held := queue.claim(session, project, by=person)) is not None:
            order = [["ABCD"[held.places.index(n)]] for n in (2, 0, 1, 3)]
            _rank(session, held, order, person)
    found = refresh(database, session, project)
    assert (found["agreement"]["raw"]["value"], found["agreement"]["raw"]["n"]) == (1.0, 3)
    assert found["agreement"]["ordinal"] is None
    best = found["board"]["parts"][0]["models"][0]
    assert (best["model"], best["wins"], best["losses"]) == ("model-2", 18, 0)


def _rank(session: Session, held: Any, order: list[list[str]], by: Person) -> None:
    answer = answers.read(session, held, answers={"ranking": order})
    judgments.submit(session, held, answer, by=by, key=new_key())


def test_a_project_of_criteria(database: Database, session: Session, people: Cast) -> None:
    project = make_project(session, people, rubric=CRITERIA)
    load_rows(session, project, [row(n) for n in range(3)], by=people.olga)
    for person in (people.ada, people.bea):
        while (held := queue.claim(session, project, by=person)) is not None:
            points = {
                letter: 5 if n == 1 else 1 for letter, n in zip("AB", held.places, strict=True)
            }
            answer = answers.read(session, held, answers={"criteria": {"Clear": points}})
            judgments.submit(session, held, answer, by=person, key=new_key())
    found = refresh(database, session, project)
    assert (found["agreement"]["raw"]["value"], found["agreement"]["raw"]["n"]) == (1.0, 3)
    assert names(found) == ["model-y", "model-x"]


def test_nothing_was_judged(database: Database, session: Session, people: Cast) -> None:
    project = make_project(session, people)
    load_rows(session, project, [row(0)], by=people.olga)
    found = refresh(database, session, project)
    assert found["agreement"]["raw"]["n"] == 0
    assert found["people"] == {}
    assert found["board"]["parts"] == []


@pytest.mark.parametrize("choice", ["tie", "both_bad"])
def test_everybody_says_the_same(
    database: Database, session: Session, people: Cast, choice: str
) -> None:
    project = make_project(session, people)
    load_rows(session, project, [row(n) for n in range(6)], by=people.olga)
    for person in (people.ada, people.bea):
        while (held := queue.claim(session, project, by=person)) is not None:
            judge(session, held, choice, person)
    found = refresh(database, session, project)
    assert found["agreement"]["raw"]["value"] == 1.0
    assert found["agreement"]["without_ties"]["value"] is None
    assert found["agreement"]["alpha"]["value"] is None


def test_one_person_and_models_without_names(
    database: Database, session: Session, people: Cast
) -> None:
    project = make_project(session, people)
    plain = (ResponseIn(text="One."), ResponseIn(text="Two."))
    load_rows(session, project, [row(n, responses=plain) for n in range(3)], by=people.olga)
    carla = accounts.create(session, "carla@example.org", "Carla", by=people.root)
    memberships.grant(session, project.id, carla, Role.annotator, by=people.olga)
    for _ in range(3):
        prefer(session, project, carla, 0)
    found = refresh(database, session, project)
    assert found["agreement"]["raw"]["value"] is None
    assert found["board"]["parts"] == []
    assert found["people"][str(carla.id)]["with_others"]["n"] == 0


def test_known_answers_that_were_wrong_say_nothing(
    database: Database, session: Session, judged: Project, people: Cast
) -> None:
    load_rows(session, judged, [row(9)], by=people.olga, name="more")
    judged.gold_share = 1.0
    graded = prefer(session, judged, people.ada, 1)
    assert refresh(database, session, judged)["gold"]["all"]["n"] == 1
    comparison = session.get_one(Comparison, graded.comparison_id)
    gold.unscore(session, comparison, "It is the other one.", by=people.olga)
    found = refresh(database, session, judged)
    assert found["gold"]["items"] == []
    assert found["people"][str(people.ada.id)]["gold"]["n"] == 0
    assert found["agreement"]["raw"]["n"] == 8


def test_a_category_is_what_the_metadata_call_so(
    database: Database, session: Session, people: Cast
) -> None:
    project = make_project(session, people)
    given = [
        {"category": "  code\nreview "},
        {"category": 7},
        {"category": ""},
        {},
        {"category": "x" * 99},
    ]
    rows = [row(at, metadata=each) for at, each in enumerate(given)]
    load_rows(session, project, rows, by=people.olga)
    for _ in given:
        prefer(session, project, people.ada, 0)
    session.commit()
    compared = records.read(database.reading, project).compared
    assert [compared.categories[each] if each >= 0 else None for each in compared.category] == [
        *("code review", None, None, None, "x" * 60)
    ]


def test_leaderboards_are_replaced_all_at_once(
    database: Database, session: Session, judged: Project
) -> None:
    refresh(database, session, judged)
    begun = snapshots.claim(session, judged.id)
    assert begun is not None
    leaderboards.keep(session, judged.id, [("", "", {}), ("en", "", {}), ("", "code", {})])
    assert leaderboards.kept(session, judged.id) == (["en"], ["code"], [])
    assert leaderboards.find(session, judged.id, "en", "code") is None
    with pytest.raises(NotFound):
        leaderboards.find(session, judged.id, "fr")
    session.rollback()
    assert refresh(database, session, judged)["board"]["votes"] == 16
    assert leaderboards.kept(session, judged.id) == ([], [], [])
