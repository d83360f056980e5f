"""Hugging Face's libraries read a release from its folder, without a network."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import datasets
import pytest
from datasets import Features, List, Value
from huggingface_hub import DatasetCard

from tests.consumers import folders, odd, planted

TURNS = List({"role": Value("string"), "content": Value("string")})
TRAINED_ON: dict[str, dict[str, Any]] = {
    "dpo": {"prompt": TURNS, "chosen": TURNS, "rejected": TURNS},
    "dpo_per_vote": {"prompt": TURNS, "chosen": TURNS, "rejected": TURNS},
    "reward": {"prompt": TURNS, "chosen": TURNS, "rejected": TURNS, "margin": Value("float64")},
    "kto": {"prompt": TURNS, "completion": TURNS, "label": Value("bool")},
    "sft": {"prompt": TURNS, "completion": TURNS},
}
"""The columns that trainers take, of each format."""
# What TRL's trainers give a meaning of their own, whatever it holds.
RESERVED = set(
    """image images prompt_ids chosen_ids rejected_ids completion_ids KL_completion_ids
    ref_chosen_logps ref_rejected_logps reference_logps input_ids labels attention_mask
    completion_mask assistant_masks seq_lengths chosen_input_ids rejected_input_ids tools
    chat_template_kwargs margin label messages completion text conversations""".split()
)


@pytest.fixture(params=["release", "odd_release"])
def either(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("name", TRAINED_ON)
def test_trainers_find_their_columns_and_no_others(name: str, either: Path) -> None:
    wanted = TRAINED_ON[name]
    loaded = load(either, name)
    assert set(loaded) == set(folders.SPLITS)
    assert loaded["train"].features == loaded["test"].features
    features = loaded["train"].features
    assert {column: features[column] for column in wanted} == wanted
    assert set(features) & RESERVED == set(wanted) & RESERVED


@pytest.mark.parametrize("name", [*TRAINED_ON, "comparisons"])
def test_no_value_is_null_and_no_column_lacks_a_type(name: str, either: Path) -> None:
    for part in load(either, name).values():
        assert "null" not in str(part.features)
        assert [column for row in part for column, value in row.items() if value is None] == []


@pytest.mark.parametrize("name", [*TRAINED_ON, "comparisons"])
def test_the_copy_in_lines_is_read_as_the_same_rows_of_the_same_types(
    name: str, either: Path
) -> None:
    loaded = load(either, name)
    for split in folders.SPLITS:
        path = str(folders.lines_path(either, name, split))
        copy = datasets.load_dataset("json", data_files=path, split="train")
        assert copy.to_list() == loaded[split].to_list()
        kinds = leaves(loaded[split].features)
        told = leaves(copy.features)
        # Of lists that are empty in every row, lines do not tell what they would be of.
        differs = [p for p, kind in told.items() if kind not in ("null", kinds.get(p))]
        assert differs == []


@pytest.mark.parametrize("name", folders.MESSAGES_ONLY)
def test_lines_alone_are_read_as_texts(name: str, either: Path) -> None:
    for split in folders.SPLITS:
        path = str(folders.lines_path(either, name, split))
        read = datasets.load_dataset("json", data_files=path, split="train")
        assert read.to_list() == folders.lines(either, name, split)
        assert set(leaves(read.features).values()) <= {"string", "int64"}


def test_the_same_rows_come_as_a_stream(release: Path) -> None:
    streamed = datasets.load_dataset(str(release), "dpo", split="train", streaming=True)
    assert list(streamed) == load(release, "dpo")["train"].to_list()


def test_without_a_name_the_default_is_loaded(release: Path) -> None:
    (default,) = [
        each for each in DatasetCard.load(release / "README.md").data.configs if each.get("default")
    ]
    loaded = datasets.load_dataset(str(release))
    named = load(release, default["config_name"])
    assert {split: part.to_list() for split, part in loaded.items()} == {
        split: part.to_list() for split, part in named.items()
    }


def test_the_card_names_what_there_is(either: Path) -> None:
    card = DatasetCard.load(either / "README.md")
    named = {each["config_name"] for each in card.data.configs}
    assert named == {path.parent.name for path in either.glob("*/*.parquet")}
    assert named == set(datasets.get_dataset_config_names(str(either)))
    assert card.data.language == ["en"]
    assert card.data.pretty_name
    assert card.text.startswith("# ") or card.text.lstrip().startswith("# ")


def test_texts_arrive_as_they_were_loaded(odd_release: Path) -> None:
    loaded = load(odd_release, "comparisons")
    given = {row["id"]: row for row in odd.rows()}
    found = {row["comparison_id"]: row for part in loaded.values() for row in part}
    assert set(found) == set(given)
    for name, row in found.items():
        assert row["prompt"] == given[name]["prompt"]
        said = [(each["content"], each["model"]) for each in row["responses"]]
        assert said == [(each["text"], each.get("model", "")) for each in given[name]["responses"]]


def test_what_was_said_is_what_is_released(release: Path) -> None:
    """The chosen answer is the good one wherever most of those who judged saw that."""
    truth = {one.prompt: one for one in planted.comparisons()}
    agreed = {False: 0, True: 0}
    for _, row in folders.pairs(release):
        prompt = row["prompt"][-1]["content"]
        answers = truth[prompt].answers
        marks = {planted.GOOD in text.split() for text in answers}
        if len(marks) == 1:
            continue  # whoever is wrong here takes a side by where it stands
        votes = [planted.choose(name, prompt, answers, 7) for name in planted.ACCURACIES]
        towards = [4 - vote for vote in votes if isinstance(vote, int)]
        first = sum(step > 0 for step in towards), sum(step < 0 for step in towards)
        assert row["chosen"][0]["content"] == answers[0 if first[0] > first[1] else 1]
        agreed[planted.GOOD in row["chosen"][0]["content"].split()] += 1
    assert agreed[True] > 20 * agreed[False] > 0


def test_good_and_bad_answers_are_mixed(release: Path) -> None:
    """TRL makes pairs of neighbouring rows, so they must neither be sorted nor of one prompt."""
    rows = load(release, "kto")["train"]
    labels = rows["label"]
    assert set(labels) == {True, False}
    changes = sum(one != other for one, other in pairwise(labels))
    assert changes > len(labels) / 3
    prompts = rows["prompt_id"]
    alike = sum(one == other for one, other in pairwise(prompts))
    assert alike < len(prompts) / 50


def test_both_bad_is_two_bad_answers(release: Path) -> None:
    """Of a pair in which nobody found a better answer, KTO learns that neither will do."""
    labels: dict[str, list[bool]] = {}
    for part in load(release, "kto").values():
        for row in part:
            labels.setdefault(row["pair_id"], []).append(row["label"])
    kinds = [tuple(sorted(found)) for found in labels.values()]
    assert set(kinds) == {(False, True), (False, False)}
    paired = {row["pair_id"] for _, row in folders.pairs(release)}
    assert {name for name, found in labels.items() if any(found)} == paired


@pytest.mark.parametrize("name", ["dpo", "dpo_per_vote", "reward", "kto", "sft", "comparisons"])
def test_no_prompt_is_in_two_splits(name: str, release: Path) -> None:
    loaded = load(release, name)
    train, test = (set(loaded[split]["prompt_id"]) for split in folders.SPLITS)
    assert train and test and not train & test


def load(release: Path, name: str) -> Any:
    return datasets.load_dataset(str(release), name)


def leaves(features: Features | Any, place: str = "") -> dict[str, str]:
    """Return the type of each value in these, by where it is."""
    if isinstance(features, dict):
        parts = [leaves(each, f"{place}.{name}") for name, each in features.items()]
        return {name: kind for part in parts for name, kind in part.items()}
    inner = getattr(features, "feature", None)
    if inner is not None:
        return leaves(inner, f"{place}[]")
    wide = {"int32": "int64", "int8": "int64"}
    kind = str(getattr(features, "dtype", features))
    return {place: wide.get(kind, kind)}
