"""What a preview counts, and that one of a large project ends."""

from pathlib import Path
from typing import Any

import pytest

from exports.choosing import selection
from exports.choosing.criteria import FORMATS, Criteria
from exports.choosing.pairs import Reason
from exports.files import writing
from exports.kept import releases
from exports.making import previews
from exports.making.previews import Preview
from labeler.database import Database
from labeler.work.projects import Project
from tests.exports.stories import Said, plan, tell, write


def preview(database: Database, project: Project, **rules: Any) -> Preview:
    with database.reading() as session:
        cut = releases.look(session, project, Criteria(**rules))
    return previews.preview(database.reading, cut)


def test_it_ends_where_nothing_was_judged(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, project = tell(database, {f"p{n}": [None, None] for n in range(6)} | {"last": [0, 0]})
    monkeypatch.setattr(selection, "PAGE", 2)
    whole = preview(database, project)
    assert (whole.comparisons, whole.used, whole.is_complete) == (1, 1, True)
    monkeypatch.setattr(previews, "MOST", 4)
    begun = preview(database, project)
    assert (begun.comparisons, begun.used, begun.is_complete) == (0, 0, False)
    assert not begun.is_worth_it


def test_it_ends_where_much_was_judged(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    _, project = tell(database, {f"p{number}": [0, 0] for number in range(6)})
    monkeypatch.setattr(selection, "PAGE", 2)
    monkeypatch.setattr(previews, "MOST_JUDGED", 4)
    begun = preview(database, project)
    assert (begun.comparisons, begun.used, begun.is_complete) == (4, 4, False)
    monkeypatch.setattr(previews, "MOST_JUDGED", 6)
    assert preview(database, project).is_complete


def test_it_counts_what_a_release_then_holds(database: Database, tmp_path: Path) -> None:
    """Rows of every format, why comparisons are left out, and the very rows that are shown."""
    votes: dict[str, list[Said]] = {f"p{number}": [number % 2] * 2 for number in range(6)}
    _, project = tell(database, votes | {"t": ["tie", 0], "b": ["both_bad"] * 2, "s": [0, 1]})
    rules = {"formats": FORMATS, "test_share": 0}
    seen = preview(database, project, **rules)
    manifest = write(database, plan(database, project, **rules), tmp_path / "out")
    counts = manifest.counts
    assert (seen.comparisons, seen.used) == (counts.comparisons, counts.used) == (9, 6)
    assert seen.reasons == counts.reasons == {Reason.tie: 1, Reason.both_bad: 1, Reason.split: 1}
    assert {one.external_id for one in seen.left_out} == {"t", "b", "s"}
    assert {name: count for name, count in seen.rows.items() if count} == {
        name: format_.rows for name, format_ in counts.formats.items()
    }
    lines = tmp_path / "out" / "jsonl" / "sft-train.jsonl"
    assert seen.shown["sft"] == list(writing.read_lines(lines))[: previews.SHOWN]
