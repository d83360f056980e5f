"""Preferences in LLaMA-Factory's layout "sharegpt", with the file that describes them to it.

It takes turns of user and assistant that alternate, the system's message apart; what is otherwise
it drops without a word, so such pairs are not written here.
"""

import json
from collections.abc import Iterable, Iterator

from exports.choosing import preferences
from exports.choosing.criteria import Criteria
from exports.choosing.records import Record
from exports.choosing.texts import Turn
from exports.formats.columns import Row

SCHEMA = None
_FROM = {"user": "human", "assistant": "gpt"}


def rows(record: Record, criteria: Criteria) -> Iterator[Row]:
    """Yield a row for each pair of which one answer is better and whose turns alternate."""
    system, turns = _parted(record.turns)
    if not _alternate(turns):
        return
    conversation = [{"from": _FROM[turn["role"]], "value": turn["content"]} for turn in turns]
    for pair in preferences.of(record, criteria):
        sides = (record.responses[number].content for number in (pair.chosen, pair.rejected))
        chosen, rejected = ({"from": "gpt", "value": text} for text in sides)
        yield {
            "conversations": conversation,
            "chosen": chosen,
            "rejected": rejected,
            "system": system,
        }


def companions(splits: Iterable[str]) -> dict[str, str]:
    """Return the files beside the rows, by name: how LLaMA-Factory finds and reads them."""
    told = {
        f"labeler_dpo_{split}": {
            "file_name": f"{split}.jsonl",
            "formatting": "sharegpt",
            "ranking": True,
            "columns": {
                "messages": "conversations",
                "chosen": "chosen",
                "rejected": "rejected",
                "system": "system",
            },
        }
        for split in splits
    }
    return {"dataset_info.json": json.dumps(told, indent=2) + "\n"}


def _parted(prompt: list[Turn]) -> tuple[str, list[Turn]]:
    if prompt[0]["role"] == "system":
        return prompt[0]["content"], prompt[1:]
    return "", prompt


def _alternate(turns: list[Turn]) -> bool:
    roles = [turn["role"] for turn in turns]
    return roles == ["user" if place % 2 == 0 else "assistant" for place in range(len(roles))]
