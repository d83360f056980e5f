"""Labels: what a judgment finds best, as one number, so that judgments of any form can be added up.

Label 0 is the first response and so on; after the last response comes "about the same", and then
"both are bad". A ranking finds best what stands alone at the top; criteria, what has the most
points, or the most steps towards it, over all of them.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from labeler.work.questions import Questions
from labeler.work.questions.pairwise import PairwiseDraft, Verdict


def of(
    verdict: Verdict, preferred: int | None, said: Mapping[str, Any] | None, answers: int
) -> int:
    """Return the label of a judgment on a comparison of so many answers."""
    if verdict is Verdict.both_bad:
        return answers + 1
    if verdict is Verdict.criteria:
        preferred = _best((said or {}).get("criteria", {}))
    return answers if preferred is None else preferred


def number(asked: Questions, answers: int) -> int:
    """Return how many labels these questions have room for."""
    pairwise = next((each for each in asked if isinstance(each, PairwiseDraft)), None)
    if pairwise is None:
        return answers + 1
    return answers + (2 if pairwise.both_bad else int(pairwise.tie))


def _best(criteria: Mapping[str, Mapping[str, Any]]) -> int | None:
    points: Counter[int] = Counter()
    for said in criteria.values():
        if said.get("preferred") is not None:
            points[said["preferred"]] += said["strength"]
        for response, given in said.get("points", {}).items():
            points[int(response)] += given
    best = points.most_common(2)
    if not best or (len(best) == 2 and best[0][1] == best[1][1]):
        return None
    return best[0][0]
