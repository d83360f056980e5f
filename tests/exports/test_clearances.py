"""Reasons that are held: who waits, what an owner decides, and what releases tell of it."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from exports.checking import verification
from exports.choosing.criteria import Criteria
from exports.files import manifests, writing
from exports.files.manifests import HeldReasons
from exports.kept import clearances, releases
from exports.kept.clearances import Clearance, Fate
from exports.making import previews
from exports.privacy.personal import Kind
from labeler.database import Database
from labeler.errors import NotFound
from labeler.events import Event
from labeler.work import answers, comparisons, judgments, queue
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.exports.stories import contents, plan, release
from tests.make import judge, load_rows, make_project, make_row, new_key

MAIL, PHONE, PLAIN = "Ask rosa@example.org.", "Call 06 12 34 56 78, or me.", "It is shorter."
HANDLE = "As @rosa_b said."
SAID = {"p0": MAIL, "p1": PHONE, "p2": PLAIN, "p3": HANDLE}


def tell(database: Database) -> tuple[Cast, Project]:
    """Let Ada judge four pairs and say why of each; one judgment is enough."""
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, judgments_per_comparison=1)
        rows = [make_row(number, id=name) for number, name in enumerate(SAID)]
        load_rows(session, project, rows, by=cast.olga)
        names = {one.id: one.external_id for one in comparisons.page(session, project.id)}
        while (given := queue.claim(session, project, by=cast.ada)) is not None:
            judge(session, given, 1, cast.ada, reason=SAID[names[given.comparison_id]])
        session.commit()
    return cast, project


def numbers(database: Database) -> dict[str, int]:
    """Return the number of each judgment by its reason, of several the last."""
    with database.reading() as session:
        rows = session.execute(sa.select(Judgment.reason, Judgment.id).order_by(Judgment.id))
        return dict(rows.all())


def decide(database: Database, cast: Cast, project: Project, fates: dict[str, Fate]) -> int:
    """Let Olga decide about reasons, by their texts."""
    known = numbers(database)
    with database.writing() as session:
        by_number = {known[text]: fate for text, fate in fates.items()}
        new = clearances.decide(session, project, by_number, by=cast.olga)
        session.commit()
    return new


def texts(database: Database, project: Project, **where: Any) -> list[str]:
    with database.reading() as session:
        return [one.text for one in clearances.waiting(session, project.id, **where).held]


def reasons(folder: Path) -> set[str]:
    """Return the reasons that a release tells."""
    lines = [writing.read_lines(path) for path in (folder / "jsonl").glob("comparisons-*")]
    return {one["reason"] for rows in lines for row in rows for one in row["judgments"]} - {""}


def test_what_is_held_waits_until_it_is_decided(database: Database) -> None:
    cast, project = tell(database)
    assert set(texts(database, project)) == {MAIL, PHONE, HANDLE}
    assert decide(database, cast, project, {MAIL: Fate.kept_out, HANDLE: Fate.let_go}) == 2
    assert texts(database, project) == [PHONE]
    assert decide(database, cast, project, {MAIL: Fate.kept_out}) == 0
    assert decide(database, cast, project, {MAIL: Fate.let_go}) == 1
    with database.reading() as session:
        newest = clearances.decided(session, project.id)
        assert [(one.held.text, one.clearance.fate, one.name) for one in newest] == [
            (MAIL, Fate.let_go, cast.olga.name),
            (HANDLE, Fate.let_go, cast.olga.name),
        ]
        [finding] = newest[0].held.findings
        assert (finding.kind, MAIL[finding.start : finding.end]) == (Kind.email, "rosa@example.org")
        before = newest[0].clearance.id
        assert [
            one.held.text for one in clearances.decided(session, project.id, before=before)
        ] == [HANDLE]
        told = session.scalars(sa.select(Event).where(Event.kind == "reason.decided")).all()
        assert [one.data["fate"] for one in told].count("kept_out") == 1
        assert {one.person_id for one in told} == {cast.olga.id}
        kept = str(session.execute(sa.select(Clearance.__table__)).all())
        assert "rosa" not in kept + str([one.data for one in told]), "a copy of a text"


def test_only_what_is_held_is_decided_about(database: Database) -> None:
    cast, project = tell(database)
    with database.writing() as session:
        other = make_project(session, cast, slug="other")
        with pytest.raises(NotFound):
            clearances.decide(session, other, {numbers(database)[MAIL]: Fate.let_go}, by=cast.olga)
    with pytest.raises(NotFound):
        decide(database, cast, project, {PLAIN: Fate.let_go})


def test_what_is_written_anew_is_held_anew(database: Database) -> None:
    cast, project = tell(database)
    decide(database, cast, project, {MAIL: Fate.let_go, PHONE: Fate.kept_out, HANDLE: Fate.let_go})
    for text, held in (("Ask bea@example.org.", True), (MAIL, False)):
        with database.writing() as session:
            current = Judgment.is_current, Judgment.reason.like("Ask%")
            said = session.scalars(sa.select(Judgment).where(*current)).one()
            given = session.get_one(Assignment, said.assignment_id)
            answer = answers.read(session, given, 2, text)
            mine = session.get_one(Project, project.id)
            judgments.change(session, mine, said, answer, key=new_key())
            session.commit()
        assert texts(database, project) == ([text] if held else [])


def test_pages_follow_each_other(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    _, project = tell(database)
    for name, number in (("SHOWN", 1), ("READ", 2), ("MOST_READ", 2)):
        monkeypatch.setattr(clearances, name, number)
    found, after, pages = list[str](), 0, 0
    while after is not None:
        with database.reading() as session:
            page = clearances.waiting(session, project.id, after=after)
        found += [one.text for one in page.held]
        after, pages = page.following, pages + 1
        assert (len(page.held) < 2, pages < 9) == (True, True)
    assert sorted(found) == sorted([MAIL, PHONE, HANDLE])


def test_a_release_tells_what_was_let_go_by_its_cut_off(
    database: Database, tmp_path: Path, frozen: StoppedClock
) -> None:
    cast, project = tell(database)
    rules = {"free_text": True, "test_share": 0.0}
    decide(database, cast, project, {HANDLE: Fate.let_go})
    first = plan(database, project, **rules)
    release(database, first, tmp_path / "1", data=tmp_path, by=cast.olga)
    frozen.forward(seconds=1)
    others = {MAIL: Fate.let_go, PHONE: Fate.kept_out, HANDLE: Fate.kept_out}
    decide(database, cast, project, others)
    later = plan(database, project, **rules)
    assert (first.number, later.number) == (1, 2)
    release(database, later, tmp_path / "2", data=tmp_path, by=cast.olga)
    assert (reasons(tmp_path / "1"), reasons(tmp_path / "2")) == ({PLAIN, HANDLE}, {PLAIN, MAIL})
    counted = [manifests.read(tmp_path / name).counts.held_reasons for name in "12"]
    assert counted == [
        HeldReasons(undecided={"email": 1, "phone": 1}, let_go={"handle": 1}),
        HeldReasons(let_go={"email": 1}, kept_out={"handle": 1, "phone": 1}),
    ]
    card = (tmp_path / "2" / "README.md").read_text("utf-8")
    assert "| kept out by an owner who read them | 2 | handle 1, phone 1 |" in card
    assert verification.verify(tmp_path / "2") == []
    with database.reading() as session:
        again = releases.cut_of(project, releases.find(session, project, 1))
    release(database, again, tmp_path / "again", data=tmp_path, by=cast.olga)
    assert contents(tmp_path / "1") == contents(tmp_path / "again")
    assert plan(database, project, **rules).number == 2  # nothing has happened since


def test_decisions_make_no_other_release_of_one_without_reasons(
    database: Database, tmp_path: Path, frozen: StoppedClock
) -> None:
    cast, project = tell(database)
    release(database, plan(database, project), tmp_path / "1", data=tmp_path, by=cast.olga)
    frozen.forward(seconds=1)
    decide(database, cast, project, {HANDLE: Fate.let_go})
    assert plan(database, project).number == 1
    assert manifests.read(tmp_path / "1").counts.held_reasons is None
    assert b"held_reasons" not in (tmp_path / "1" / "MANIFEST.json").read_bytes()


def test_a_preview_counts_what_waits(database: Database) -> None:
    cast, project = tell(database)
    decide(database, cast, project, {HANDLE: Fate.let_go})
    with database.reading() as session:
        cuts = [releases.look(session, project, Criteria(free_text=free)) for free in (True, False)]
    assert [previews.preview(database.reading, cut).waiting for cut in cuts] == [2, 0]
