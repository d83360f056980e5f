"""Nectar: seven answers to a prompt, put in order by a model; 1 is best.

They stand in the file as they were ranked, so their order here is drawn from the texts.
"""

from labeler.said import say
from labeler.work.layouts import transcripts
from labeler.work.layouts.shapes import Shape, Shaped, drawn, native, objects, ranked, text
from labeler.work.layouts.transcripts import ANSWER
from labeler.work.records import Values
from labeler.work.rows import EMPTY, Unfit, is_blank

_NO_END = say('The transcript does not end in "Assistant:".')
_NO_RANK = say('"%(field)s" must be a number from 1.')
_FEW = say("There are fewer than two answers.")


def _row(values: Values) -> Shaped:
    asked = "\n\n" + text(values, "prompt").strip()
    if not asked.endswith(ANSWER):
        raise Unfit("prompt", _NO_END)
    prompt = transcripts.turns(asked.removesuffix(ANSWER), "prompt")
    told = objects(values, "answers")
    if len(told) < 2:
        raise Unfit("answers", _FEW)
    answers = [_answer(each, number) for number, each in enumerate(told)]
    ranks = [_rank(each, number) for number, each in enumerate(told)]
    identity, answers, label = drawn(prompt, answers, ranked(ranks))
    used = {"prompt", "answers"}
    found = native(
        values, identity=identity, prompt=prompt, answers=answers, label=label, used=used
    )
    return found, {"responses": "answers"}


def _answer(told: Values, number: int) -> Values:
    try:
        said = text(told, "answer")
    except Unfit as unfit:
        raise Unfit(f"answers.{number}.answer", unfit.reason) from None
    if is_blank(said):
        raise Unfit(f"answers.{number}.answer", EMPTY)
    return {"text": said, "model": told.get("model")}


def _rank(told: Values, number: int) -> float:
    rank = told.get("rank")
    if isinstance(rank, bool) or not isinstance(rank, int | float) or rank < 1:
        field = f"answers.{number}.rank"
        raise Unfit(field, say(_NO_RANK, field=field))
    return rank


SHAPE = Shape(_row)
