"""The native layout: labeler's own, in JSON or side by side in the columns of a table."""

import re
from typing import Any

from labeler.work.layouts.shapes import Shape, Shaped, cell, user_turn
from labeler.work.questions.seen import LETTERS
from labeler.work.records import Values

_LETTERS = LETTERS.lower()
_COLUMNS = {
    f"responses.{number}.{key}": f"{name}_{letter}"
    for number, letter in enumerate(_LETTERS)
    for key, name in (("text", "response"), ("model", "model"))
} | {"responses": "response_b"}
_NEVER_EMPTY = {"id", "prompt", "response_a", "response_b"}
_CELLS_OF_JSON = {
    "prompt": re.compile(r"""\s*\[\s*\{\s*['"](role|content)['"]"""),
    "metadata": re.compile(r"\s*\{"),
    "sensitive": re.compile(r"\s*\{"),
}
_GOLD_CELLS = {said: number for number, one in enumerate(_LETTERS) for said in (str(number), one)}


def _row(values: Values) -> Shaped:
    in_columns = "responses" not in values and "response_a" in values
    values, names = _from_columns(values) if in_columns else (values, {})
    prompt, gold = values.get("prompt"), values.get("gold")
    if isinstance(prompt, str):
        values["prompt"] = user_turn(prompt)
    if isinstance(gold, int | float) and gold == int(gold):
        values["gold"] = {"better": gold if isinstance(gold, bool) else int(gold)}
    return values, names


def _from_columns(columns: Values) -> Shaped:
    rest = {key: said for key, said in columns.items() if said != "" or key in _NEVER_EMPTY}
    answers: list[Values] = [{} for _ in _LETTERS]
    for place, name in _COLUMNS.items():
        if name in rest and place.count("."):
            _, number, key = place.split(".")
            answers[int(number)][key] = rest.pop(name)
    while len(answers) > 2 and not answers[-1]:
        answers.pop()
    _read_cells(rest)
    if isinstance(gold := rest.get("gold"), str):
        rest["gold"] = _GOLD_CELLS.get(gold.strip().lower(), gold)
    return rest | {"responses": answers}, _COLUMNS


def _read_cells(columns: Values) -> None:
    for key, looks_like_json in _CELLS_OF_JSON.items():
        said: Any = columns.get(key)
        if isinstance(said, str) and looks_like_json.match(said):
            columns[key] = cell(key, said)


def prompt(values: Values, *, in_columns: bool) -> Values:
    """Read a record that is a prompt alone; raises Unfit. In columns, what is empty is absent."""
    if in_columns:
        values = {key: said for key, said in values.items() if said != "" or key in _NEVER_EMPTY}
        _read_cells(values)
    asked = values.get("prompt")
    return values | {"prompt": user_turn(asked)} if isinstance(asked, str) else values


SHAPE = Shape(_row)
