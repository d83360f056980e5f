"""Models that can be compared with each other: who is better, how surely, on how few votes."""

from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np

from labeler import said
from labeler.quality.findings.duels import Duels
from labeler.quality.findings.estimates import Finding, estimate
from labeler.quality.records import Array, Records
from labeler.said import Said, say
from labeler.stats import connectivity, ranking
from labeler.stats.agreement import Interval
from labeler.stats.fragility import votes_to_change_first, votes_to_change_order
from labeler.stats.newton import Unsettled
from labeler.stats.reliability import wilson_interval
from labeler.stats.strengths import Ranking, wider

PRIOR = 0.5
"""Wins and losses that each model has beforehand, so that every one has a place."""
PEOPLE = 40
"""With fewer people, what one person's votes have in common is not known well."""
PAIRS = 100
"""Of how many pairs of models judgments are shown, those that met most often."""
FRAGILE = 40
"""With more models, nobody asks how few votes the order hangs on: it takes too long."""
PLACES = 10
"""Of how many first places it is asked on how few votes each hangs."""
UNSETTLED = say("These votes do not determine how strong the models are.")
_DOUBTS = {
    "disconnected": say("No vote compares these models with each other: %(models)s."),
    "unbeaten": say("These models never lost, so that their place is a guess: %(models)s."),
    "winless": say("These models never won, so that their place is a guess: %(models)s."),
}
ONE_PERSON = say("All votes are by one person; intervals say nothing of other people.")
FEW_PEOPLE = say("Only %(people)s people voted: intervals are rather too narrow.")


@dataclass(frozen=True)
class Fitted:
    """A ranking, and what is to be said beside it."""

    ranking: Ranking
    warnings: list[Said]


def found(duels: Duels) -> Finding:
    """Return the models from the strongest, and what to be careful about."""
    fitted = fit(duels)
    if fitted is None:
        return {"names": duels.names, "models": [], "why": said.parts(UNSETTLED)}
    wins, ties = ranking.tables(counted(duels))
    rows = table(duels, fitted.ranking)
    for row, votes in zip(rows, _passed(wins, ties), strict=False):
        row["votes_to_be_passed"] = votes
    return {
        "votes": len(duels.outcome),
        "people": duels.people,
        "models": rows,
        "first": _first(duels, wins, ties),
        "side": _side(fitted.ranking, len(duels.outcome)),
        "notes": [said.parts(each) for each in fitted.warnings],
    }


def fit(duels: Duels, covariates: Array | None = None) -> Fitted | None:
    """Rank the models; None if there is nothing to rank or no way to."""
    if len(duels.names) < 2:
        return None
    given: dict[str, Any] = {
        "left": duels.left,
        "right": duels.right,
        "outcome": duels.outcome,
        "models": len(duels.names),
        "covariates": covariates,
        "side": duels.has_sides,
        "prior": PRIOR,
    }
    people = duels.people
    try:
        ranked = ranking.fit(**given, cluster=duels.person if people > 1 else None)
        if 1 < people < PEOPLE:
            ranked = wider(ranked, ranking.fit(**given))
    except Unsettled:
        return None
    return Fitted(ranked, _warnings(duels, ranked, people))


def table(duels: Duels, ranked: Ranking) -> list[Finding]:
    """Return a row per model from the strongest: its strength, its places, what was said of it.

    The chance is that of being chosen over an average model, ties aside. Its interval is that of
    the strength, on which two models are compared less surely than they could be.
    """
    tallied, bad = counted(duels), _bad(duels).sum(axis=1)
    won, same = ranking.tables(tallied)
    wins, losses, ties = won.sum(axis=1), won.sum(axis=0), same.sum(axis=1)
    ends, places = ranked.intervals(), ranked.ranks()
    return [
        {
            "model": duels.names[at],
            "place_from": places[at][0],
            "place_to": places[at][1],
            "chance": _against_average(ranked, at, ends[at], int(wins[at] + losses[at])),
            "log_odds": estimate(float(ranked.strengths[at]), ends[at], int(wins[at] + losses[at])),
            **_said(int(wins[at]), int(losses[at]), int(ties[at]), int(bad[at])),
            "votes_to_be_passed": None,
        }
        for at in np.argsort(-ranked.strengths, kind="stable").tolist()
    ]


