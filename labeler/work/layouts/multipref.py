"""MultiPref: two answers, compared by several people on a scale of five words."""

from collections import Counter
from collections.abc import Mapping

from labeler.said import say
from labeler.work.layouts.shapes import (
    TIE,
    Label,
    Shape,
    Shaped,
    better,
    named,
    native,
    objects,
    text,
    user_turn,
)
from labeler.work.records import Values
from labeler.work.rows import Unfit

WORDS: Mapping[str, Label] = {
    "A-is-clearly-better": better(0, 2),
    "A-is-slightly-better": better(0, 1),
    "Tie": TIE,
    "B-is-slightly-better": better(1, 1),
    "B-is-clearly-better": better(1, 2),
}
GROUPS = ("normal_worker_annotations", "expert_worker_annotations")
_USED = {
    *("comparison_id", "text"),
    *(f"{name}_{side}" for name in ("completion", "model") for side in "ab"),
}
_NAMES = {
    "id": "comparison_id",
    "prompt": "text",
    "responses.0.text": "completion_a",
    "responses.1.text": "completion_b",
    "responses.0.model": "model_a",
    "responses.1.model": "model_b",
    "responses": "completion_b",
}
_NO_WORD = say('"%(said)s" is none of the five steps from A-is-clearly-better on.')


def row(values: Values) -> Shaped:
    """Read a comparison; its label is the side that most people found better, if there is one."""
    found = native(
        values,
        identity=named(values, "comparison_id"),
        prompt=user_turn(text(values, "text"), "text"),
        answers=[
            {"text": text(values, f"completion_{side}"), "model": values.get(f"model_{side}")}
            for side in "ab"
        ],
        label=_most([label for _, label, _ in votes(values)]),
        used=_USED,
    )
    return found, _NAMES


def votes(values: Values) -> list[tuple[str, Label, Values]]:
    """Return who said what of a comparison, with all that the file says of it; raises Unfit."""
    found = []
    for group in GROUPS:
        given = objects(values, group) if values.get(group) is not None else []
        for number, each in enumerate(given):
            try:
                said = text(each, "overall_pref")
                if said not in WORDS:
                    raise Unfit("overall_pref", say(_NO_WORD, said=said))
                found.append((named(each, "evaluator"), WORDS[said], each))
            except Unfit as unfit:
                raise Unfit(f"{group}.{number}.{unfit.field}", unfit.reason) from None
    return found


def _most(labels: list[Label]) -> Label | None:
    sides = Counter((label.verdict, label.preferred) for label in labels).most_common(2)
    if not sides or (len(sides) == 2 and sides[0][1] == sides[1][1]):
        return None
    return Label(*sides[0][0])


SHAPE = Shape(row)
