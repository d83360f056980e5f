"""OpenAssistant: trees of messages, of which answers to the same message were ranked; 0 is best.

In a flat file a row is one message and those of a tree follow each other; else a row is a tree.
Answers without a rank make no comparison, and neither do deleted ones.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from labeler.said import say
from labeler.work.layouts.shapes import (
    Records,
    Shape,
    Shaped,
    drawn,
    grown,
    named,
    native,
    objects,
    ranked,
    runs,
    text,
)
from labeler.work.records import Record, Refused, Values
from labeler.work.rows import Unfit

_ROLES = {"prompter": "user", "assistant": "assistant"}
TREE = "message_tree_id"
_KEPT = (TREE, "tree_state")
_OWN = ("message_id", "user_id", "created_date", "synthetic", "review_count", "labels")
_DEEPEST = 100
_ORPHAN = say("The message before this one is not in the file, or does not stand before it.")
_DEEP = say("The tree is deeper than %(most)s messages.")


def _comparisons(records: Records) -> Records:
    for run in runs(map(_of_tree, records), TREE):
        if isinstance(run, Refused):
            yield run
            continue
        trees = [record for record in run if "prompt" in record.values]
        messages = [record for record in run if "prompt" not in record.values]
        for tree in trees:
            yield from grown(_siblings(_unfolded(tree)), [tree])
        yield from grown(_siblings(messages), messages)


def _of_tree(record: Record | Refused) -> Record | Refused:
    """Refuse a row that belongs to no tree."""
    if isinstance(record, Refused) or _id(record, TREE):
        return record
    return Refused(record.line, TREE, say('"%(field)s" is missing.', field=TREE))


def _unfolded(tree: Record) -> list[Record]:
    """Write a tree as messages, each after the one that it answers."""
    found: list[Record] = []
    waiting: list[tuple[Any, Any]] = [(tree.values["prompt"], None)]
    kept = {key: tree.values[key] for key in _KEPT if key in tree.values}
    while waiting:
        message, parent = waiting.pop()
        if not isinstance(message, dict):
            continue
        own = {key: value for key, value in message.items() if key != "replies"}
        found.append(Record(tree.line, {"parent_id": parent} | kept | own, _size(own)))
        replies = message.get("replies")
        later = replies if isinstance(replies, list) else []
        waiting += [(reply, message.get("message_id")) for reply in reversed(later)]
    return found


def _size(message: Values) -> int:
    said = message.get("text")
    return len(said) if isinstance(said, str) else 0


def _siblings(messages: Sequence[Record]) -> Records:
    by_id = {_id(record, "message_id"): record for record in messages}
    answers: defaultdict[str, list[Record]] = defaultdict(list)
    for record in messages:
        if _is_ranked(record.values):
            answers[_id(record, "parent_id")].append(record)
    for parent, rows in answers.items():
        if len(rows) < 2:
            continue
        line, size = rows[0].line, sum(row.size for row in rows)
        try:
            path = _path(by_id, parent)
        except Unfit as unfit:
            yield Refused(line, unfit.field, unfit.reason)
            continue
        size += sum(map(_size, path))
        yield Record(line, {"path": path, "answers": [row.values for row in rows]}, size)


def _id(record: Record, key: str) -> str:
    """Return an id as it stands in the row; empty where there is none, or something else."""
    said = record.values.get(key)
    return said if isinstance(said, str) else ""


def _is_ranked(message: Values) -> bool:
    is_answer = message.get("role") == "assistant" and not message.get("deleted")
    return is_answer and message.get("rank") is not None


def _path(by_id: dict[str, Record], message_id: str) -> list[Values]:
    path: list[Values] = []
    while message_id or not path:
        if not message_id or message_id not in by_id:
            raise Unfit("parent_id", _ORPHAN)
        if len(path) == _DEEPEST:
            raise Unfit("parent_id", say(_DEEP, most=_DEEPEST))
        path.append(by_id[message_id].values)
        message_id = _id(by_id[message_id], "parent_id")
    return path[::-1]


def _row(values: Values) -> Shaped:
    path, told = objects(values, "path"), objects(values, "answers")
    prompt = [{"role": _role(turn), "content": text(turn, "text")} for turn in path]
    answers = [_answer(each) for each in told]
    _, answers, label = drawn(prompt, answers, ranked([_rank(each) for each in told]))
    asked = path[-1]
    kept = {key: asked[key] for key in (*_KEPT, "license", "licence") if key in asked}
    found = native(
        kept | {"language": asked.get("lang")},
        identity=named(asked, "message_id"),
        prompt=prompt,
        answers=answers,
        label=label,
        used=(),
    )
    return found, {"id": "parent_id", "prompt": "parent_id", "responses": "text"}


def _role(turn: Values) -> str:
    said = text(turn, "role")
    return _ROLES.get(said, said)


def _answer(told: Values) -> Values:
    own = {key: told[key] for key in _OWN if told.get(key) is not None}
    return {"text": text(told, "text"), "model": told.get("model_name")} | own


def _rank(told: Values) -> float:
    rank = told["rank"]
    if isinstance(rank, bool) or not isinstance(rank, int | float):
        raise Unfit("rank", say('"%(field)s" must be a whole number.', field="rank"))
    return rank


SHAPE = Shape(_row, _comparisons)
