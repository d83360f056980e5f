"""Layouts of other programs, as they document them, and the files that lead them there."""

import json

import yaml

from exports.choosing.criteria import Criteria
from exports.formats import axolotl, llamafactory, openrlhf
from exports.formats.columns import Row
from tests.exports.made import GOOD, QUESTION, row, rows, told

TALK = [
    ("system", "Be brief."),
    ("user", "Hi."),
    ("assistant", "Hello."),
    ("user", QUESTION),
]
ASKED = [{"role": role, "content": content} for role, content in TALK]
PREFERRED = [{"role": "assistant", "content": GOOD[1]}]
OTHER = [{"role": "assistant", "content": GOOD[0]}]


def test_openai_has_one_message_of_the_assistant_on_each_side() -> None:
    assert row("openai", told("1+1", prompt=TALK)) == {
        "input": {"messages": ASKED},
        "preferred_output": PREFERRED,
        "non_preferred_output": OTHER,
    }


def test_nemo_has_ranks_of_which_the_lowest_is_best() -> None:
    assert row("nemo", told("1+1", prompt=TALK)) == {
        "context": ASKED,
        "completions": [{"rank": 0, "completion": PREFERRED}, {"rank": 1, "completion": OTHER}],
    }


def test_llamafactory_has_the_system_apart_and_turns_that_alternate() -> None:
    assert row("llamafactory", told("1+1", prompt=TALK)) == {
        "conversations": [
            {"from": "human", "value": "Hi."},
            {"from": "gpt", "value": "Hello."},
            {"from": "human", "value": QUESTION},
        ],
        "chosen": {"from": "gpt", "value": GOOD[1]},
        "rejected": {"from": "gpt", "value": GOOD[0]},
        "system": "Be brief.",
    }
    assert row("llamafactory", told("1+1"))["system"] == ""


def test_what_llamafactory_would_drop_is_not_written() -> None:
    """Two turns of the user, or a system's message in the middle; other formats take them."""
    for talk in (
        [("user", "Hi."), ("user", QUESTION)],
        [("user", "Hi."), ("system", "Be brief."), ("user", QUESTION)],
        [("assistant", "Hello."), ("user", QUESTION)],
    ):
        assert rows("llamafactory", told("0+1", prompt=talk)) == []
        assert len(rows("openai", told("0+1", prompt=talk))) == 1


def test_llamafactory_is_told_of_the_files_that_are_there() -> None:
    told_of = json.loads(llamafactory.companions(["train", "test"])["dataset_info.json"])
    assert {name: one["file_name"] for name, one in told_of.items()} == {
        "labeler_dpo_train": "train.jsonl",
        "labeler_dpo_test": "test.jsonl",
    }
    made: Row = row("llamafactory", told("0+1"))
    for one in told_of.values():
        assert (one["formatting"], one["ranking"]) == ("sharegpt", True)
        assert set(one["columns"].values()) == set(made)


def test_axolotl_s_file_names_columns_that_are_there() -> None:
    config = yaml.safe_load(axolotl.companions(["train"])["dpo.yaml"])
    (source,) = config["datasets"]
    assert (config["rl"], source["ds_type"]) == ("dpo", "parquet")
    assert source["data_files"] == ["dpo/train-*.parquet"]
    made = row("dpo", told("0+1"))
    assert {source[f"field_{side}"] for side in ("messages", "chosen", "rejected")} <= set(made)


def test_openrlhf_s_file_names_columns_that_are_there() -> None:
    script = openrlhf.companions(["train"])["train.sh"]
    made = row("reward", told("0+1"))
    for key in ("prompt", "chosen", "rejected"):
        assert f"--data.{key}_key {key}" in script
        assert key in made
    assert script.startswith("#!/bin/sh\n")


def test_who_asks_for_a_guide_gets_what_it_leads_to() -> None:
    assert Criteria(formats=("openrlhf", "axolotl")).formats == (
        "dpo",
        "reward",
        "axolotl",
        "openrlhf",
    )
    assert Criteria(formats=("sft", "kto", "sft")).formats == ("kto", "sft")
