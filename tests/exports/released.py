"""Rows of a release's configuration `comparisons`, made by hand, and a folder that holds them."""

import json
from pathlib import Path
from typing import Any

ANN, BO, CY = "a1b2c3d4e5f6", "b1b2c3d4e5f6", "c1b2c3d4e5f6"


def judged(annotator: str, preferred: int = -1, **changes: Any) -> dict[str, Any]:
    """Make a judgment: for a response if one is named, else "about the same"."""
    return {
        "annotator": annotator,
        "verdict": "tie" if preferred < 0 else "preference",
        "preferred": preferred,
        "strength": 0 if preferred < 0 else 2,
        "scale_max": 3,
        "ranking": [],
        "criteria": [],
        "edited": -1,
        "edit": "",
        "reason": "",
        "shown": [0, 1],
        "guideline": 3,
        "rubric": 2,
        "version": 1,
        "seconds": 12.5,
        "day": 20250309,
        "state": "accepted",
        "counts": True,
    } | changes


def skipped(annotator: str, **changes: Any) -> dict[str, Any]:
    """Make a skip."""
    given = {"reason": "language", "shown": [1, 0], "guideline": 3, "day": 20250308}
    return {"annotator": annotator} | given | changes


def compared(number: int, *judgments: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Make a row, with a pair of responses."""
    return {
        "comparison_id": f"pair-{number}",
        "pair_id": "0" * 24,
        "prompt_id": "1" * 24,
        "prompt": [{"role": "user", "content": f"What is {number} plus one?"}],
        "responses": [
            {"content": f"It is {number + 1}.", "model": "m-1", "provenance": '{"seed": 7}'},
            {"content": f"It is {number}.", "model": "", "provenance": ""},
        ],
        "language": "en",
        "batch": "pairs.jsonl",
        "outcome": "preferred",
        "preferred": 0,
        "n_votes": 2,
        "agreement": 1.0,
        "strength": 2.0,
        "adjudicated": False,
        "posterior": [0.9, 0.1, 0.0, 0.0],
        "judgments": list(judgments),
        "skips": [],
    } | changes


def write(folder: Path, train: list[dict[str, Any]], test: list[dict[str, Any]]) -> Path:
    """Write the lines of a release, and nothing else of it."""
    (folder / "jsonl").mkdir(parents=True)
    for split, rows in (("train", train), ("test", test)):
        path = folder / "jsonl" / f"comparisons-{split}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder
