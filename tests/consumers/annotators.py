"""Simulated annotators, who judge through the JSON API what they are given, until nothing is."""

import uuid
from collections.abc import Callable

from tests.consumers.planted import Choice
from tests.consumers.site import Caller

Opinion = Callable[[str, tuple[str, str], int], Choice]
"""Of the last turn of a prompt, two answers from left to right and the steps of the scale."""


def judge_everything(port: int, slug: str, token: str, opinion: Opinion) -> int:
    """Judge all there is for the owner of a token; return how much that was."""
    judged = 0
    with Caller(port, token) as caller:
        while (given := caller.ask("POST", f"/projects/{slug}/assignments")).status == 201:
            first, second = (each["text"] for each in given.json["responses"])
            steps = given.json["rubric"]["questions"][0]["steps"]
            choice = opinion(given.json["prompt"][-1]["content"], (first, second), steps)
            said = {"key": str(uuid.uuid4()), "choice": choice}
            path = f"/assignments/{given.json['id']}/judgment"
            told = caller.ask("POST", path, said)
            assert told.status == 201, told
            judged += 1
    assert given.status == 204, given
    return judged
