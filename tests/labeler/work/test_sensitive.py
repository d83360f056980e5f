"""Sensitive content is given to those who chose it, for as long as they do, and to nobody else."""

import inspect
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit
from labeler.database import Database
from labeler.errors import Invalid
from labeler.events import Event
from labeler.pay import breaks, exposure
from labeler.pay.exposure import Reached
from labeler.pay.worktime import Interval, Kind, Source
from labeler.people.accounts import Person
from labeler.progress import hard
from labeler.quality import gold
from labeler.text import sensitive
from labeler.text.sensitive import Category
from labeler.work import (
    assignments,
    batches,
    drafts,
    layouts,
    looks,
    opt_ins,
    projects,
    queue,
    second_looks,
)
from labeler.work.assignments import HELD, Assignment, AssignmentState, SkipReason
from labeler.work.comparisons import Comparison, Prompt
from labeler.work.lanes import Lane
from labeler.work.layouts import Row
from labeler.work.opt_ins import Choice, OptIn
from labeler.work.projects import Project
from labeler.work.tallies import Tally
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.make import judge, load_rows, make_project, make_row

CONTACT = "Care, +33 1 23 45 67 89"
ANYTHING = Choice(is_adult=True, **dict.fromkeys(Category, 3))
NOTHING = Choice()
ACTS = ("claim", "judge", "ahead", "skip", "choose", "stop")


def make_hard(session: Session, cast: Cast, *contents: str, **changes: object) -> Project:
    """Make a project with a pair of each of these contents."""
    project = make_project(session, cast, support_contact=CONTACT, **changes)
    rows = [make_row(n, sensitive=content) for n, content in enumerate(contents)]
    load_rows(session, project, rows, by=cast.olga)
    return project


def content_of(session: Session, assignment: Assignment) -> str:
    comparison = session.get_one(Comparison, assignment.comparison_id)
    return session.get_one(Lane, comparison.lane_id).sensitive


def given(session: Session, project: Project, person: Person) -> Assignment:
    found = queue.claim(session, project, by=person)
    assert found is not None
    return found


def read(
    session: Session, assignment: Assignment, person: Person, time: StoppedClock, minutes: float
) -> None:
    """Let somebody read a task for so long, and judge it."""
    start = time.time
    time.forward(minutes=minutes)
    what = {"project_id": assignment.project_id, "assignment_id": assignment.id}
    what |= {"person_id": person.id, "kind": Kind.judging, "source": Source.beats}
    session.add(Interval(started_at=start, ended_at=time.time, **what))
    session.flush()
    judge(session, assignment, 1, person)


def act(session: Session, project: Project, person: Person, lots: Random) -> str:
    """Let somebody do anything; return what happened that is worth knowing."""
    held = assignments.open_of(session, project, person)
    match lots.choices(ACTS, (6, 6, 4, 1, 1, 1))[0]:
        case "claim" | "ahead" as what:
            try:
                (queue.claim if what == "claim" else queue.reserve)(session, project, by=person)
            except Reached:  # they asked for no more today
                return "rests"
        case "choose":
            levels = {name: lots.choice((0, 2, 3)) for name in Category}
            opt_ins.choose(session, Choice(is_adult=True, **levels), by=person)
        case "stop":
            opt_ins.stop_today(session, by=person)
        case "skip" if held is not None and lots.random() < 0.3:
            assignments.skip(session, held, SkipReason.distressing)
        case "judge" if held is not None:
            judge(session, held, 1, person)
            return "again" if held.is_repeat else content_of(session, held)
    return ""


def beyond(session: Session, now: datetime) -> list[str]:
    """Return what people hold that they did not choose, or that was drawn ahead for them."""
    held = session.execute(
        sa.select(Assignment, Lane.sensitive, OptIn)
        .join(Comparison, Comparison.id == Assignment.comparison_id)
        .join(Lane, Lane.id == Comparison.lane_id)
        .outerjoin(OptIn, OptIn.person_id == Assignment.person_id)
        .where(Assignment.state.in_(HELD), Lane.sensitive != "")
    )
    return [
        content
        for each, content, chosen in held
        if each.state is AssignmentState.reserved
        or not chosen
        or (chosen.stopped_until and chosen.stopped_until > now)
        or not sensitive.covers(chosen.levels, content)
    ]


