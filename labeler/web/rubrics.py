"""The owner's form for what people are asked: fields become a rubric's draft, and back."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from labeler.said import say
from labeler.text import markdown
from labeler.web import judging, locales, scale
from labeler.web.filters import gettext as _
from labeler.web.judging import Text
from labeler.work.questions import MAIN, Questions
from labeler.work.questions.criteria import Asks, CriteriaDraft
from labeler.work.questions.edit import EditDraft
from labeler.work.questions.flags import Flag, FlagsDraft
from labeler.work.questions.marks import MarksDraft
from labeler.work.questions.pairwise import PairwiseDraft
from labeler.work.questions.ranking import RankingDraft
from labeler.work.questions.reason import LONGEST_REASON, ReasonDraft, ReasonRule
from labeler.work.rubrics import RubricDraft

KINDS = ("pairwise", "ranking", "criteria", "edit", "marks", "flags", "reason")
"""In the order in which they are asked if nothing else is said."""
MAIN_WORDS = [
    ("pairwise", say("Which of two answers is better, on a scale")),
    ("ranking", say("Put two to ten answers in order")),
    ("criteria", say("Nothing in all: criteria alone")),
]
KIND_WORDS = {
    "pairwise": say("Which of two answers is better, on a scale"),
    "ranking": say("Put two to ten answers in order"),
    "criteria": say("Criteria: one thing at a time"),
    "edit": say("Improve the better answer"),
    "marks": say("Mark passages that are wrong"),
    "flags": say("Flags for single answers"),
    "reason": say("Why"),
}
REASON_WORDS = [
    (ReasonRule.none.value, say("Do not ask")),
    (ReasonRule.optional.value, say("Ask; may stay empty")),
    (ReasonRule.required.value, say("Ask; must be filled in")),
]
ASKS_WORDS = [
    (Asks.rating.value, say("Rate each answer")),
    (Asks.comparison.value, say("Compare two")),
]
SCALES = [
    (
        str(steps),
        say(
            "%(steps)s steps, from “%(first)s” to “%(last)s”",
            steps=steps,
            first=names[0],
            last=names[-1],
        ),
    )
    for steps in range(2, 10)
    for names in [scale.step_names(steps)]
]
MARKS_WORDS = {
    "rubric.marks.types": say("Wrong\nUnclear\nStyle"),
    "rubric.marks.severities": say("Minor\nMajor"),
}
"""What a form begins with that has no marks yet, one in each line."""
BLANK_CRITERIA = 2
CELLS = ("name", "hint", "asks", "points", "words")
_ROW = re.compile(r"rubric\.criteria\.(\d{1,2})\.name")
_FAULT = re.compile(r"rubric\.questions\.(\d+)\.(\w+)\.?(.*)")
SAMPLE = (
    say("How long can cooked rice stay out of the fridge?"),
    say("Two hours, **one** if it is hot. After that, reheating does not help."),
    say("Rice keeps well for most of the day if it is covered. Smell it first."),
    say("Put it away when it has cooled."),
)


def read(form: Mapping[str, str]) -> dict[str, Any]:
    """Return the rubric of a page's fields, as an owner would write it in a file."""
    asked = _asked(form)
    if len(asked) == 1 and asked[0]["kind"] == "pairwise":
        return _short(form) | {"reason": "none"}
    if [question["kind"] for question in asked] == ["pairwise", "reason"] and not _more(form):
        return _short(form)
    return {"questions": asked}


