"""PRISM: conversations in which several models answer at each turn, scored from 1 to 100.

A row is one answer. Those of one turn make a comparison, of which the earlier turns, with the
answers that were chosen in them, are the beginning; so rows of a conversation follow each other.
"""

from collections.abc import Sequence
from itertools import groupby
from math import isfinite

from labeler.said import say
from labeler.work.layouts.shapes import (
    Records,
    Shape,
    Shaped,
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

_OWN = ("utterance_id", "within_turn_id", "model_provider", "score", "if_chosen")
_USED = {*_OWN, "interaction_id", "user_prompt", "model_response", "model_name"}
_NONE_CHOSEN = say("At a turn before this one no answer was chosen, or more than one.")
_FEW = say("There are fewer than two answers.")
_NO_SCORE = say('"score" must be a number.')


def _turns(records: Records) -> Records:
    for run in runs(records, "conversation_id"):
        if isinstance(run, Refused):
            yield run
        else:
            yield from grown(_comparisons(run), run)


def _comparisons(conversation: Sequence[Record]) -> Records:
    before: list[Sequence[Values]] = []
    size = 0
    for _, turn in groupby(conversation, key=lambda row: row.values.get("interaction_id")):
        rows = list(turn)
        answers = [row.values for row in rows]
        size += sum(row.size for row in rows)  # with all that came before
        yield Record(rows[0].line, {"before": list(before), "answers": answers}, size)
        before.append(answers)


def _row(values: Values) -> Shaped:
    told = objects(values, "answers")
    first = told[0]
    if len(told) < 2:
        raise Unfit("model_response", _FEW)
    prompt = [turn for answers in values["before"] for turn in _passed(answers)]
    prompt.append({"role": "user", "content": text(first, "user_prompt")})
    answers = [_answer(each) for each in told]
    found = native(
        first,
        identity=named(first, "interaction_id"),
        prompt=prompt,
        answers=answers,
        # The higher the score the better, and a rank is better the lower it is.
        label=ranked([-_score(each) for each in told]),
        used=_USED,
    )
    names = {"id": "interaction_id", "prompt": "user_prompt", "responses": "model_response"}
    return found, names


def _passed(answers: Sequence[Values]) -> list[Values]:
    chosen = [each for each in answers if _is_true(each.get("if_chosen"))]
    if len(chosen) != 1:
        raise Unfit("if_chosen", _NONE_CHOSEN)
    return [
        {"role": "user", "content": text(chosen[0], "user_prompt")},
        {"role": "assistant", "content": text(chosen[0], "model_response")},
    ]


def _answer(told: Values) -> Values:
    own = {key: told[key] for key in _OWN if told.get(key) is not None}
    return {"text": text(told, "model_response"), "model": told.get("model_name")} | own


def _score(told: Values) -> float:
    said = told.get("score")
    if isinstance(said, str):
        try:
            said = float(said)
        except ValueError:
            raise Unfit("score", _NO_SCORE) from None
    if isinstance(said, bool) or not isinstance(said, int | float) or not isfinite(said):
        raise Unfit("score", _NO_SCORE)
    return said


def _is_true(said: object) -> bool:
    return said is True or said in ("True", "true", 1, "1")


SHAPE = Shape(_row, _turns)
