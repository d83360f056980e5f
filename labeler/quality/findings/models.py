"""Which model is better, how surely, and on how few votes the first place hangs."""

from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np

from labeler import said
from labeler.quality.findings.duels import Duels
from labeler.quality.findings.estimates import Finding, estimate, share
from labeler.quality.records import Array, Records
from labeler.said import Said, say
from labeler.stats import ranking
from labeler.stats.agreement import Interval
from labeler.stats.fragility import votes_to_change_first
from labeler.stats.newton import Unsettled
from labeler.stats.reliability import wilson_interval
from labeler.stats.strengths import Ranking

PRIOR = 0.5
"""Wins and losses that each model has beforehand, so that every one has a place."""
PEOPLE = 40
"""With fewer people, intervals that allow for how one person's votes hang together are narrow."""
PAIRS = 100
"""How many pairs of models are shown, those that met most often."""
FRAGILE = 40
"""With more models, nobody asks how few votes the first place hangs on: it takes too long."""
TOO_FEW = say("It takes votes on answers of two models that have names.")
UNSETTLED = say("These votes do not determine how strong the models are.")
_DOUBTS = {
    "disconnected": say("No vote compares these models with each other: %(models)s."),
    "unbeaten": say("These models never lost, so that their place is a guess: %(models)s."),
    "winless": say("These models never won, so that their place is a guess: %(models)s."),
}
ONE_PERSON = say("All votes are by one person; intervals say nothing of other people.")
FEW_PEOPLE = say("Only %(people)s people voted: intervals are rather too narrow.")
UNNAMED = say("%(votes)s votes on answers whose model has no name are left out.")
MANY_ANSWERS = say("Of more than two answers, the best one has beaten each of the others.")


@dataclass(frozen=True)
class Fitted:
    """A ranking, and what is to be said beside it."""

    ranking: Ranking
    warnings: list[Said]


def found(duels: Duels, records: Records) -> Finding:
    """Return the models from the strongest, each two of them, and what to be careful about."""
    fitted = fit(duels)
    if fitted is None:
        why = UNSETTLED if len(duels.names) > 1 else TOO_FEW
        return {"models": [], "pairs": [], "why": said.parts(why), "votes": len(duels.outcome)}
    wins, ties = ranking.tables(_counted(duels))
    return {
        "votes": len(duels.outcome),
        "people": len(np.unique(duels.person)),
        "models": table(duels, fitted.ranking),
        "pairs": _pairs(duels, records, wins, ties),
        "first": _first(duels, wins, ties),
        "side": _side(fitted.ranking, len(duels.outcome)),
        "warnings": [said.parts(each) for each in fitted.warnings],
    }


def fit(duels: Duels, covariates: Array | None = None) -> Fitted | None:
    """Rank the models; None if there is nothing to rank or no way to."""
    if len(duels.names) < 2:
        return None
    people = len(np.unique(duels.person))
    given: dict[str, Any] = {"models": len(duels.names), "side": duels.has_sides, "prior": PRIOR}
    try:
        ranked = ranking.fit(
            *(duels.left, duels.right, duels.outcome),
            covariates=covariates,
            cluster=duels.person if people > 1 else None,
            **given,
        )
    except Unsettled:
        return None
    return Fitted(ranked, _warnings(duels, ranked, people))


def table(duels: Duels, ranked: Ranking) -> list[Finding]:
    """Return a row per model from the strongest: its strength, its places, what was said of it.

    The share is that of votes, ties aside, that it would win against an average model. Its
    interval is that of the strength, on which two models are compared less surely than they
    could be: see the pairs.
    """
    wins, ties = (each.sum(axis=1) for each in ranking.tables(_counted(duels)))
    losses = ranking.tables(_counted(duels))[0].sum(axis=0)
    ends, places = ranked.intervals(), ranked.ranks()
    return [
        {
            "name": duels.names[at],
            "strength": _against_average(ranked, at, ends[at], int(wins[at] + losses[at])),
            "best": places[at][0],
            "worst": places[at][1],
            **_said(int(wins[at]), int(losses[at]), int(ties[at])),
        }
        for at in np.argsort(-ranked.strengths, kind="stable").tolist()
    ]


def _said(wins: int, losses: int, ties: int) -> Finding:
    """Keep what was said, as a share with ties, half a win each, and without.

    A vote worth half varies less than one that is won or lost: with ties the interval is wide.
    """
    n = wins + losses + ties
    score = (wins + ties / 2) / n if n else float("nan")
    return {
        "wins": wins,
        "losses": losses,
        "ties": ties,
        "with_ties": estimate(score, wilson_interval(round(wins + ties / 2), n), n),
        "without_ties": share(wins, wins + losses),
    }


def _against_average(ranked: Ranking, at: int, ends: Interval, n: int) -> Finding:
    interval = Interval(_chance(ends.low), _chance(ends.high))
    return estimate(_chance(float(ranked.strengths[at])), interval, n)


def _chance(odds: float) -> float:
    return 1 / (1 + exp(-odds)) if odds > -700 else 0.0


def _counted(duels: Duels) -> Array:
    return ranking.counted(duels.left, duels.right, duels.outcome, len(duels.names))


def _pairs(duels: Duels, records: Records, wins: Array, ties: Array) -> list[Finding]:
    """Return each two models that met, or those that met most often."""
    one, other = np.triu_indices(len(duels.names), 1)
    met = (wins + wins.T + ties)[one, other]
    order = np.argsort(-met, kind="stable")[:PAIRS]
    rows = [(int(one[at]), int(other[at])) for at in order if met[at]]
    low, high = np.minimum(duels.left, duels.right), np.maximum(duels.left, duels.right)
    return [
        {
            "one": duels.names[a],
            "other": duels.names[b],
            **_said(int(wins[a, b]), int(wins[b, a]), int(ties[a, b])),
            "judgments": records.last(duels.vote[(low == a) & (high == b)]),
        }
        for a, b in rows
    ]


def _first(duels: Duels, wins: Array, ties: Array) -> Finding | None:
    if len(duels.names) > FRAGILE:
        return None
    try:
        overtaking = votes_to_change_first(wins, ties, prior=PRIOR)
    except Unsettled:
        return None
    if overtaking is None:
        return None
    return {"votes": overtaking.votes, "name": duels.names[overtaking.model]}


def _side(ranked: Ranking, n: int) -> Finding | None:
    """Return how often the answer at A is chosen between two that are equally good."""
    if ranked.side is None:
        return None
    ends = ranked.side.interval()
    interval = Interval(_chance(ends.low), _chance(ends.high))
    return estimate(_chance(ranked.side.estimate), interval, n)


def _warnings(duels: Duels, ranked: Ranking, people: int) -> list[Said]:
    told = [
        say(_DOUBTS[doubt.kind], models="; ".join(_named(duels, group) for group in doubt.groups))
        for doubt in ranked.doubts
    ]
    if people < PEOPLE:
        told.append(ONE_PERSON if people < 2 else say(FEW_PEOPLE, people=people))
    if duels.unnamed:
        told.append(say(UNNAMED, votes=duels.unnamed))
    if duels.has_several:
        told.append(MANY_ANSWERS)
    return told


def _named(duels: Duels, group: tuple[int, ...]) -> str:
    return ", ".join(duels.names[each] for each in group)
