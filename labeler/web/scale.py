"""The names of the steps between two answers, as a person reads them in order."""

_A = ("A far better", "A much better", "A better", "A slightly better")
_B = ("B far better", "B much better", "B better", "B slightly better")
_MIDDLE = "About the same"
# Which of the four strengths a side has, by how many it has: "much" is needed before "slightly".
_STRENGTHS = {1: (2,), 2: (1, 2), 3: (1, 2, 3), 4: (0, 1, 2, 3)}


def step_names(steps: int) -> list[str]:
    """Name the 2 to 9 steps of a symmetric scale; an odd one has a middle."""
    strengths = _STRENGTHS[steps // 2]
    middle = [_MIDDLE] if steps % 2 else []
    return [_A[i] for i in strengths] + middle + [_B[i] for i in reversed(strengths)]
