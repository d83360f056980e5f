"""Putting two to ten answers in order.

What is stored are tiers, best first: lists of the numbers of responses that share a place. No tier
at all says that none of the answers will do. An order that nobody touched is no answer.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from labeler.errors import Invalid
from labeler.said import say
from labeler.work.questions.seen import Seen

Given: TypeAlias = list[list[str]]
Value: TypeAlias = list[list[int]]


class RankingDraft(BaseModel):
    """Asks to put the answers in order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["ranking"] = "ranking"
    ties: bool = Field(True, description="Whether answers may share a place.")
    partial: bool = Field(False, description="Whether some may be left without a place.")
    none: bool = Field(True, description="Whether 'none of them will do' may be said.")


def from_form(_draft: RankingDraft, fields: dict[str, str], seen: Seen) -> Given | None:
    """Take the places out of a form: ranking.A is the place of the answer at A."""
    none = fields.pop("ranking.none", "")
    said = {letter: fields.pop(f"ranking.{letter}", "") for letter in seen.letters}
    placed = {letter: place for letter, place in said.items() if place}
    if none:
        if placed:
            words = say("Either give places, or say that none will do.")
            raise Invalid(words, fields={"ranking.none": words})
        return []
    known = [str(place) for place in range(1, len(seen.places) + 1)]
    if wrong := {f"ranking.{each}": _PLACE for each, at in placed.items() if at not in known}:
        raise Invalid(_PLACE, fields=wrong)
    tiers = [[each for each, at in placed.items() if at == place] for place in known]
    return [tier for tier in tiers if tier] or None


_PLACE = say("Please choose one of the places.")
_PLEASE = say("Please put the answers in order.")


def read(draft: RankingDraft, given: Given | None, seen: Seen) -> Value:
    """Read an order; raises Invalid."""
    if given == [] and draft.none:
        return []
    if not given:
        raise Invalid(_PLEASE, fields={"ranking": _PLEASE})
    faults = _faults(draft, given, seen)
    if faults:
        raise Invalid("This order cannot be taken.", fields=faults)
    numbers = [[seen.number(letter) for letter in tier] for tier in given]
    return [sorted(number for number in tier if number is not None) for tier in numbers]


def _faults(draft: RankingDraft, given: Given, seen: Seen) -> dict[str, str]:
    placed = [letter for tier in given for letter in tier]
    if any(seen.number(letter) is None for letter in placed) or not all(given):
        return {"ranking": say("There is no answer at one of these places.")}
    if len(set(placed)) < len(placed):
        return {"ranking": say("An answer has two places.")}
    missing = [letter for letter in seen.letters if letter not in placed]
    if missing and not draft.partial:
        return _each(missing, say("Please give answer %(letter)s a place."))
    if len(placed) < 2:
        return {"ranking": say("Please give at least two answers a place.")}
    shared = [letter for tier in given if len(tier) > 1 for letter in tier]
    if shared and not draft.ties:
        return _each(shared, say("Answer %(letter)s shares its place."))
    return {}


def _each(letters: Sequence[str], words: str) -> dict[str, str]:
    return {f"ranking.{letter}": say(words, letter=letter) for letter in letters}


def top(value: Value) -> int | None:
    """Return the number of the response that stands alone at the first place."""
    return value[0][0] if value and len(value[0]) == 1 else None


def fields(_draft: RankingDraft, value: Value, seen: Seen) -> dict[str, str]:
    """Return the form's fields as they were filled in."""
    if not value:
        return {"ranking.none": "1"}
    return {
        f"ranking.{seen.letter(number)}": str(place)
        for place, tier in enumerate(value, start=1)
        for number in tier
    }


def aggregate(values: Sequence[Value]) -> dict[str, Any]:
    """Count how often each response stood above each other one, shared a place with it, was top.

    `above["0"]["2"]` is how often response 0 stood above response 2. Pairs of one order are not
    independent of each other: whoever puts an interval around them draws whole orders anew.
    """
    numbers = sorted({number for value in values for tier in value for number in tier})
    above: dict[str, dict[str, int]] = {str(one): {} for one in numbers}
    tied: dict[str, dict[str, int]] = {str(one): {} for one in numbers}
    for value in values:
        for better, worse in _pairs(value):
            above[better][worse] = above[better].get(worse, 0) + 1
        for one, other in _ties(value):
            tied[one][other] = tied[one].get(other, 0) + 1
    tops = [top(value) for value in values]
    return {
        "judgments": len(values),
        "none": sum(not value for value in values),
        "top": {str(one): tops.count(one) for one in numbers},
        "above": above,
        "tied": tied,
    }


def _pairs(value: Value) -> list[tuple[str, str]]:
    """Return the pairs of which the first stood above the second."""
    return [
        (str(better), str(worse))
        for upper, lower in combinations(value, 2)
        for better in upper
        for worse in lower
    ]


def _ties(value: Value) -> list[tuple[str, str]]:
    both = [pair for tier in value for pair in combinations(map(str, tier), 2)]
    return both + [(other, one) for one, other in both]


def export(value: Value) -> dict[str, Any]:
    """Return the value as a record of a dataset: tiers, and the rank of each response from 1.

    Answers that share a place share its rank, and the next rank is one more.
    """
    ranks = {str(number): rank for rank, tier in enumerate(value, start=1) for number in tier}
    return {"tiers": value, "ranks": dict(sorted(ranks.items())), "none": not value}