def test_nobody_is_ever_given_what_they_did_not_choose(
    session: Session, cast: Cast, frozen: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever people do in whatever order: also drawn ahead, known, asked again, taken back."""
    monkeypatch.setattr(second_looks, "REST", 1)
    lots = Random(3)
    for module in (looks, queue):
        monkeypatch.setattr(module, "_random", lots)
    contents = ["", "hate:1", "violence:2", "hate:1 violence:3"]
    project = make_hard(session, cast, *contents * 4, repeat_share=0.2, gold_share=0.5)
    known = [make_row(100 + n, gold=0, sensitive=each) for n, each in enumerate(contents * 3)]
    load_rows(session, project, known, by=cast.olga)
    for person in (cast.ada, cast.bea, cast.rex):
        opt_ins.choose(session, ANYTHING, by=person)
    seen: set[str] = set()
    for _ in range(100):
        seen.add(act(session, project, lots.choice((cast.ada, cast.bea, cast.rex)), lots))
        if lots.random() < 0.1:
            frozen.forward(hours=13)
        assert beyond(session, frozen.time) == []
    assert {"", "hate:1", "violence:2"} <= seen  # so that something happened
    assert hard.breaches(session, project.id) == 0
    assert list(audit.faults(session)) == []


def test_what_is_taken_back_goes_back_at_once_and_counts_as_nothing(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project = make_hard(session, cast, "violence:3", judgments_per_comparison=1)
    assert queue.claim(session, project, by=cast.ada) is None
    with pytest.raises(Invalid, match="18 or older"):
        opt_ins.choose(session, Choice(violence=3), by=cast.ada)
    assert opt_ins.choose(session, Choice(violence=3, is_adult=True), by=cast.ada)
    assert not opt_ins.choose(session, Choice(violence=3, is_adult=True), by=cast.ada)
    held = given(session, project, cast.ada)
    opt_ins.choose(session, ANYTHING, by=cast.bea)
    assert queue.claim(session, project, by=cast.bea) is None  # it is in Ada's hands

    opt_ins.choose(session, Choice(violence=2, is_adult=True), by=cast.ada)
    assert (held.state, held.skip_reason) == (AssignmentState.expired, None)
    tally = session.scalars(sa.select(Tally).where(Tally.person_id == cast.ada.id)).one()
    assert (tally.given, tally.skipped) == (0, 0)
    assert queue.claim(session, project, by=cast.ada) is None
    taken = given(session, project, cast.bea)
    assert taken.comparison_id == held.comparison_id

    # "No more of this today" is the same until midnight, whatever they chose.
    assert opt_ins.stop_today(session, by=cast.bea)
    assert not opt_ins.stop_today(session, by=cast.bea)
    assert taken.state is AssignmentState.expired
    kinds = session.scalars(sa.select(Event.kind).where(Event.kind.startswith("sensitive.")))
    assert [*kinds] == ["sensitive.chosen"] * 3 + ["sensitive.stopped"]
    load_rows(session, project, [make_row(8, sensitive="violence:1")], by=cast.olga)
    with pytest.raises(Reached, match="2026-11-24 00:00"):
        queue.claim(session, project, by=cast.bea)
    assert given(session, project, cast.ada) is not None
    frozen.time = datetime(2026, 11, 24, tzinfo=UTC)
    assert list(audit.faults(session)) == []

    # Nobody can choose for somebody else: there is no place to name them.
    assert [*inspect.signature(opt_ins.choose).parameters] == ["session", "choice", "by"]
    assert {*Choice.model_fields} == {*Category, "is_adult"}


def test_half_an_hour_at_a_stretch_and_an_hour_a_day(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project = make_hard(session, cast, "", *["violence:2"] * 6, "hate:1")
    opt_ins.choose(session, ANYTHING, by=cast.ada)
    calm, mild = (
        session.scalars(sa.select(Lane).where(Lane.sensitive == each)).one()
        for each in ("", "hate:1")
    )
    calm.spent_at = mild.spent_at = 0  # for now, the rest is all that there is
    session.flush()
    for minutes in (20, 10):
        read(session, given(session, project, cast.ada), cast.ada, frozen, minutes)
    assert breaks.left(session, cast.ada.id, frozen.time) == timedelta(minutes=10)
    with pytest.raises(Reached, match="2026-11-23 09:40"):
        queue.claim(session, project, by=cast.ada)

    # Other work goes on; what is only mentioned is other work, and is no exposure.
    calm.spent_at = mild.spent_at = -1
    session.flush()
    for _ in range(2):
        other = given(session, project, cast.ada)
        assert content_of(session, other) in ("", "hate:1")
        read(session, other, cast.ada, frozen, 5)
    assert exposure.standing(session, cast.ada.id, frozen.time).run == timedelta(0)

    # A second half hour, and the day's hour is read.
    read(session, given(session, project, cast.ada), cast.ada, frozen, 29)
    last = given(session, project, cast.ada)
    assert content_of(session, last) == "violence:2"
    read(session, last, cast.ada, frozen, 2)  # what is in hand may be finished
    with pytest.raises(Reached, match="2026-11-24 00:00"):
        queue.claim(session, project, by=cast.ada)
    frozen.forward(hours=2)
    with pytest.raises(Reached, match="2026-11-24 00:00"):
        queue.claim(session, project, by=cast.ada)
    frozen.time = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
    assert given(session, project, cast.ada) is not None

    found = hard.of_project(session, project)
    assert found is not None and found.breaches == 0
    told = {each.category: (each.comparisons, each.exposure_s) for each in found.kinds}
    assert told == {Category.violence: ({2: 6}, 61 * 60), Category.hate: ({1: 1}, 0)}
    assert [each.opted_in for each in found.kinds] == [None, None]  # fewer than ten


def test_second_looks_follow_the_choice_and_the_rest(
    session: Session, cast: Cast, frozen: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_looks, "REST", 0)
    project = make_hard(session, cast, "violence:2", "violence:2")
    opt_ins.choose(session, ANYTHING, by=cast.ada)
    read(session, given(session, project, cast.ada), cast.ada, frozen, 1)

    def asked_again() -> bool:
        look = looks.look(session, project, cast.ada)
        return second_looks.draw(session, project.id, cast.ada.id, look) is not None

    frozen.forward(days=2)
    assert asked_again()
    read(session, given(session, project, cast.ada), cast.ada, frozen, 30)
    assert not asked_again()
    frozen.forward(minutes=10)
    assert asked_again()
    opt_ins.choose(session, Choice(violence=1, is_adult=True), by=cast.ada)
    assert not asked_again()


def test_a_breach_would_be_told(session: Session, cast: Cast, frozen: StoppedClock) -> None:
    project = make_hard(session, cast, "violence:3")
    opt_ins.choose(session, ANYTHING, by=cast.ada)
    given(session, project, cast.ada)
    frozen.forward(minutes=1)
    assert hard.breaches(session, project.id) == 0
    opt_ins.choose(session, Choice(violence=2, is_adult=True), by=cast.ada)
    assert hard.breaches(session, project.id) == 0  # it was given before
    session.execute(sa.update(Tally).values(given=1))
    session.execute(sa.update(Assignment).values(opened_at=frozen.time + timedelta(minutes=1)))
    assert hard.breaches(session, project.id) == 1


def test_without_a_support_contact_nothing_sensitive_is_loaded(
    session: Session, cast: Cast
) -> None:
    project = make_project(session, cast)
    rows = [make_row(1), make_row(2, sensitive="hate:1")]
    with pytest.raises(Invalid, match="support contact under Setup") as refused:
        load_rows(session, project, rows, by=cast.olga)
    assert [*refused.value.fields] == ["line 2, sensitive"]
    said = {"title": project.title, "pay": {"per_judgment": "0.35", "currency": "EUR"}}
    projects.revise(
        session, project, drafts.read(said | {"support_contact": CONTACT}), by=cast.olga
    )
    load_rows(session, project, rows, by=cast.olga)
    with pytest.raises(Invalid) as kept:
        projects.revise(session, project, drafts.read(said), by=cast.olga)
    assert [*kept.value.fields] == ["support_contact"]


def test_a_file_says_it_of_its_rows_and_whoever_loads_it_of_all(
    session: Session, cast: Cast, tmp_path: Path
) -> None:
    project = make_project(session, cast, support_contact=CONTACT)
    pair: dict[str, Any] = {
        "prompt": "Why?",
        "responses": [{"text": "So."}, {"text": "Hm."}],
        "language": "en",
    }
    mild, other = ({"violence": 1, "hate": 1}, {"violence": 3})
    lines = [pair | {"id": "a"}, pair | {"id": "b", "sensitive": mild}]
    lines.append(pair | {"id": "c", "sensitive": other})
    lines += [line | {"id": line["id"] * 2, "prompt": f"Why {line['id']}?"} for line in lines]
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    list(batches.load_file(session, project, path, name="p", by=cast.olga, content="violence:2"))
    rows = session.execute(
        sa.select(Comparison.external_id, Lane.sensitive).join(Lane, Lane.id == Comparison.lane_id)
    )
    kept = {"aa": "violence:2", "bb": "hate:1 violence:2", "cc": "violence:3"}
    assert dict(rows.all()) == kept | dict.fromkeys("abc", "hate:1 violence:3")
    prompt = session.scalars(sa.select(Prompt).order_by(Prompt.id)).first()
    assert prompt is not None  # which all of "abc" have
    assert prompt.sensitive == "hate:1 violence:3"
    load_rows(session, project, [make_row(9, sensitive="shock:1", id="d")], by=cast.olga)
    again = make_row(9, id="e", sensitive="hate:2")  # another pair of the same prompt
    load_rows(session, project, [again], by=cast.olga)
    newest = sa.select(Prompt.sensitive).order_by(Prompt.id.desc()).limit(1)
    hardest = session.scalars(newest).one()
    assert hardest == "hate:2 shock:1"

    # A copy that becomes a known answer is as hard to read as its original.
    original = session.scalars(sa.select(Comparison).filter_by(external_id="cc")).one()
    known = gold.set_answer(session, project, original, better=0, why="So it is.", by=cast.olga)
    assert session.get_one(Lane, known.lane_id).sensitive == "violence:3"


def test_what_shares_a_prompt_is_as_hard_to_read(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    """Whatever was labelled first: in one file or in two, before or after, and known answers."""
    project = make_project(session, cast, support_contact=CONTACT)
    same: dict[str, Any] = {"messages": make_row(1).messages}
    hard = same | {"sensitive": "violence:3"}
    rows = [make_row(1), make_row(2, gold=0, **same), make_row(3)]
    load_rows(session, project, rows, by=cast.olga, name="before")
    rows = [make_row(4, **same), make_row(5, **hard), make_row(6, **same)]
    load_rows(session, project, rows, by=cast.olga, name="labelled")
    load_rows(session, project, [make_row(7, **same)], by=cast.olga, name="after")
    load_rows(session, project, [make_row(8, **hard)], by=cast.olga, name="again")
    assert list(audit.faults(session)) == []

    found = given(session, project, cast.ada)
    assert session.get_one(Comparison, found.comparison_id).external_id == "pair-3"
    judge(session, found, 1, cast.ada)
    assert queue.claim(session, project, by=cast.ada) is None
    opt_ins.choose(session, ANYTHING, by=cast.bea)
    for _ in range(7):
        judge(session, given(session, project, cast.bea), 1, cast.bea)
    assert list(audit.faults(session)) == []


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ('{"violence": 2}', "violence:2"),
        ("violence:2 hate:0", "violence:2"),
        ("", ""),
        ("violence", ("sensitive", "like this: violence:2")),
        ('{"violence": 9}', ("sensitive.violence", "from 0 to 3")),
        ('{"violence": true}', ("sensitive.violence", "from 0 to 3")),
        ('{"gloom": 1}', ("sensitive", "no such kind of content: gloom")),
    ],
)
def test_cells_of_a_table(tmp_path: Path, cell: str, found: str | tuple[str, str]) -> None:
    path = tmp_path / "pairs.csv"
    quoted = cell.replace('"', '""')
    path.write_text(f'id,prompt,response_a,response_b,sensitive\n1,Why?,So.,Hm.,"{quoted}"\n')
    [row] = layouts.read(path)
    if isinstance(row, Row):
        assert row.sensitive == found
    else:
        assert row.field == found[0] and found[1] in row.reason


def test_who_takes_it_back_while_something_is_given_has_it_back(database: Database) -> None:
    """Two windows at once: one asks for work, the other takes back what it chose."""
    with database.writing() as session:
        cast = make_cast(session)
        project = make_hard(session, cast, "violence:3")
        opt_ins.choose(session, ANYTHING, by=cast.ada)
        session.commit()

    def take_back() -> None:
        with database.writing() as session:
            opt_ins.choose(session, NOTHING, by=session.get_one(Person, cast.ada.id))
            session.commit()

    other = threading.Thread(target=take_back)
    with database.writing() as session:
        ada = session.get_one(Person, cast.ada.id)
        held = given(session, session.get_one(Project, project.id), ada)
        other.start()
        other.join(0.2)
        assert other.is_alive()  # it waits for us
        session.commit()
    other.join(10)
    with database.reading() as session:
        assert session.get_one(Assignment, held.id).state is AssignmentState.expired
        assert session.get_one(OptIn, cast.ada.id).levels == ""
