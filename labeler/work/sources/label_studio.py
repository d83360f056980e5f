"""Label Studio: its JSON export, a list of tasks with all their annotations.

Left and right are the first and the second answer. Pairwise has no tie: to choose neither deletes
the result, so an annotation without one is no decision. Of several annotations of one person the
last one counts. A cancelled annotation hands the task back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeler.said import say
from labeler.work.assignments import SkipReason
from labeler.work.layouts.shapes import TIE, Label, better, objects
from labeler.work.migrated.given import Brought, Given
from labeler.work.records import Record, Refused, Values
from labeler.work.rows import Unfit
from labeler.work.sources import reading
from labeler.work.sources.reading import Fields

_TASK = ("project", "created_at", "updated_at", "inner_id")
"""What is kept of a task beside its data."""
_SIDES = {"left": 0, "right": 1}
_NO_DATA = say("The task has no data.")
_NOBODY = say("Nobody is named as the author of this annotation.")
_NO_SIDE = say('"selected" must be left or right.')
_NO_KIND = say("This is neither a choice between two sides nor one of words.")


@dataclass(frozen=True)
class Questions:
    """What the controls of the labelling interface are called."""

    preference: str
    """Which answer is better: Pairwise, or Choices."""
    reason: str = ""
    """Why, in a TextArea, if that was asked."""
    empty_is_tie: bool = False
    """Whether an annotation without a decision says that they are about the same."""


def read(path: Path, fields: Fields, questions: Questions) -> Iterator[Brought | Refused]:
    """Yield comparisons with what was said of them."""
    return reading.brought(path, lambda record: _brought(record, fields, questions))


def _brought(record: Record, fields: Fields, questions: Questions) -> Brought:
    task = record.values
    data = task.get("data")
    if not isinstance(data, dict):
        raise Unfit("data", _NO_DATA)
    kept = {key: task[key] for key in _TASK if task.get(key) is not None}
    values = data | {fields.id: task.get("id"), "label_studio": kept}
    row = reading.row(record, values, fields)
    return Brought(row, tuple(_last_of_each(_annotations(task, fields, questions))))


def _last_of_each(given: Sequence[Given]) -> list[Given]:
    """Keep what each person said last, where their last word stands."""
    return list({each.who: each for each in given}.values())


def _annotations(task: Values, fields: Fields, questions: Questions) -> list[Given]:
    found = objects(task, "annotations") if task.get("annotations") is not None else []
    numbered = list(enumerate(found))
    numbered.sort(key=lambda pair: str(pair[1].get("created_at") or ""))
    return [_given(each, f"annotations.{number}", fields, questions) for number, each in numbered]


def _given(said: Values, place: str, fields: Fields, questions: Questions) -> Given:
    who = _author(said.get("completed_by"), place)
    at = reading.moment(said.get("created_at"), f"{place}.created_at")
    seconds = reading.seconds(said.get("lead_time"))
    found = None
    if not said.get("was_cancelled"):
        found = _found(_results(said, place), place, fields, questions)
    if found is None:
        return Given(who, skipped=SkipReason.other, at=at, seconds=seconds, place=place)
    label, reason = found
    return Given(who, label, reason=reason, at=at, seconds=seconds, place=place)


def _author(said: Any, place: str) -> str:
    """Return who annotated: an address if the export has one, else a number."""
    if isinstance(said, dict):
        said = said.get("email") or said.get("id")
    if isinstance(said, bool) or not isinstance(said, int | str) or said == "":
        raise Unfit(f"{place}.completed_by", _NOBODY)
    return str(said)


def _results(said: Values, place: str) -> list[Values]:
    try:
        return objects(said, "result") if said.get("result") is not None else []
    except Unfit as unfit:
        raise Unfit(f"{place}.{unfit.field}", unfit.reason) from None


def _found(
    results: Sequence[Values], place: str, fields: Fields, questions: Questions
) -> tuple[Label, str] | None:
    mine = [each for each in results if each.get("from_name") == questions.preference]
    reasons = [each for each in results if each.get("from_name") == questions.reason]
    if not mine:
        return (TIE, "") if questions.empty_is_tie else None
    label = _label(mine[0], f"{place}.result", fields)
    return None if label is None else (label, "\n".join(_texts(reasons)))


def _label(result: Values, place: str, fields: Fields) -> Label | None:
    value = result.get("value")
    value = value if isinstance(value, dict) else {}
    if result.get("type") == "pairwise":
        selected = value.get("selected")
        if selected not in ("left", "right"):
            raise Unfit(place, _NO_SIDE)
        return better(_order(result, fields)[_SIDES[selected]])
    choices = value.get("choices")
    if result.get("type") == "choices" and isinstance(choices, list) and len(choices) == 1:
        known: dict[str, Label | None] = {"left": better(0), "right": better(1), "tie": TIE}
        return reading.label(choices[0], fields, known | reading.letters(2), place)
    raise Unfit(place, _NO_KIND)


def _order(result: Values, fields: Fields) -> tuple[int, int]:
    """Return which response is left and which is right: in another order if the result says so."""
    named = str(result.get("to_name") or "").split(",")
    turned = tuple(name.strip() for name in named) == fields.responses[::-1]
    return (1, 0) if turned and len(fields.responses) == 2 else (0, 1)


def _texts(results: Sequence[Values]) -> Iterator[str]:
    for each in results:
        value = each.get("value")
        said = value.get("text") if isinstance(value, dict) else None
        for text in said if isinstance(said, list) else [said]:
            if isinstance(text, str):
                yield text