def pairs(duels: Duels) -> list[Finding]:
    """Return each two models that met, those that met most often first, and what was said."""
    won, same = ranking.tables(counted(duels))
    bad = _bad(duels)
    return [
        {
            "one": duels.names[a],
            "other": duels.names[b],
            "wins": int(won[a, b]),
            "losses": int(won[b, a]),
            "ties": int(same[a, b] - bad[a, b]),
            "both_bad": int(bad[a, b]),
        }
        for a, b in _met(won + won.T + same)
    ]


def judged(duels: Duels, records: Records) -> list[Finding]:
    """Return the last judgments on each two models, in the order of `pairs`, of the first ones."""
    won, same = ranking.tables(counted(duels))
    low, high = np.minimum(duels.left, duels.right), np.maximum(duels.left, duels.right)
    return [
        {
            "one": duels.names[a],
            "other": duels.names[b],
            "judgments": records.last(duels.vote[(low == a) & (high == b)]),
        }
        for a, b in _met(won + won.T + same)[:PAIRS]
    ]


def groups(duels: Duels) -> tuple[tuple[int, ...], ...]:
    """Return which models votes compare with each other, over however many others."""
    return connectivity.parts(np.asarray(counted(duels).any(axis=2)))


def counted(duels: Duels) -> Array:
    """Return models × models × 3, as the ranking counts them."""
    return ranking.counted(duels.left, duels.right, duels.outcome, len(duels.names))


def _bad(duels: Duels) -> Array:
    """Return models × models, symmetric: how often both answers were found bad."""
    size = len(duels.names)
    places = (duels.left * size + duels.right)[duels.both_bad]
    counts = np.bincount(places, minlength=size**2).reshape(size, size)
    return np.asarray(counts + counts.T)


def _met(times: Array) -> list[tuple[int, int]]:
    one, other = np.triu_indices(len(times), 1)
    met = times[one, other]
    order = np.argsort(-met, kind="stable")
    return [(int(one[at]), int(other[at])) for at in order[: int(np.count_nonzero(met))]]


def _said(wins: int, losses: int, ties: int, bad: int) -> Finding:
    """Keep what was said, as a share with ties, half a win each, and without.

    A vote worth half varies less than one that is won or lost: with ties the interval is wide.
    """
    n, decided = wins + losses + ties, wins + losses
    score = (wins + ties / 2) / n if n else float("nan")
    share = wins / decided if decided else float("nan")
    return {
        "wins": wins,
        "losses": losses,
        "ties": ties - bad,
        "both_bad": bad,
        "with_ties": estimate(score, wilson_interval(round(wins + ties / 2), n), n),
        "without_ties": estimate(share, wilson_interval(wins, decided), decided),
    }


def _against_average(ranked: Ranking, at: int, ends: Interval, n: int) -> Finding:
    interval = Interval(_chance(ends.low), _chance(ends.high))
    return estimate(_chance(float(ranked.strengths[at])), interval, n)


def _chance(odds: float) -> float:
    return 1 / (1 + exp(-odds)) if odds > -700 else 0.0


def _first(duels: Duels, wins: Array, ties: Array) -> Finding | None:
    """Return how few votes fewer would put which model first."""
    if len(duels.names) > FRAGILE:
        return None
    try:
        overtaking = votes_to_change_first(wins, ties, prior=PRIOR)
    except Unsettled:
        return None
    if overtaking is None:
        return None
    return {"votes": overtaking.votes, "model": duels.names[overtaking.model]}


def _passed(wins: Array, ties: Array) -> list[int | None]:
    """Return, for the first places, how few votes fewer would let the next model pass."""
    if len(wins) > FRAGILE:
        return []
    try:
        passing = votes_to_change_order(wins, ties, prior=PRIOR, places=PLACES)
    except Unsettled:
        return []
    return [each.votes if each else None for each in passing]


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
    return told


def _named(duels: Duels, group: tuple[int, ...]) -> str:
    return ", ".join(duels.names[each] for each in group)
