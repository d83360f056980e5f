"""What a preview counts, and that one of a large project ends."""

import pytest

from exports import previews, selection
from exports.previews import Preview
from exports.selection import Criteria
from labeler.database import Database
from tests.exports.stories import tell


def preview(database: Database, project_id: int) -> Preview:
    with database.reading() as session:
        mark = selection.glance(session, project_id)
    return previews.preview(database.reading, project_id, mark, Criteria(min_judgments=2))


def test_it_ends_where_nothing_was_judged(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, project = tell(database, {f"p{n}": [None, None] for n in range(6)} | {"last": [0, 0]})
    monkeypatch.setattr(selection, "PAGE", 2)
    whole = preview(database, project.id)
    assert (whole.comparisons, whole.pairs, whole.is_complete) == (1, 1, True)
    monkeypatch.setattr(previews, "MOST", 4)
    begun = preview(database, project.id)
    assert (begun.looked_at, begun.comparisons, begun.is_complete) == (4, 0, False)


def test_it_ends_where_much_was_judged(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    _, project = tell(database, {f"p{number}": [0, 0] for number in range(6)})
    monkeypatch.setattr(selection, "PAGE", 2)
    monkeypatch.setattr(previews, "MOST_JUDGED", 4)
    begun = preview(database, project.id)
    assert (begun.looked_at, begun.pairs, begun.is_complete) == (4, 4, False)
