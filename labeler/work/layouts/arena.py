"""Battles: two whole conversations with two models, and which one somebody found better.

Chatbot Arena's files, those of the later arenas, and MT-Bench's human judgments. The sides were
drawn there, so A stays the first answer.
"""

from collections.abc import Mapping
from typing import Any

from labeler.said import say
from labeler.work.layouts.shapes import (
    BOTH_BAD,
    TIE,
    Label,
    Shape,
    Shaped,
    better,
    cell,
    named,
    native,
    objects,
    text,
    whole,
)
from labeler.work.records import Values
from labeler.work.rows import Unfit

WINNERS: Mapping[str, Label] = {
    "model_a": better(0),
    "model_b": better(1),
    "tie": TIE,
    "tie (bothbad)": BOTH_BAD,
    "both_bad": BOTH_BAD,
}
_SIDES = ("a", "b")
_ONE_HOT = ("winner_model_a", "winner_model_b", "winner_tie")
_USED = {"winner", *(f"{name}_{side}" for name in ("model", "conversation") for side in _SIDES)}
_NAMES = {
    "id": "question_id",
    "prompt": "conversation_a",
    "responses.0.text": "conversation_a",
    "responses.1.text": "conversation_b",
    "responses.0.model": "model_a",
    "responses.1.model": "model_b",
    "responses": "conversation_b",
}
_UNLIKE = say("The two conversations differ before their last answer.")
_NO_ANSWER = say('"%(side)s" must end in an answer of the assistant.')
_NO_TEXT = say("There is something else than text in this turn.")
_NO_WINNER = say('"%(said)s" is no winner: model_a, model_b, tie or both_bad.')
_NO_ONE = say("Exactly one of winner_model_a, winner_model_b and winner_tie must be 1.")
_UNEVEN = say("There are not as many answers as turns of the user.")


def _conversations(values: Values) -> Shaped:
    return _battle(values, named(values, "question_id"), "question_id", turns=None)


def _with_parts(values: Values) -> Shaped:
    native, names = _battle(values, named(values, "id"), "id", turns=None)
    return native, {**names, "id": "id"}


def _mt_bench(values: Values) -> Shaped:
    """Read a judgment of one turn of a fixed question; its id leaves out who judged."""
    told = "-".join(named(values, key) for key in ("question_id", "model_a", "model_b", "turn"))
    return _battle(values, told, "question_id", turns=whole(values, "turn"))


def _battle(values: Values, identity: str, key: str, *, turns: int | None) -> Shaped:
    sides = [_turns(values, f"conversation_{side}", turns) for side in _SIDES]
    if sides[0][:-1] != sides[1][:-1]:
        raise Unfit("conversation_b", _UNLIKE)
    answers = [
        {"text": said[-1]["content"], "model": values.get(f"model_{side}")}
        for said, side in zip(sides, _SIDES, strict=True)
    ]
    # MT-Bench's question is asked of many pairs: it is no id of the comparison, and is kept.
    used = _USED if identity != values.get(key) else {*_USED, key}
    found = native(
        values,
        identity=identity,
        prompt=sides[0][:-1],
        answers=answers,
        label=_winner(values),
        used=used,
    )
    return found, _NAMES


def _turns(values: Values, key: str, turns: int | None) -> list[Values]:
    said = [
        {
            "role": turn.get("role"),
            "content": _plain(turn.get("content"), f"{key}.{number}.content"),
        }
        for number, turn in enumerate(objects(values, key))
    ]
    if turns is not None:
        said = said[: 2 * turns]
    if not said or said[-1]["role"] != "assistant" or not isinstance(said[-1]["content"], str):
        raise Unfit(key, say(_NO_ANSWER, side=key))
    return said


def _plain(content: Any, field: str) -> Any:
    """Join the parts of a turn, which must all be text."""
    if not isinstance(content, list):
        return content
    parts = [part for part in content if isinstance(part, dict)]
    if len(parts) < len(content) or any(_is_other(part) for part in parts):
        raise Unfit(field, _NO_TEXT)
    return "".join(part["text"] for part in parts)


def _is_other(part: Values) -> bool:
    if part.get("image") is not None or not isinstance(part.get("text"), str):
        return True
    return bool(part.get("type", "text") != "text")


def _winner(values: Values) -> Label:
    said = text(values, "winner")
    if said not in WINNERS:
        raise Unfit("winner", say(_NO_WINNER, said=said))
    return WINNERS[said]


# Tables whose cells hold lists in JSON, one text for each turn


def _one_hot(values: Values) -> Shaped:
    prompts, *answers = (_texts(values, key) for key in ("prompt", "response_a", "response_b"))
    if not len(prompts) == len(answers[0]) == len(answers[1]) > 0:
        raise Unfit("prompt", _UNEVEN)
    if answers[0][:-1] != answers[1][:-1]:
        raise Unfit("response_b", _UNLIKE)
    turns: list[Values] = []
    for said, answer in zip(prompts, answers[0], strict=True):
        turns += [{"role": "user", "content": said}, {"role": "assistant", "content": answer}]
    found = native(
        values,
        identity=named(values, "id"),
        prompt=turns[:-1],
        answers=[
            {"text": said[-1], "model": values.get(f"model_{side}") or None}
            for said, side in zip(answers, _SIDES, strict=True)
        ],
        label=_hot(values),
        used={"id", "prompt", "response_a", "response_b", "model_a", "model_b", *_ONE_HOT},
    )
    own = {key: name.replace("conversation", "response") for key, name in _NAMES.items()}
    return found, own | {"id": "id", "prompt": "prompt"}


def _texts(values: Values, key: str) -> list[str]:
    said = cell(key, text(values, key))
    if not isinstance(said, list):
        raise Unfit(key, say('"%(field)s" must be a list.', field=key))
    for number, each in enumerate(said):
        if not isinstance(each, str):
            raise Unfit(
                f"{key}.{number}", say('"%(field)s" must be text.', field=f"{key}.{number}")
            )
    return said


def _hot(values: Values) -> Label:
    """Read who won; two bad answers count as a tie in these tables."""
    said = [whole(values, key) for key in _ONE_HOT]
    if sorted(said) != [0, 0, 1]:
        raise Unfit(_ONE_HOT[0], _NO_ONE)
    return (better(0), better(1), TIE)[said.index(1)]


ARENA = Shape(_conversations)
ARENA_55K = Shape(_one_hot)
ARENA_140K = Shape(_with_parts)
MT_BENCH = Shape(_mt_bench)
