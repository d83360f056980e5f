"""Files of prompts: what is read, and that every fault names its line and its field."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from labeler.errors import Invalid
from labeler.generation import prompts
from labeler.work.rows import Asked, Message
from tests.labeler.generation.drawing import line, write


def test_a_prompt_keeps_all_that_the_file_says(tmp_path: Path) -> None:
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
    rows = [line(1, prompt=turns, metadata={"topic": "rivers"}, year=2026), line(2)]
    [first, second] = prompts.read(write(tmp_path, rows))
    assert first == Asked(
        line=1,
        id="p1",
        messages=(
            Message(role="system", content="Be brief."),
            Message(role="user", content="Why?"),
        ),
        language="en",
        metadata={"topic": "rivers", "year": 2026},
    )
    assert isinstance(second, Asked)
    assert second.messages == (Message(role="user", content="What is 2 plus one?"),)


@pytest.mark.parametrize("kind", [".jsonl.gz", ".csv"])
def test_other_files(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"prompts{kind}"
    if kind == ".csv":
        turns = json.dumps([{"role": "user", "content": "Why?"}]).replace('"', '""')
        path.write_text(f'id,prompt,language,metadata,topic\nx,"{turns}",,"{{""a"": 1}}",rivers\n')
    else:
        row = line(1, id="x", prompt="Why?", metadata={"a": 1}, topic="rivers", language=None)
        path.write_bytes(gzip.compress(json.dumps(row).encode()))
    [found] = prompts.read(path, language="sw")
    assert isinstance(found, Asked)
    assert found.messages == (Message(role="user", content="Why?"),)
    assert (found.id, found.language) == ("x", "sw")
    assert found.metadata == {"a": 1, "topic": "rivers"}


@pytest.mark.parametrize(
    ("bad", "field", "words"),
    [
        ({"prompt": " "}, "prompt", "empty"),
        ({"prompt": []}, "prompt", "no turns"),
        ({"prompt": [{"role": "assistant", "content": "So."}]}, "prompt", "turn of the user"),
        ({"prompt": [{"role": "robot", "content": "So."}]}, "prompt.0.role", "must be system"),
        ({"prompt": None}, "prompt", "must be a list"),
        ({"language": "english"}, "language", "not a language tag"),
        ({"id": ""}, "id", "empty"),
        ({"id": "p0"}, "id", "in line 1"),
        ({"metadata": "much"}, "metadata", "must be an object"),
        ({"sensitive": {"violence": 9}}, "sensitive.violence", ""),
        ({"responses": []}, "responses", "answers already"),
    ],
)
def test_every_fault_names_its_line_and_field(
    tmp_path: Path, bad: dict[str, Any], field: str, words: str
) -> None:
    path = write(tmp_path, [line(0), line(1, **bad), line(2), line(2)])
    with pytest.raises(Invalid) as refused:
        prompts.look(path)
    assert "2 lines cannot be used, so nothing was done" in refused.value.message
    assert words in refused.value.fields[f"line 2, {field}"]
    assert "line 4, id" in refused.value.fields


def test_what_is_in_a_file_is_counted_by_language(tmp_path: Path) -> None:
    rows = [line(1), line(2, language="sw", prompt="Habari?"), line(3)]
    found = prompts.look(write(tmp_path, rows))
    assert found.prompts == 3
    assert {language: size.prompts for language, size in found.sizes.items()} == {"en": 2, "sw": 1}
    assert found.sizes["sw"].characters == len("Habari?")
    assert not found.is_sensitive


@pytest.mark.parametrize(("name", "text"), [("a.jsonl", ""), ("a.jsonl", "\n"), ("a.txt", "x")])
def test_what_is_no_file_of_prompts(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(Invalid):
        prompts.look(tmp_path / name)
