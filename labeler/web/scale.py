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
_OF_ONE = (
    say("%(answer)s is far better"),
    say("%(answer)s is much better"),
    say("%(answer)s is better"),
    say("%(answer)s is slightly better"),
    say("%(answer)s is barely better"),
)
_MIDDLE = say("About the same")
# Which of the four strengths a side has, by how many it has: "much" is needed before "slightly".
_STRENGTHS = {1: (2,), 2: (1, 2), 3: (1, 2, 3), 4: (0, 1, 2, 3), 5: (0, 1, 2, 3, 4)}


def step_names(steps: int) -> list[Said]:
    """Name the 2 to 10 steps of a symmetric scale; an odd one has a middle."""
    strengths = _STRENGTHS[steps // 2]
    middle = [_MIDDLE] if steps % 2 else []
    return [_A[i] for i in strengths] + middle + [_B[i] for i in reversed(strengths)]


def finding(steps: int, step: int, answer: str) -> Said:
    """Say what a step means to whoever knows which answer stood on its side."""
    if 2 * step == steps + 1:
        return _MIDDLE
    from_the_end = min(step, steps + 1 - step) - 1
    return say(_OF_ONE[_STRENGTHS[steps // 2][from_the_end]], answer=answer)