def _short(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what needs no list, so that every fault names the field that it is in."""
    cells = {name: form.get(f"rubric.{name}", "").strip() for name in _SCALAR}
    found = {name: said for name, said in cells.items() if said}
    return found | {word: f"rubric.{word}" in form for word in ("tie", "both_bad")}


_SCALAR = ("steps", "reason", "reason_min")


def _more(form: Mapping[str, str]) -> bool:
    return any(form.get(f"rubric.{name}", "").strip() for name in ("reason_tags", "reason_max"))


def _asked(form: Mapping[str, str]) -> list[dict[str, Any]]:
    main = form.get("rubric.main", "pairwise")
    also = [kind for kind in KINDS if f"rubric.asks.{kind}" in form and kind not in MAIN]
    kinds = {main, *also} | ({"reason"} if _asks_why(form) else set())
    return [_WRITTEN[kind](form) for kind in _in_order(kinds, form) if kind in _WRITTEN]


def _asks_why(form: Mapping[str, str]) -> bool:
    text = form.get("rubric.reason", ReasonRule.optional.value)
    return text != ReasonRule.none.value or bool(form.get("rubric.reason_tags", "").strip())


def _in_order(kinds: Iterable[str], form: Mapping[str, str]) -> list[str]:
    def turn(kind: str) -> tuple[int, int]:
        said = form.get(f"rubric.order.{kind}", "")
        known = KINDS.index(kind) if kind in KINDS else 0
        return int(said) if said.isascii() and said.isdigit() and len(said) < 3 else known, known

    return sorted(kinds, key=turn)


def _pairwise(form: Mapping[str, str]) -> dict[str, Any]:
    ticks = {word: f"rubric.{word}" in form for word in ("tie", "both_bad")}
    return {"kind": "pairwise", "steps": form.get("rubric.steps", "7"), **ticks}


def _ranking(form: Mapping[str, str]) -> dict[str, Any]:
    names = ("ties", "partial", "none")
    return {"kind": "ranking", **{name: f"rubric.ranking.{name}" in form for name in names}}


def _criteria(form: Mapping[str, str]) -> dict[str, Any]:
    return {"kind": "criteria", "criteria": [_criterion(form, row) for row in _rows(form)]}


def _criterion(form: Mapping[str, str], row: int) -> dict[str, Any]:
    name = f"rubric.criteria.{row}"
    cells = {cell: form.get(f"{name}.{cell}", "").strip() for cell in CELLS}
    words = [word.strip() for word in cells.pop("words").split(",") if word.strip()]
    filled = {cell: said for cell, said in cells.items() if said}
    return filled | {"words": words, "required": f"{name}.required" in form}


def _rows(form: Mapping[str, str]) -> list[int]:
    """Return the rows of criteria that have a name."""
    found = (_ROW.fullmatch(name) for name, said in form.items() if said.strip())
    return sorted(int(match[1]) for match in found if match)


def _reason(form: Mapping[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {"kind": "reason", "tags": _lines(form.get("rubric.reason_tags", ""))}
    cells = {"text": "reason", "min": "reason_min", "max": "reason_max"}
    said |= {
        key: form[f"rubric.{cell}"] for key, cell in cells.items() if form.get(f"rubric.{cell}")
    }
    return said | {"tags_required": "rubric.tags_required" in form}


def _edit(form: Mapping[str, str]) -> dict[str, Any]:
    return {"kind": "edit", "required": "rubric.edit.required" in form}


def _marks(form: Mapping[str, str]) -> dict[str, Any]:
    lists = {name: _lines(form.get(f"rubric.marks.{name}", "")) for name in ("types", "severities")}
    return {"kind": "marks", **lists, "required": "rubric.marks.required" in form}


def _flags(form: Mapping[str, str]) -> dict[str, Any]:
    names = [flag.value for flag in Flag if f"rubric.flags.{flag.value}" in form]
    return {"kind": "flags", "flags": names}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


_WRITTEN = {
    "pairwise": _pairwise,
    "ranking": _ranking,
    "criteria": _criteria,
    "reason": _reason,
    "edit": _edit,
    "marks": _marks,
    "flags": _flags,
}


def faults(form: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """Name faults of a rubric as the page names its fields."""
    return {_field(form, name): words for name, words in found.items()}


def _field(form: Mapping[str, str], name: str) -> str:
    match = _FAULT.fullmatch(name)
    if name == "rubric":
        return "rubric.main" if "questions" in read(form) else "rubric.steps"
    if not match:
        return re.sub(r"^rubric\.questions.*", "rubric.main", name)
    _, kind, rest = match.groups()
    if kind == "criteria":
        return _criteria_field(form, rest)
    places = {"text": "reason", "min": "reason_min", "max": "reason_max", "tags": "reason_tags"}
    if kind == "reason":
        return f"rubric.{places.get(rest.split('.')[0], 'reason')}"
    if kind == "pairwise":
        return f"rubric.{rest or 'steps'}"
    return f"rubric.{kind}.{rest.split('.')[0]}".rstrip(".")


def _criteria_field(form: Mapping[str, str], rest: str) -> str:
    rows, parts = _rows(form), rest.split(".")
    row = rows[int(parts[1])] if len(parts) > 1 and parts[1].isdigit() else 0
    cell = parts[2] if len(parts) > 2 else "words" if len(parts) > 1 else "name"
    return f"rubric.criteria.{row}.{cell}"


def fields(asked: Questions) -> dict[str, str]:
    """Return the page's fields for these questions; those of others have what they begin with."""
    kinds = [question.kind for question in asked]
    main = next((kind for kind in kinds if kind in MAIN), "criteria")
    filled = _of_all([question for question in _DEFAULTS if question.kind not in kinds])
    filled |= MARKS_WORDS
    filled |= {
        "rubric.main": main,
        "rubric.reason": ReasonRule.none.value,
        "rubric.reason_min": "0",
    }
    filled |= _of_all(asked)
    filled |= {f"rubric.asks.{kind}": "1" for kind in kinds if kind not in MAIN}
    return filled | {f"rubric.order.{kind}": str(at) for at, kind in enumerate(kinds, start=1)}


_DEFAULTS: Questions = (PairwiseDraft(), RankingDraft(), FlagsDraft())


def _of_all(asked: Sequence[Any]) -> dict[str, str]:
    filled: dict[str, str] = {}
    for question in asked:
        filled |= {f"rubric.{name}": said for name, said in _of(question).items()}
    return filled


def _of(question: Any) -> dict[str, str]:
    match question:
        case PairwiseDraft():
            return {"steps": str(question.steps), **_ticked(question, "tie", "both_bad")}
        case RankingDraft():
            ticks = _ticked(question, "ties", "partial", "none")
            return {f"ranking.{name}": said for name, said in ticks.items()}
        case CriteriaDraft():
            return _of_criteria(question)
        case ReasonDraft():
            return {
                "reason": question.text.value,
                "reason_min": str(question.min),
                "reason_max": "" if question.max == LONGEST_REASON else str(question.max),
                "reason_tags": "\n".join(question.tags),
                **_ticked(question, "tags_required"),
            }
        case EditDraft():
            return {f"edit.{name}": "1" for name in _ticked(question, "required")}
        case MarksDraft():
            lists = {"types": question.types, "severities": question.severities}
            filled = {f"marks.{name}": "\n".join(words) for name, words in lists.items()}
            return filled | {f"marks.{name}": "1" for name in _ticked(question, "required")}
        case FlagsDraft():
            return {f"flags.{flag.value}": "1" for flag in question.flags}
    raise AssertionError(question)


def _of_criteria(question: CriteriaDraft) -> dict[str, str]:
    filled: dict[str, str] = {}
    for row, criterion in enumerate(question.criteria):
        cells = {
            "name": criterion.name,
            "hint": criterion.hint,
            "asks": criterion.asks.value,
            "points": str(criterion.points),
            "words": ", ".join(criterion.words),
            **_ticked(criterion, "required"),
        }
        filled |= {f"criteria.{row}.{cell}": said for cell, said in cells.items()}
    return filled


def _ticked(question: Any, *names: str) -> dict[str, str]:
    return {name: "1" for name in names if getattr(question, name)}


def asked(values: Mapping[str, str]) -> Questions | None:
    """Return the questions of a page's fields; None while they do not fit together."""
    try:
        return RubricDraft.model_validate(read(values)).asked
    except ValidationError:
        return None


def shown(values: Mapping[str, str], questions: Questions | None) -> dict[str, Any]:
    """Return what the form needs beside its values: the choices that there are, and a preview."""
    return {
        "kinds": KINDS,
        "mains": MAIN_WORDS,
        "reasons": REASON_WORDS,
        "ways": ASKS_WORDS,
        "scales": SCALES,
        "criteria_rows": max(_rows(values), default=-1) + 1 + BLANK_CRITERIA,
        "preview": questions and _preview(values, questions),
    }


def _preview(values: Mapping[str, str], questions: Questions) -> dict[str, Any]:
    """Return what the judging form of these values needs."""
    prompt, *answers = map(_, SAMPLE)
    number = 3 if any(question.kind == "ranking" for question in questions) else 2
    return {
        "project": {"question": values.get("question", "")},
        "guideline_html": markdown.render(values.get("guidelines", "")),
        "prompt": Text.of(prompt, locales.tag()),
        "answers": _lettered(answers[:number]),
        **judging.shown(questions, {}, {}),
    }


def _lettered(answers: Sequence[str]) -> list[Text]:
    pairs = zip("ABC", answers, strict=False)
    return [Text.of(text, locales.tag(), letter=letter) for letter, text in pairs]
