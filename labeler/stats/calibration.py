"""Calibration: from how sure a consensus says it is to how often it is right.

Items differ in difficulty, which `one_coin` does not know: votes on a hard item are wrong together,
and it is too sure of itself, by three points where collecting stops at .95. Items whose label is
known for certain show by how much.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labeler.stats.tables import Array

_TRUST = 9.0
"""What audited items must outweigh: the power is taken to be 1, give or take a third."""
_ALMOST = 1e-12


@dataclass(frozen=True, slots=True)
class Calibration:
    """A map that multiplies the log-odds of a stated confidence by `power`."""

    power: float = 1.0

    def confidence(self, stated: ArrayLike) -> Array:
        """Return the real rate for each stated confidence.

        Up to one half it is left alone, so that the label that wins goes on winning.
        """
        sure = np.asarray(stated, dtype=float)
        mapped = 1 / (1 + np.exp(-self.power * _log_odds(sure)))
        return np.where(sure > 0.5, mapped, sure)

    def posteriors(self, posteriors: ArrayLike) -> Array:
        """Return posteriors (items × labels) with the confidence mapped, the rest in proportion."""
        rows = np.asarray(posteriors, dtype=float)
        top = rows.max(axis=1, keepdims=True)
        mapped = self.confidence(np.minimum(top, 1 - _ALMOST))
        rest = (1 - mapped) / np.maximum(1 - top, _ALMOST)
        # What ties has one half at most, and is left alone with its row.
        return np.where(top > 0.5, np.where(rows == top, mapped, rows * rest), rows)


def calibrate(stated: ArrayLike, right: ArrayLike) -> Calibration:
    """Learn the map from audited items: the stated confidence in each, and whether it was right.

    One parameter, the maximum of Σ log P(right | σ(power · logit(stated))) with a normal prior
    around 1. With a few hundred items a second parameter or a step function (isotonic regression)
    follows the noise: they come out further from the truth on items that they have not seen. The
    items must have been collected by the same rule as those that it is to be used for; 250 tell the
    rate to 1.4 points at best, 2,000 to half a point. Without any it is the identity.
    Guo et al. (2017), On calibration of modern neural networks, section 4: temperature scaling.
    """
    logits = np.maximum(_log_odds(np.asarray(stated, dtype=float)), 0.0)
    hits = np.asarray(right, dtype=float)
    assert logits.shape == hits.shape, "each audited item has one confidence, right or wrong"
    power = 1.0
    for _ in range(50):
        rates = 1 / (1 + np.exp(-power * logits))
        slope = logits @ (hits - rates) - _TRUST * (power - 1)
        step = slope / (logits**2 @ (rates * (1 - rates)) + _TRUST)
        power = max(power + float(np.clip(step, -1, 1)), 0.0)
        if abs(step) < 1e-10:
            break
    return Calibration(power)


def _log_odds(sure: Array) -> Array:
    inside = np.clip(sure, _ALMOST, 1 - _ALMOST)
    return np.asarray(np.log(inside / (1 - inside)))
