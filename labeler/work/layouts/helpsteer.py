"""HelpSteer: two answers by NVIDIA's annotators, rated each, or compared on a scale.

On the scale a negative number is for the first answer.
"""

import re
from collections.abc import Sequence

from labeler.said import say
from labeler.work.layouts.shapes import (
    BOTH_BAD,
    TIE,
    Label,
    Records,
    Shape,
    Shaped,
    better,
    by_sign,
    drawn,
    native,
    objects,
    runs,
    text,
    user_turn,
    whole,
)
from labeler.work.records import Record, Refused, Values
from labeler.work.rows import Unfit

RATINGS = ("helpfulness", "correctness", "coherence", "complexity", "verbosity")
STEPS = 3
"""How far the scale goes to each side."""
NEITHER = -100
"""Said of two answers that neither will do."""
_TURN = re.compile(r"<extra_id_1>(User|Assistant)\n")
_ROLES = {"User": "user", "Assistant": "assistant"}
_OFF = say('"%(field)s" must be from %(least)s to %(most)s.')


# Two rows that follow each other: one prompt, one answer each


def _pairs(records: Records) -> Records:
    for run in runs(records, "prompt"):
        if isinstance(run, Refused):
            yield run
            continue
        for at in range(0, len(run), 2):
            yield _pair(run[at : at + 2])


def _pair(rows: Sequence[Record]) -> Record:
    size = sum(row.size for row in rows)
    return Record(rows[0].line, {"rows": [row.values for row in rows]}, size)


def _rated(values: Values) -> Shaped:
    rows = objects(values, "rows")
    prompt = _turns(text(rows[0], "prompt"))
    answers = [{"text": text(row, "response")} | _ratings(row) for row in rows]
    said = {key: value for row in rows for key, value in row.items()}
    if len(rows) == 2:
        identity, answers, label = drawn(prompt, answers, _by_helpfulness(answers))
    else:
        identity, label = "alone", None
    used = {"prompt", "response", *RATINGS}
    found = native(said, identity=identity, prompt=prompt, answers=answers, label=label, used=used)
    return found, {"responses": "response", "prompt": "prompt"}


def _ratings(row: Values) -> Values:
    found = {key: whole(row, key) for key in RATINGS if row.get(key) is not None}
    for key, points in {"helpfulness": whole(row, "helpfulness"), **found}.items():
        if not 0 <= points <= 4:
            raise Unfit(key, say(_OFF, field=key, least=0, most=4))
    return found


def _by_helpfulness(answers: Sequence[Values]) -> Label:
    first, second = (answer["helpfulness"] for answer in answers)
    return TIE if first == second else better(int(second > first), abs(first - second))


def _turns(prompt: str) -> list[Values]:
    """Part a prompt of several turns, which are marked in the text."""
    first, *parts = _TURN.split(prompt)
    later = [
        {"role": _ROLES[who], "content": said.strip()}
        for who, said in zip(parts[::2], parts[1::2], strict=True)
    ]
    return [*user_turn(first.strip() if later else first), *later]


# Compared on a scale


def _compared(values: Values) -> Shaped:
    strength = whole(values, "preference_strength")
    label = BOTH_BAD if strength == NEITHER else _on_scale(strength, "preference_strength")
    return _two(
        values,
        _turns(text(values, "prompt")),
        ("response_1", "response_2"),
        label,
        used={"prompt", "preference_strength"},
        prompt_key="prompt",
    )


def _in_context(values: Values) -> Shaped:
    context = [
        {"role": turn.get("role"), "content": turn.get("content")}
        for turn in objects(values, "context")
    ]
    return _two(
        values,
        context,
        ("response1", "response2"),
        _on_scale(whole(values, "overall_preference"), "overall_preference"),
        used={"context", "overall_preference"},
        prompt_key="context",
    )


def _on_scale(strength: int, key: str) -> Label:
    if not -STEPS <= strength <= STEPS:
        raise Unfit(key, say(_OFF, field=key, least=-STEPS, most=STEPS))
    return by_sign(strength)


def _two(
    values: Values,
    prompt: list[Values],
    keys: tuple[str, str],
    label: Label,
    *,
    used: set[str],
    prompt_key: str,
) -> Shaped:
    """Keep the order of the file, which was drawn there; the id is made of the texts."""
    answers = [{"text": text(values, key)} for key in keys]
    identity, _, _ = drawn(prompt, answers, label)
    found = native(
        values,
        identity=identity,
        prompt=prompt,
        answers=answers,
        label=label,
        used={*used, *keys},
    )
    names = {"prompt": prompt_key, "responses.0.text": keys[0], "responses.1.text": keys[1]}
    return found, {**names, "responses": keys[1]}


HELPSTEER2 = Shape(_rated, _pairs)
HELPSTEER2_PREFERENCE = Shape(_compared)
HELPSTEER3 = Shape(_in_context)
