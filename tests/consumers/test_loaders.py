"""Other trainers' own code reads a release: Axolotl, LLaMA-Factory, OpenRLHF, Together.

Their loaders need neither a graphics card nor their trainers, so they run here as published.
"""

import ast
import json
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import pytest
import yaml
from transformers import AutoTokenizer

from tests.consumers import folders, guide
from tests.consumers.parts import folder, part


@pytest.fixture(params=["release", "odd_release"])
def either(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


@pytest.fixture
def tokenizer(model: Path) -> Any:
    return AutoTokenizer.from_pretrained(model)


def dpo(release: Path, split: str) -> list[dict[str, Any]]:
    return [row for found, row in folders.pairs(release) if found == split]


# Axolotl


def test_axolotl_reads_every_pair(
    either: Path, tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As axolotl.utils.data.shared loads a local folder with files, row by row as for DPO."""
    monkeypatch.chdir(either)
    written = yaml.safe_load((either / "axolotl" / "dpo.yaml").read_text("utf-8"))
    told = yaml.safe_load(guide.only("Axolotl", "yaml"))
    (config,), (data,) = written["datasets"], told.pop("datasets")
    assert told.items() <= written.items()
    assert data == {name: config[name] for name in data}
    assert Path(config["path"]).is_dir()
    files = {name: config[name] for name in ("data_files", "split")}
    rows = datasets.load_dataset(config["ds_type"], **files)
    strategy = part("axolotl.prompt_strategies.dpo.chat_template")
    module, _, function = config["type"].partition(".")
    assert module == "chat_template"
    transform, _ = getattr(strategy, function)(written)
    assert len(rows) == len(dpo(either, "train"))
    for given, row in zip(dpo(either, "train"), rows, strict=True):
        read = transform(row, tokenizer=tokenizer)
        assert read["prompt"] == chat(tokenizer, given["prompt"], add_generation_prompt=True)
        for side in ("chosen", "rejected"):
            assert read[side] == f"{given[side][0]['content']} <end>"


def test_axolotl_knows_the_settings(release: Path) -> None:
    """Every name in the file is one that Axolotl's own classes of settings declare."""
    written = yaml.safe_load((release / "axolotl" / "dpo.yaml").read_text("utf-8"))
    known = declared(folder("axolotl") / "utils" / "schemas")
    assert set(written) - known == set()
    assert set(written["datasets"][0]) - known == set()


def declared(schemas: Path) -> set[str]:
    """Return the names that classes in these files declare with a type."""
    found = set()
    for path in schemas.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
                found |= {each.target.id for each in fields if isinstance(each.target, ast.Name)}
    return found


# LLaMA-Factory


def test_llama_factory_drops_no_pair(either: Path) -> None:
    for split in folders.SPLITS:
        read = llama_factory(either / "llamafactory", f"labeler_dpo_{split}")
        assert len(read) == len(dpo(either, split))
        for row, given in zip(read, dpo(either, split), strict=True):
            # What its PairwiseDatasetProcessor calls an invalid example, and drops.
            assert len(row["_prompt"]) % 2 == 1
            assert len(row["_response"]) == 2
            system = [turn for turn in given["prompt"] if turn["role"] == "system"]
            assert row["_system"] == "".join(turn["content"] for turn in system)
            assert row["_prompt"] == [turn for turn in given["prompt"] if turn["role"] != "system"]
            assert row["_response"] == [*given["chosen"], *given["rejected"]]


def test_llama_factory_takes_the_entry_of_the_guide(release: Path) -> None:
    told = json.loads(guide.only("LLaMA-Factory", "json"))
    written = json.loads((release / "llamafactory" / "dataset_info.json").read_text("utf-8"))
    assert told == {name: written[name] for name in told}


def test_llama_factory_would_drop_lists_of_messages(release: Path, tmp_path: Path) -> None:
    """That it has files of its own is needed: of the rows of `dpo` it makes nothing."""
    entry = json.loads(guide.only("LLaMA-Factory", "json"))["labeler_dpo_train"]
    tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user"}
    tags |= {"assistant_tag": "assistant", "system_tag": "system"}
    columns = {"messages": "prompt", "chosen": "chosen", "rejected": "rejected"}
    entry |= {"file_name": "dpo-train.jsonl", "columns": columns, "tags": tags}
    (tmp_path / "dataset_info.json").write_text(json.dumps({"lists": entry}))
    lines = folders.lines_path(release, "dpo", "train").read_bytes()
    (tmp_path / "dpo-train.jsonl").write_bytes(lines)
    assert {len(row["_response"]) for row in llama_factory(tmp_path, "lists")} == {1}


def llama_factory(directory: Path, name: str) -> Any:
    """Read a data set of a folder as its loader does, up to where rows become tokens."""
    (attr,) = part("llamafactory.data.parser").get_dataset_list([name], str(directory))
    constants = part("llamafactory.extras.constants")
    path = directory / attr.dataset_name
    kind = constants.FILEEXT2TYPE[path.suffix[1:]]
    rows = datasets.load_dataset(kind, data_files=[str(path)], split=attr.split)
    data = SimpleNamespace(streaming=False, preprocessing_num_workers=None, overwrite_cache=True)
    training = SimpleNamespace(local_process_index=0)
    return part("llamafactory.data.converter").align_dataset(rows, attr, data, training)


# OpenRLHF


@pytest.mark.parametrize("is_dpo", [False, True])
def test_open_rlhf_reads_every_pair(
    is_dpo: bool, either: Path, tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(either)
    arguments = open_rlhf_arguments(guide.only("OpenRLHF", "sh"))
    dataset = arguments.pop("dataset")
    strategy = SimpleNamespace(
        args=SimpleNamespace(data=SimpleNamespace(**arguments)),
        print=lambda *_: None,
        is_rank_0=lambda: False,
    )
    rows = part("openrlhf.datasets.utils").blending_datasets(dataset, None, strategy)
    part("openrlhf.utils.utils")  # which the next module needs, of a package that needs more
    reader = part("openrlhf.datasets.reward_dataset").RewardDataset
    read = reader(rows, tokenizer, 512, strategy, is_dpo=is_dpo, num_processors=1)
    given = folders.lines(either, "reward", "train")
    assert len(read) == len(given)
    for place, row in enumerate(given):
        assert read.prompts[place] == chat(tokenizer, row["prompt"], add_generation_prompt=True)
        for side, found in (("chosen", read.chosens), ("rejected", read.rejects)):
            assert found[place].strip() == f"{row[side][0]['content']} <end>".strip()
        if not is_dpo:
            assert read.extras[place] == row["margin"] > 0
    chosen_ids, *_ = read.collate_fn([read[place] for place in range(2)])
    assert chosen_ids.shape[0] == 2


@pytest.mark.parametrize("command", ["train_rm", "train_dpo"])
def test_open_rlhf_knows_the_arguments(command: str, release: Path) -> None:
    """Every argument in the file and in the guide is one that the command declares."""
    known = arguments_of(folder("openrlhf") / "cli" / f"{command}.py")
    script = (release / "openrlhf" / "train.sh").read_text("utf-8").replace("\\\n", " ")
    (keys,) = [line for line in script.splitlines() if line.startswith("keys=")]
    (line,) = [line for line in script.splitlines() if f"openrlhf.cli.{command} " in line]
    said = [*shlex.split(line), *shlex.split(keys.partition("=")[2].strip('"'))]
    given = {word for word in said if word.startswith("--")} - {"--module"}
    assert given and given - known == set()
    told = {f"--data.{name}" for name in open_rlhf_arguments(guide.only("OpenRLHF", "sh"))}
    assert told <= given


def open_rlhf_arguments(text: str) -> dict[str, Any]:
    """Return what stands behind --data.…, True where nothing does."""
    words = shlex.split(text.replace("\\\n", " "))
    found: dict[str, Any] = {}
    for place, word in enumerate(words):
        if word.startswith("--data."):
            following = words[place + 1] if place + 1 < len(words) else "--"
            value = True if following.startswith("--") else following
            found[word.removeprefix("--data.")] = value
    return found


def arguments_of(path: Path) -> set[str]:
    calls = ast.walk(ast.parse(path.read_text("utf-8")))
    return {
        argument.value
        for call in calls
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "add_argument"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


# Together


def test_together_finds_no_fault(either: Path) -> None:
    from together.lib.utils.files import check_file

    for split in folders.SPLITS:
        report = check_file(folders.lines_path(either, "openai", split))
        assert report["is_check_passed"], report["message"]
        assert report["num_samples"] == len(dpo(either, split))


def test_together_would_find_a_fault(release: Path, tmp_path: Path) -> None:
    """What passes is looked at: two messages on one side, or a missing one, do not."""
    from together.lib.utils.files import check_file

    (row, *_) = folders.lines(release, "openai", "train")
    for fault in ({"preferred_output": row["preferred_output"] * 2}, {"preferred_output": []}):
        path = tmp_path / "faulty.jsonl"
        path.write_text(json.dumps(row | fault) + "\n")
        assert not check_file(path)["is_check_passed"]


def chat(tokenizer: Any, messages: list[dict[str, str]], **more: Any) -> str:
    return tokenizer.apply_chat_template(messages, tokenize=False, **more)
