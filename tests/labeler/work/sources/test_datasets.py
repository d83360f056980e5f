"""Public datasets that say who judged what: from the file to the tables, and nothing lost."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from labeler import audit
from labeler.work.layouts import Layout, Refused
from labeler.work.migrated import storing
from labeler.work.migrated.given import Brought
from labeler.work.sources import datasets
from tests.cast import Cast
from tests.labeler.work.migrated import told
from tests.make import make_project

FILES = Path(__file__).parents[1] / "layouts" / "files"
MULTIPREF = Counter(
    {
        ("c1", "calm_otter", "preference", "4", 2): 1,
        ("c1", "shy_fox", "preference", "4", 1): 1,
        ("c1", "wise_owl", "tie", None, None): 1,
        ("c1", "old_elk", "preference", "Five.", 1): 1,
        ("c2", "calm_otter", "tie", None, None): 1,
        ("c2", "shy_fox", "preference", "Five.", 2): 1,
        ("c3", "calm_otter", "preference", "Five.", 2): 1,
        ("c3", "shy_fox", "preference", "Five.", 1): 1,
    }
)
MT_BENCH = Counter(
    {
        ("81-m-1-m-2-1", "expert_1", "preference", "7.", 1): 1,
        ("81-m-1-m-2-1", "author_2", "preference", "7.", 1): 1,
        ("82-m-1-m-2-1", "expert_1", "tie", None, None): 1,
    }
)
ARENA = Counter(
    {
        ("q1", "arena_user_7", "preference", "4", 1): 1,
        ("q2", "arena_user_7", "preference", "four", 1): 1,
        ("q3", "arena_user_7", "tie", None, None): 1,
        ("q4", "arena_user_7", "both_bad", None, None): 1,
        ("q6", "arena_user_7", "preference", "Yes.", 1): 1,
    }
)
Read = Callable[..., Iterable[Brought | Refused]]
CASES = {
    "multipref.jsonl": (datasets.read_multipref, MULTIPREF, 0),
    "mt_bench.jsonl": (partial(datasets.read_battles, layout=Layout.mt_bench), MT_BENCH, 1),
    "arena.jsonl": (partial(datasets.read_battles, layout=Layout.arena), ARENA, 1),
}


@pytest.mark.parametrize("name", CASES)
def test_an_equal_multiset_of_judgments_is_stored(session: Session, cast: Cast, name: str) -> None:
    read, said, unlike = CASES[name]
    project = make_project(session, cast)
    found = list(read(FILES / name, language="en"))  # type: ignore[operator]
    assert sum((told.of(each) for each in found if isinstance(each, Brought)), Counter()) == said
    moved = storing.load(
        session,
        project,
        found,
        source=name,
        name=name,
        digest="d" * 64,
        by=cast.olga,
        skip_bad=True,
    )
    assert len(moved.refused) == unlike
    assert told.told(session, project) == said
    assert list(audit.faults(session)) == []


def test_what_is_stored_as_judgments_stays_out_of_the_metadata() -> None:
    (first, *_) = datasets.read_multipref(FILES / "multipref.jsonl", language="en")
    assert isinstance(first, Brought)
    assert first.row.metadata == {"prompt_id": "p1", "source": "x", "category": "math"}
    battles = datasets.read_battles(FILES / "arena.jsonl", Layout.arena, language="en")
    battle = next(each for each in battles if isinstance(each, Brought))
    assert battle.row.metadata.keys() == {"turn", "anony", "tstamp", "license"}
