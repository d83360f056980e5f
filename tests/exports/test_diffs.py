"""What became of comparisons from one release to the next."""

from pathlib import Path

import pytest

from exports.checking import diffs
from labeler.database import Database
from labeler.errors import Invalid
from labeler.quality import adjudications, decisions
from labeler.quality.adjudications import Finding
from labeler.work import comparisons
from labeler.work.rubrics import Verdict
from tests.conftest import StoppedClock
from tests.exports.stories import judge_all, plan, tell, write
from tests.make import load_rows, make_row


def test_each_change_is_counted_by_what_it_was_and_is(
    database: Database, tmp_path: Path, frozen: StoppedClock
) -> None:
    cast, project = tell(
        database, {"same": [0, 0], "turned": [1, 1], "gone": [0, 0], "tied": ["tie", "tie"]}
    )
    write(database, plan(database, project), tmp_path / "one")
    frozen.forward(minutes=1)
    with database.writing() as session:
        mine = {one.external_id: one for one in comparisons.page(session, project.id)}
        turned = Finding(Verdict.preference, 0)
        adjudications.adjudicate(session, mine["turned"], turned, "I have read it.", by=cast.rex)
        decisions.withdraw(session, mine["gone"], "A name in it.", by=cast.olga)
        load_rows(session, project, [make_row(9, id="new")], by=cast.olga)
        for person in (cast.ada, cast.bea):
            judge_all(session, project, person, lambda _: 1)
        session.commit()
    frozen.forward(minutes=1)
    write(database, plan(database, project, min_margin=2), tmp_path / "two")
    found = diffs.diff(tmp_path / "one", tmp_path / "two")
    assert dict(found.changes) == {
        ("absent", "preferred"): 1,
        ("preferred", "preferred"): 1,
        ("preferred", "withdrawn"): 1,
    }
    assert found.examples["preferred", "withdrawn"] == ["gone"]
    assert found.examples["preferred", "preferred"] == ["turned"]
    assert (found.unchanged, found.criteria) == (2, {"min_margin": (1, 2)})
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["one", "two"]


def test_a_release_with_itself(database: Database, tmp_path: Path) -> None:
    _, project = tell(database, {"a": [0, 0], "b": [0, 1]})
    write(database, plan(database, project), tmp_path / "one")
    found = diffs.diff(tmp_path / "one", tmp_path / "one")
    assert (found.unchanged, dict(found.changes), found.criteria) == (2, {}, {})


def test_releases_that_do_not_tell_enough_are_refused(database: Database, tmp_path: Path) -> None:
    _, project = tell(database, {"a": [0, 0]})
    write(database, plan(database, project, formats=("dpo",)), tmp_path / "one")
    with pytest.raises(Invalid, match="hold the comparisons"):
        diffs.diff(tmp_path / "one", tmp_path / "one")
