"""The search for a maximum, where Newton's plain steps would lead astray."""

import numpy as np
import pytest

from labeler.stats.newton import Likelihood, Unsettled, maximum


def cosh(at: np.ndarray) -> Likelihood:
    """Minus log cosh of the difference less one: so flat far out that plain steps overshoot."""
    gap = at[0] - at[1] - 1
    slope, apart = -np.tanh(gap), np.array([1.0, -1.0])
    return Likelihood(-np.log(np.cosh(gap)), slope * apart, (1 - slope**2) * np.outer(apart, apart))


def test_steps_that_would_go_down_are_halved() -> None:
    found = maximum(cosh, np.array([1.5, -1.5]), 2)
    assert found.place == pytest.approx([0.5, -0.5])
    assert found.value == pytest.approx(0.0)
    # The information of the gap is 1 at the top, and either strength is half the gap.
    assert found.covariance == pytest.approx(np.array([[0.25, -0.25], [-0.25, 0.25]]))


def test_what_grows_without_end_has_no_maximum() -> None:
    def slope(at: np.ndarray) -> Likelihood:
        down = np.exp(at[1] - at[0])
        apart = np.array([1.0, -1.0])
        return Likelihood(-float(down), down * apart, down * np.outer(apart, apart))

    with pytest.raises(Unsettled):
        maximum(slope, np.zeros(2), 2)
