"""What an answer looks like, apart from what it says: how far that decides, and without it, who.

Of the sample of comparisons whose texts are read. A difference is in standard deviations of all
differences in the sample, so that its weights can be compared.
"""

from math import exp

import numpy as np

from labeler import said
from labeler.quality.findings import models
from labeler.quality.findings.duels import Duels
from labeler.quality.findings.estimates import UNDEFINED, Finding, estimate
from labeler.quality.records import Array, Records
from labeler.quality.texts import Looks
from labeler.said import say
from labeler.stats.agreement import Interval
from labeler.stats.signals.lean import log_ratio, pool_lean
from labeler.stats.strengths import Effect

NAMES = ("length", "headers", "lists", "bold")
FEWEST = 30
"""Votes, below which nothing is said of styles."""
TOO_FEW = say("It takes some more votes on two answers.")


def found(records: Records, looks: Looks) -> Finding:
    """Return how the choice leans to longer answers."""
    return {"length": _length(records, looks)}


def differences(looks: Looks) -> Array:
    """Return comparisons × styles: the first answer's minus the second's; lengths as a log ratio.

    Counts are taken as logarithms too, of one more: the third header matters less than the first.
    """
    one, other = looks.styles[:, 0].astype(float), looks.styles[:, 1].astype(float)
    apart = np.log1p(one) - np.log1p(other)
    apart[:, 0] = log_ratio(one[:, 0], other[:, 0])
    return np.asarray(apart)


def leaning(records: Records, looks: Looks) -> tuple[Array, Array, Array]:
    """Return the votes for one of two answers, how much longer the first is, whether it won.

    The votes are places among the records; a length is the logarithm of a ratio.
    """
    pairs = records.counts & (records.compared.answers[records.item] == 2)
    which = np.flatnonzero(pairs & records.chose)
    there, place = looks.of(records.item[which])
    which = which[there]
    apart = differences(looks)[place, 0]
    return which, apart, (records.label[which] == 0).astype(float)


def _length(records: Records, looks: Looks) -> Finding:
    _, apart, chosen = leaning(records, looks)
    if len(chosen) < FEWEST or not apart.any():
        return estimate(float("nan"), UNDEFINED, len(chosen), TOO_FEW)
    signal = pool_lean(apart, chosen)
    return estimate(_doubled(signal.statistic), _ends(signal.interval), signal.n) | {
        "sentence": said.parts(signal.sentence)
    }


def _ends(interval: Interval) -> Interval:
    return Interval(_doubled(interval.low), _doubled(interval.high))


def _doubled(lean: float) -> float:
    """Return how often the longer of two answers is chosen, one twice as long as the other."""
    return 1 / (1 + 2**-lean)


def controlled(duels: Duels, looks: Looks) -> Finding:
    """Return what each style adds, and by model its strength and places without that.

    `duels` compare all of their models with each other; so must those in the sample, and there
    must be enough of them, or nothing is told.
    """
    styled, apart = _styled(duels, looks)
    n = len(styled.outcome)
    spread = apart.std(axis=0) if n else np.zeros(len(NAMES))
    varied = np.flatnonzero(spread > 0)
    enough = n >= FEWEST and len(varied) > 0 and _is_whole(styled, duels)
    fitted = models.fit(styled, apart[:, varied] / spread[varied]) if enough else None
    if fitted is None:
        return {"effects": [], "models": {}, "n": n}
    effects = zip(varied.tolist(), fitted.ranking.covariates, strict=True)
    kept = ("place_from", "place_to", "chance")
    rows = models.table(styled, fitted.ranking)
    return {
        "effects": [{"name": NAMES[at], **_effect(each, n)} for at, each in effects],
        "models": {row["model"]: {name: row[name] for name in kept} for row in rows},
        "n": n,
    }


def _is_whole(styled: Duels, duels: Duels) -> bool:
    """Tell whether the sample compares all of these models with each other, too."""
    return len(styled.names) == len(duels.names) and len(models.groups(styled)) == 1


def _styled(duels: Duels, looks: Looks) -> tuple[Duels, Array]:
    """Return the duels in the sample, and votes × styles: the left answer's minus the right's."""
    there, place = looks.of(duels.item)
    pairs = looks.is_pair[place]
    which = np.flatnonzero(there)[pairs]
    styled = duels.those(which)
    sides = np.where(styled.first_left, 1, -1)[:, None]
    return styled, differences(looks)[place[pairs]] * sides


def _effect(effect: Effect, n: int) -> Finding:
    """Return how often the answer with one standard deviation more is chosen, all else equal."""
    ends = effect.interval()
    low, value, high = (1 / (1 + exp(-each)) for each in (ends.low, effect.estimate, ends.high))
    return estimate(value, Interval(low, high), n)
