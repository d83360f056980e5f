"""The names of the steps between two answers, as a person reads them in order."""

from labeler.said import Said, say

_A = (
    say("A far better"),
    say("A much better"),
    say("A better"),
    say("A slightly better"),
    say("A barely better"),
)
_B = (
    say("B far better"),
    say("B much better"),
    say("B better"),
    say("B slightly better"),
    say("B barely better"),
)
_MIDDLE = say("About the same")
# Which of the four strengths a side has, by how many it has: "much" is needed before "slightly".
_STRENGTHS = {1: (2,), 2: (1, 2), 3: (1, 2, 3), 4: (0, 1, 2, 3), 5: (0, 1, 2, 3, 4)}


def step_names(steps: int) -> list[Said]:
    """Name the 2 to 10 steps of a symmetric scale; an odd one has a middle."""
    strengths = _STRENGTHS[steps // 2]
    middle = [_MIDDLE] if steps % 2 else []
    return [_A[i] for i in strengths] + middle + [_B[i] for i in reversed(strengths)]
