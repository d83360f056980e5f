"""Answering: what was said elsewhere, read as if it had been filled in on the project's form.

What the form does not ask is refused, and so is what it cannot say: nothing is bent to fit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from labeler.errors import Invalid
from labeler.said import say
from labeler.work import rubrics
from labeler.work.judgments import JudgmentState
from labeler.work.layouts.shapes import Label
from labeler.work.migrated.given import Brought, Given
from labeler.work.questions import criteria, edit, pairwise, reason
from labeler.work.questions.criteria import Asks, Criterion
from labeler.work.questions.pairwise import PairwiseDraft, Verdict
from labeler.work.questions.seen import Seen
from labeler.work.rubrics import Answer, Rubric

WEAKEST = 1
"""How strong a preference is of which the source says no more."""
_TOO_STRONG = say("The form has %(most)s steps to each side; this is %(said)s.")
_NO_TIE = say('The form has no "about the same".')
_NO_BAD = say('The form has no "both are bad".')
_UNLIKE = say("The form ranks answers, and this has a strength.")
MOST = 100
"""How often a comparison is judged at most, here as well."""
_TOO_MANY = say("This was judged %(said)s times; a comparison is judged %(most)s times at most.")
_TWICE = say("%(who)s judged this twice.")
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_EARLY = say("This was before %(year)s, which cannot be.")
_FUTURE = say("This was in the future.")
_NO_PLACES = say("This is not an order of the answers.")
_NO_ANSWER = say("There is no answer number %(number)s, counted from 0.")


@dataclass(frozen=True, slots=True)
class Read:
    """What somebody said, by the project's form."""

    given: Given
    places: tuple[int, ...]
    answer: Answer | None
    """None if they handed the comparison back."""


def read_all(rubric: Rubric, brought: Brought, now: datetime) -> list[Read]:
    """Read all that was said of a comparison; raises Invalid naming where the first fault is."""
    texts = [response.text for response in brought.row.responses]
    if len(brought.given) > MOST:
        fault = say(_TOO_MANY, said=len(brought.given), most=MOST)
        raise Invalid(fault, fields={"row": fault})
    seen: set[tuple[str, bool]] = set()
    found = []
    for given in brought.given:
        again = given.who, given.state is JudgmentState.repeat
        if given.who and again in seen:
            raise _fault(given, "", say(_TWICE, who=given.who))
        seen.add(again)
        found.append(_read(rubric, given, texts, now))
    return found


def first(fault: Invalid) -> tuple[str, str]:
    """Return the first field that is at fault, and the reason."""
    return next(iter(fault.fields.items()), ("", fault.message))


def _read(rubric: Rubric, given: Given, texts: Sequence[str], now: datetime) -> Read:
    places = given.shown or tuple(range(len(texts)))
    if sorted(places) != list(range(len(texts))):
        raise _fault(given, "shown", _NO_PLACES)
    if given.at is not None and given.at > now:
        raise _fault(given, "at", _FUTURE)
    if given.at is not None and given.at < EARLIEST:
        raise _fault(given, "at", say(_EARLY, year=str(EARLIEST.year)))
    if given.skipped is not None:
        return Read(given, places, None)
    for number in _named(given):
        if number not in places:
            raise _fault(given, "", say(_NO_ANSWER, number=str(number)))
    try:
        return Read(given, places, _answer(rubric, given, Seen(places, texts)))
    except Invalid as fault:
        raise _fault(given, *first(fault)) from None


def _named(given: Given) -> Iterator[int]:
    """Yield the numbers of all responses of which something is said."""
    if given.label is not None:
        if given.label.verdict is Verdict.preference or given.label.preferred is not None:
            yield -1 if given.label.preferred is None else given.label.preferred
        yield from chain.from_iterable(given.label.ranking)
    for said in given.criteria.values():
        yield from map(int, said.get("points", ()))
        if said.get("preferred") is not None:
            yield said["preferred"]
    if given.edit is not None:
        yield given.edit[0]


def _fault(given: Given, name: str, reason: str) -> Invalid:
    place = ".".join(part for part in (given.place, name) if part)
    return Invalid(reason, fields={place or "judgment": reason})


def _answer(rubric: Rubric, given: Given, seen: Seen) -> Answer:
    assert given.label is not None
    said: dict[str, Any] = dict(_main(rubric, given.label, seen))
    if given.reason:
        said["reason"] = reason.Given.model_construct(text=given.reason, tags=[])
    if given.criteria:
        said["criteria"] = _criteria(rubric, given.criteria, seen)
    if given.edit is not None:
        number, text = given.edit
        said["edit"] = edit.Given.model_construct(place=seen.letter(number), text=text)
    return rubrics.read(rubric, said, seen)


def _main(rubric: Rubric, label: Label, seen: Seen) -> dict[str, Any]:
    if label.verdict is Verdict.criteria:
        return {}
    if label.verdict is Verdict.ranking or rubric.question("ranking") is not None:
        tiers = _tiers(label)
        return {"ranking": [[seen.letter(number) for number in tier] for tier in tiers]}
    asked = rubric.pairwise
    return {"pairwise": label.verdict.value if asked is None else _step(asked, label, seen)}


def _tiers(label: Label) -> Sequence[Sequence[int]]:
    """Return the order of answers; a choice between two of them is one, if it has no strength."""
    if label.verdict is Verdict.ranking:
        return label.ranking
    if label.strength is not None:
        raise Invalid(_UNLIKE, fields={"strength": _UNLIKE})
    if label.preferred is not None:
        return [[label.preferred], [1 - label.preferred]]
    return [[0, 1]] if label.verdict is Verdict.tie else []


def _step(asked: PairwiseDraft, label: Label, seen: Seen) -> int | str:
    if label.preferred is None:
        _require_asked(asked, label.verdict)
        return label.verdict.value
    strength, most = label.strength or WEAKEST, asked.steps // 2
    if strength > most:
        fault = say(_TOO_STRONG, most=most, said=strength)
        raise Invalid(fault, fields={"strength": fault})
    return pairwise.step_of(asked.steps, list(seen.places).index(label.preferred), strength)


def _require_asked(asked: PairwiseDraft, verdict: Verdict) -> None:
    is_tie = verdict is Verdict.tie
    if not (asked.tie if is_tie else asked.both_bad):
        fault = _NO_TIE if is_tie else _NO_BAD
        raise Invalid(fault, fields={"choice": fault})


def _criteria(rubric: Rubric, said: Mapping[str, Mapping[str, Any]], seen: Seen) -> criteria.Given:
    asked = rubric.question("criteria")
    known = {each.name: each for each in asked.criteria} if asked else {}
    return {name: _criterion(known.get(name), each, seen) for name, each in said.items()}


def _criterion(
    asked: Criterion | None, said: Mapping[str, Any], seen: Seen
) -> int | dict[str, int]:
    if "points" in said:
        return {seen.letter(int(number)): given for number, given in said["points"].items()}
    if asked is None or asked.asks is not Asks.comparison:
        return 0  # which no criterion takes
    better, strength = said.get("preferred"), said.get("strength")
    place = None if better is None else list(seen.places).index(better)
    return pairwise.step_of(asked.points, place, strength)
