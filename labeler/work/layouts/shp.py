"""SHP: two comments under one post; `labels` is 1 where A has the better score, 0 where B has."""

from labeler.said import say
from labeler.work.layouts.shapes import (
    Shape,
    Shaped,
    better,
    drawn,
    named,
    native,
    text,
    user_turn,
    whole,
)
from labeler.work.records import Values
from labeler.work.rows import Unfit

_SIDES = ("A", "B")
_COLUMNS = {"score": "score", "c_root_id": "c_root_id", "created_at_utc": "created_at_utc"}
_USED = {"history", "labels", *(f"human_ref_{side}" for side in _SIDES)} | {
    f"{name}_{side}" for name in _COLUMNS for side in _SIDES
}
_NO_LABEL = say('"labels" must be 1, for A, or 0, for B.')


def _row(values: Values) -> Shaped:
    said = whole(values, "labels")
    if said not in (0, 1):
        raise Unfit("labels", _NO_LABEL)
    prompt = user_turn(text(values, "history"), "history")
    answers = [_answer(values, side) for side in _SIDES]
    label = better(1 - said)
    texts = drawn(prompt, answers, label)[0]
    roots = [values.get(f"c_root_id_{side}") for side in _SIDES]
    known = all(isinstance(root, str) and root for root in roots)
    identity = "-".join([named(values, "post_id"), *(roots if known else [texts])])
    found = native(
        values, identity=identity, prompt=prompt, answers=answers, label=label, used=_USED
    )
    names = {f"responses.{n}.text": f"human_ref_{side}" for n, side in enumerate(_SIDES)}
    return found, {"id": "post_id", "prompt": "history", **names, "responses": "human_ref_B"}


def _answer(values: Values, side: str) -> Values:
    told = {name: values.get(f"{name}_{side}") for name in _COLUMNS}
    known = {name: value for name, value in told.items() if value is not None}
    return {"text": text(values, f"human_ref_{side}")} | known


SHAPE = Shape(_row)
