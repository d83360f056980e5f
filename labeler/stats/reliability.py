"""How sure one can be of a share: of one person's right answers, of answers on one side."""

from math import sqrt
from statistics import NormalDist

from labeler.stats.agreement import Interval


def wilson_interval(successes: int, trials: int, level: float = 0.95) -> Interval:
    """Return the score interval of a share, sensible also for few trials and at 0 or 1.

    With p = successes/trials and z the normal quantile of the level:
    (p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n). nan without trials.
    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    assert 0 <= successes <= trials, "there are never more successes than trials"
    if trials == 0:
        return Interval(float("nan"), float("nan"))
    share = successes / trials
    z2 = NormalDist().inv_cdf((1 + level) / 2) ** 2
    centre = share + z2 / (2 * trials)
    reach = sqrt(z2 * (share * (1 - share) / trials + z2 / (4 * trials**2)))
    scale = 1 + z2 / trials
    low, high = (centre - reach) / scale, (centre + reach) / scale
    return Interval(max(0.0, min(low, share)), min(1.0, max(high, share)))
