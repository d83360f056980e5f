"""Rows for consumers that cannot be run here, held against the rules that they state.

NeMo-RL has no package; OpenAI, Azure and Fireworks are services. Each rule says where it is from.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.consumers import folders


@pytest.fixture(params=["release", "odd_release"])
def either(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


def test_nemo_rl_finds_the_better_answer(either: Path) -> None:
    """As preference_preprocessor of nemo_rl/data/processors.py takes rows, August 2026."""
    for split in folders.SPLITS:
        rows = folders.lines(either, "nemo", split)
        pairs = [row for found, row in folders.pairs(either) if found == split]
        assert len(rows) == len(pairs)
        for row, pair in zip(rows, pairs, strict=True):
            assert set(row) == {"context", "completions"}
            one, other = row["completions"]  # "RM/DPO training supports only two completions"
            assert one["rank"] != other["rank"]  # ties raise NotImplementedError
            chosen, rejected = sorted(row["completions"], key=lambda each: each["rank"])
            # It adds both lists up: whole conversations, of which the last turn is learnt.
            assert row["context"] + chosen["completion"] == pair["prompt"] + pair["chosen"]
            assert row["context"] + rejected["completion"] == pair["prompt"] + pair["rejected"]


def test_services_take_every_row(either: Path) -> None:
    for split in folders.SPLITS:
        rows = folders.lines(either, "openai", split)
        pairs = [row for found, row in folders.pairs(either) if found == split]
        assert len(rows) == len(pairs)
        for row, pair in zip(rows, pairs, strict=True):
            require_services_take(row)
            assert row["input"]["messages"] == pair["prompt"]
            assert (row["preferred_output"], row["non_preferred_output"]) == (
                pair["chosen"],
                pair["rejected"],
            )


def require_services_take(row: dict[str, Any]) -> None:
    """Hold a row against the guides of preference fine-tuning, as of November 2026.

    OpenAI: outputs are lists of the assistant's messages; `tools` is optional. Azure: of the
    assistant or a tool, and at least one of the assistant. Together: exactly one of the assistant.
    Fireworks: roles system, user and assistant; text.
    """
    assert set(row) == {"input", "preferred_output", "non_preferred_output"}
    assert set(row["input"]) == {"messages"}
    messages = row["input"]["messages"]
    assert messages[-1]["role"] == "user"
    for side in ("preferred_output", "non_preferred_output"):
        assert [turn["role"] for turn in row[side]] == ["assistant"]
    for turn in (*messages, *row["preferred_output"], *row["non_preferred_output"]):
        assert set(turn) == {"role", "content"}
        assert turn["role"] in {"system", "user", "assistant"}
        assert isinstance(turn["content"], str) and turn["content"].strip()
