"""Records as a test writes them: a row per judgment, with what it leaves out filled in."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from labeler.quality.records import Compared, Records
from labeler.work.rubrics import Rubric

MONDAY = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())
WEEK_S = 7 * 86_400
USUAL = {
    "item": 0,
    "person": 0,
    "label": 0,
    "place": -1,
    "strength": 1,
    "at": MONDAY,
    "duration_ms": 60_000,
    "guideline": 1,
    "rubric": 1,
    "gold": -1,
    "is_repeat": False,
    "is_past": False,
}


def records(
    rows: Sequence[dict[str, Any]],
    *,
    adaptive: Sequence[int] = (),
    language: Sequence[int] = (),
    category: Sequence[int] = (),
    models: Sequence[Sequence[int]] = (),
    answers: int = 2,
    steps: int = 7,
) -> Records:
    """Make records of these judgments, on comparisons 100, 101 … by people 10, 11 …

    By default every comparison is between models x and y, in English and of no category.
    """
    filled = [USUAL | row for row in rows]
    columns = {
        name: np.array([row[name] for row in filled], dtype=np.array(value).dtype)
        for name, value in USUAL.items()
    }
    n_items = max([row["item"] for row in filled], default=-1) + 1
    n_people = max([row["person"] for row in filled], default=-1) + 1
    compared = Compared(
        id=100 + np.arange(n_items),
        language=np.array(language or [0] * n_items, dtype=np.int64),
        category=np.array(category or [-1] * n_items, dtype=np.int64),
        is_adaptive=np.isin(np.arange(n_items), adaptive),
        answers=np.full(n_items, answers),
        models=np.array(models or [list(range(answers))] * n_items).reshape(n_items, answers),
        languages=["en", "fr"],
        categories=["code", "letters"],
        names=["x", "y", "z", "w"],
    )
    asked = Rubric(number=1, questions=[{"kind": "pairwise", "steps": steps}])
    return Records(
        id=1 + np.arange(len(filled)),
        **columns,
        compared=compared,
        people=10 + np.arange(n_people),
        n_labels=answers + 2,
        asked=asked,
    )


def votes(*labels: Sequence[int]) -> list[dict[str, Any]]:
    """Return a row per vote: of each comparison, what the first person said of it and so on."""
    return [
        {"item": item, "person": person, "label": label}
        for item, said in enumerate(labels)
        for person, label in enumerate(said)
    ]
