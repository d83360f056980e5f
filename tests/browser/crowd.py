"""A crowd that judges by the pages, without JavaScript: careful people, and one who only clicks.

Which answer is right is known of every comparison, so that people can be right as often as is
asked of them. On hard ones opinions alternate, whoever is asked.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from labeler.demo.simulation import Simulated
from tests.conftest import StoppedClock
from tests.visits import Visit

STEPS = re.compile(r'data-steps="(\d+)"')
NUMBER = re.compile(r"What is (\d+) plus one\?")
HARD = 5
"""Every so manieth comparison is hard."""
READING_S = 20.0
FAST_S = 15.0
AT_ONCE = 3
"""How many somebody judges before it is somebody else's turn."""


def rows(numbers: range, *, known: bool) -> str:
    """Return comparisons as lines of a file; of every other one the second answer is right."""
    return "".join(json.dumps(_row(number, known=known)) + "\n" for number in numbers)


def _row(number: int, *, known: bool) -> dict[str, object]:
    answers = (f"That makes {number + 1}.", f"That makes {number}.")
    given = [{"text": text, "model": f"model-{n}"} for n, text in enumerate(answers)]
    better = number % 2
    row = {
        "id": f"pair-{number}",
        "prompt": f"What is {number} plus one?",
        "language": "en",
        "responses": given[::-1] if better else given,
    }
    return row | ({"gold": {"better": better, "why": "Count it."}} if known else {})


@dataclass
class Crowd:
    """Everybody, what they see and do, and the time that it takes them."""

    slug: str
    time: StoppedClock
    hard: range
    """The numbers of comparisons among which there are hard ones."""
    asked: Counter[int] = field(default_factory=Counter)
    people: list["Annotator"] = field(default_factory=list)

    def work(self) -> int:
        """Let everybody judge a few; return how many there were in all."""
        return sum(each.work(AT_ONCE) for each in self.people)


@dataclass
class Annotator:
    """Somebody at a browser; `sent` is how many judgments the site has taken from them."""

    crowd: Crowd
    visit: Visit
    name: str
    someone: Simulated | None
    """None: they press the first button, whatever there is to read."""
    misreads: int = 0
    """In how many judgments, at first, they choose the wrong answer."""
    sent: int = 0

    def work(self, most: int) -> int:
        """Judge what there is, up to so many; return how many there were."""
        done = 0
        while done < most and (address := self._given()):
            self._judge(address)
            done += 1
        return done

    def qualify(self) -> Iterator[str]:
        """Answer the questions, again as long as that is possible; yield what is told each time."""
        page = f"/projects/{self.crowd.slug}/qualification"
        while True:
            self.work(AT_ONCE)
            yield (told := self.visit.get(page).text)
            if "Try again" not in told:
                return
            assert self.visit.post(page).status_code == 302

    def change(self, address: str, *, choice: int) -> None:
        """Look again at a judgment that was sent back, and say something else."""
        self.visit.get(address)
        key = self.visit.hidden("key")
        assert self.visit.post(address, key=key, choice=choice).status_code == 302

    def _given(self) -> str:
        told = self.visit.post(f"/projects/{self.crowd.slug}/start")
        assert told.status_code == 302
        return told.location if "/work/" in told.location else ""

    def _judge(self, address: str) -> None:
        text = self.visit.get(address).text
        key, choice = self.visit.hidden("key"), self._choice(text)
        self.crowd.time.forward(seconds=READING_S if self.someone else FAST_S)
        told = self.visit.ask(address, key=key, choice=choice)
        assert told.status_code == 200, told.text
        self.sent += 1

    def _choice(self, text: str) -> str | int:
        found, steps = NUMBER.search(text), STEPS.search(text)
        assert found and steps
        number = int(found[1])
        first, second = (text.index(f"That makes {n}.") for n in (number + 1, number))
        right = int(first > second)
        if self.someone is None:
            return 1
        if number in self.crowd.hard and number % HARD == 0:
            self.crowd.asked[number] += 1
            right ^= self.crowd.asked[number] % 2
            return 1 + right * (int(steps[1]) - 1)
        if self.misreads:
            self.misreads -= 1
            return 1 + (1 - right) * (int(steps[1]) - 1)
        return self.someone.choice(right, (0, 1), int(steps[1]))
