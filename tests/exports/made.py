"""Judgments and records without a database, for worked examples."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from exports import formats
from exports.choosing import aggregation, votes
from exports.choosing.concluding import Concluding
from exports.choosing.criteria import Criteria
from exports.choosing.records import Gathered, Writing, encode
from exports.choosing.selection import Judged, Said
from exports.choosing.texts import Answer, Texts, Turn
from exports.choosing.votes import Votes
from exports.files.sorting import Found
from exports.formats.columns import Row
from exports.making import consensus, shards
from exports.making.parts import Ballots

THEN = datetime(2026, 11, 23, 12, tzinfo=UTC)
QUESTION = "How long can cooked rice stay out of the fridge in summer?"
GOOD = ("Two hours at most.", "All day.")
NAMES = {number: str(number) * 12 for number in range(1, 10)}
"""Pseudonyms: Ada is 111111111111."""
NUMBERS = {number: number for number in range(100)}


class Told(NamedTuple):
    """A comparison that was judged, with its texts."""

    judged: Judged
    texts: Texts


def said(what: str, person: int = 1, **changes: Any) -> Said:
    """Read "0+2" (response 0 by two steps), "tie", "bad", "rated" or an order such as "2>0=1"."""
    verdict = {"bad": "both_bad", "rated": "criteria"}.get(what, what)
    preferred, strength = None, None
    more: dict[str, Any] = {}
    if what[1:2] == "+":
        verdict, preferred, strength = "preference", int(what[0]), int(what[2])
    elif ">" in what or "=" in what or what == "none":
        tiers = [] if what == "none" else what.split(">")
        verdict = "ranking"
        more["ranking"] = [[int(one) for one in tier.split("=")] for tier in tiers]
    more |= changes.pop("more", {})
    given: dict[str, Any] = {
        "comparison_id": 1,
        "person_id": person,
        "verdict": verdict,
        "preferred": preferred,
        "strength": strength,
        "guideline_number": 1,
        "rubric_number": 1,
        "version": 1,
        "duration_ms": 4500,
        "created_at": THEN,
        "state": "accepted",
        "reason": "",
        "more": json.dumps(more) if more else None,
        "shown": "[1, 0]",
    }
    return Said(**(given | changes))


def judged(*whats: str | Said, **changes: Any) -> Judged:
    """Make a comparison of which the first person said the first, the second the second."""
    everything = [
        one if isinstance(one, Said) else said(one, person)
        for person, one in enumerate(whats, start=1)
    ]
    given: dict[str, Any] = {
        "id": 1,
        "external_id": "a",
        "language": "en",
        "is_gold": False,
        "prompt_id": 1,
        "is_withdrawn": False,
        "is_adaptive": False,
        "batch": "pairs",
        "said": tuple(everything),
    }
    return Judged(**(given | changes))


def counted(*whats: str) -> Votes:
    """Add up what was said."""
    return votes.count(judged(*whats).said)


def told(
    *whats: str | Said,
    answers: Sequence[str] = GOOD,
    prompt: str | Sequence[tuple[str, str]] = QUESTION,
    provenance: str = "",
    **changes: Any,
) -> Told:
    """Make a comparison with its texts; its models are called m0, m1 and so on."""
    turns = [("user", prompt)] if isinstance(prompt, str) else prompt
    texts = Texts(
        [Turn(role=role, content=content) for role, content in turns],
        [
            Answer(content=answer, model=f"m{number}", provenance=provenance)
            for number, answer in enumerate(answers)
        ],
    )
    return Told(judged(*whats, **changes), texts)


def records(*given: Told, **rules: Any) -> list[Row]:
    """Conclude comparisons, and return what they come to as files tell it."""
    return [_read(one.record) for one in concluded(*given, **rules)]


def concluded(*given: Told, **rules: Any) -> list[Gathered]:
    """Conclude comparisons as a release does, one judgment being enough unless it is said."""
    criteria = Criteria(**({"min_judgments": 1} | rules))
    writing, ballots = Writing(NAMES, {1: 3}, criteria), Ballots()
    groups: dict[str, list[Found]] = {}
    for ordinal, one in enumerate(given):
        everything = votes.counted(one.judged.said, criteria)
        counts = votes.count(everything)
        gathered = writing.gather(ordinal, one.judged, everything, counts, one.texts)
        ballots.add(ordinal, everything, NUMBERS)
        groups.setdefault(gathered.key, []).append(Found(0, gathered.pack()))
    cast = ballots.partition(len(given))
    model = consensus.model(criteria.aggregation, len(NUMBERS))
    fitted = aggregation.fitted(model, [cast])
    likely = [aggregation.stated(model.posteriors(cast, fitted.parameters))]
    ordered = (shards.unpacked(groups[key], likely) for key in sorted(groups))
    return list(Concluding(criteria).conclude(ordered))


def record(given: Told, **rules: Any) -> Row:
    """Conclude one comparison."""
    (made,) = records(given, **rules)
    return made


def rows(name: str, *given: Told, **rules: Any) -> list[Row]:
    """Make the rows of a format, in the order in which they are written."""
    module, criteria = formats.MODULES[name], Criteria(**({"min_judgments": 1} | rules))
    found = [one.record for one in concluded(*given, **rules)]
    made = [_read(row) for one in found for row in module.rows(one, criteria)]
    return sorted(made, key=module.key) if hasattr(module, "key") else made


def row(name: str, given: Told, **rules: Any) -> Row:
    """Make the one row that a comparison has in a format."""
    (made,) = rows(name, given, **rules)
    return made


def _read(row: Any) -> Row:
    found: Row = json.loads(encode(row))
    return found
