"""Simulated annotators who work through the API, and remember what they sent."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from labeler.demo.simulation import Leaning, Simulated
from tests.journeys.wire import Wire

Leans = Callable[[Sequence[str]], Leaning]
"""What is true of two answers in the order in which they stand."""


@dataclass(frozen=True)
class Said:
    """A judgment that was acknowledged, as whoever sent it saw it."""

    assignment: int
    prompt: list[dict[str, str]]
    answers: tuple[str, str]
    steps: int
    choice: int | str

    @property
    def vote(self) -> str:
        """The answer that it is for, "tie" or "both_bad"."""
        if isinstance(self.choice, str):
            return self.choice
        side = 2 * self.choice - self.steps - 1
        return "tie" if side == 0 else self.answers[0 if side < 0 else 1]


def judge_everything(
    url: str, slug: str, tokens: Sequence[str], accuracies: Sequence[float], leans: Leans
) -> list[Said]:
    """Let annotators of these accuracies judge all there is for them, at once; return what they
    sent."""
    raters = [
        _Rater(Wire(url, token), slug, Simulated(f"rater {number}", accuracy, number), leans)
        for number, (token, accuracy) in enumerate(zip(tokens, accuracies, strict=True))
    ]
    with ThreadPoolExecutor(len(raters)) as pool:
        return [said for some in pool.map(_Rater.work, raters) for said in some]


@dataclass(frozen=True)
class _Rater:
    wire: Wire
    slug: str
    someone: Simulated
    leans: Leans

    def work(self) -> list[Said]:
        with closing(self.wire):
            return [self._judge(given) for given in self._take()]

    def _take(self) -> Iterator[dict[str, Any]]:
        while (given := self.wire.post(f"/projects/{self.slug}/assignments")).status == 201:
            yield given.json
        assert given.status == 204, given

    def _judge(self, given: dict[str, Any]) -> Said:
        first, second = (response["text"] for response in given["responses"])
        steps = given["rubric"]["questions"][0]["steps"]
        choice = self.someone.choice(self.leans((first, second)), (0, 1), steps)
        reason = self.someone.reason(choice, steps)
        said = {"key": str(uuid.uuid4()), "choice": choice, "reason": reason}
        told = self.wire.post(f"/assignments/{given['id']}/judgment", said)
        assert told.status == 201, told
        assert (told.json["choice"], told.json["earned"]) == (choice, given["pay"])
        prompt = [{key: turn[key] for key in ("role", "content")} for turn in given["prompt"]]
        return Said(given["id"], prompt, (first, second), steps, choice)
