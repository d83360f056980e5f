"""Standings: what a project's votes so far say of the models that endpoints ask.

They are taken once, when a generation is begun, and kept with it: so its pairs stay the same
whatever is said meanwhile.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from itertools import combinations
from math import isfinite
from typing import Any

from sqlalchemy.orm import Session

from labeler.errors import Conflict
from labeler.generation.pairing import Gap, Two, two
from labeler.said import say
from labeler.work.projects import Project

_UNTOLD = say(
    "Votes so far compare no two of these endpoints, so nobody knows which is best. "
    "Please choose other pairs."
)


def take(session: Session, project: Project, models: Mapping[str, str]) -> dict[str, Any]:
    """Return what votes say of endpoints, in JSON: the best, and how sure each difference is.

    `models` names the model of each endpoint. A difference that nobody voted on is left out.
    """
    from labeler.quality import records
    from labeler.quality.findings import duels
    from labeler.quality.findings import models as strengths

    found = duels.of(records.read(lambda: nullcontext(session), project))
    fitted = strengths.fit(found)
    if fitted is None:
        return {"best": None, "gaps": []}
    at = {name: found.names.index(model) for name, model in models.items() if model in found.names}
    gaps = [
        [one, other, effect.estimate, effect.standard_error]
        for one, other in combinations(sorted(at), 2)
        if at[one] != at[other]
        for effect in [fitted.ranking.difference(at[one], at[other])]
        if isfinite(effect.standard_error) and effect.standard_error > 0
    ]
    known = fitted.ranking.strengths
    best = max(at, key=lambda name: float(known[at[name]])) if len(at) > 1 else None
    return {"best": best, "gaps": gaps}


def best(standing: Mapping[str, Any]) -> str:
    """Return the endpoint that votes found best; raises Conflict if they say nothing."""
    found: str | None = standing.get("best")
    if found is None:
        raise Conflict(_UNTOLD)
    return found


def gaps(standing: Mapping[str, Any]) -> dict[Two, Gap]:
    """Return how much stronger one endpoint is than another, as far as votes say."""
    told: Sequence[Sequence[Any]] = standing.get("gaps", ())
    return {two(one, other): Gap(estimate, error) for one, other, estimate, error in told}
