"""Simulated annotators are right as often as they say, and draw the same answers again."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from labeler.demo import simulation
from labeler.demo.simulation import Leaning, Simulated
from labeler.work import questions
from labeler.work.rubrics import Rubric, RubricDraft, Verdict, read_answer

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MANY = 4000


def rubric(steps: int) -> Rubric:
    """A scale of so many steps, with everything beside it."""
    return Rubric(questions=questions.store(RubricDraft(steps=steps).asked))


def share_right(someone: Simulated, leans: int, steps: int) -> float:
    """Let somebody judge many pairs, half of them in the other order; return the share right."""
    right = 0
    for number in range(MANY):
        places = [0, 1] if number % 2 else [1, 0]
        answer = read_answer(rubric(steps), someone.choice(leans, places, steps))
        right += answer.place is not None and places[answer.place] == leans
    return right / MANY


@pytest.mark.parametrize("steps", range(2, 10))
@pytest.mark.parametrize("accuracy", [0.6, 0.9])
def test_right_as_often_as_stated_on_every_scale(steps: int, accuracy: float) -> None:
    # Four standard errors of a share: 0.031 at 0.6.
    share = share_right(Simulated("Ada", accuracy, 1), steps % 2, steps)
    assert share == pytest.approx(accuracy, abs=4 * (accuracy * (1 - accuracy) / MANY) ** 0.5)


def test_somebody_perfect_and_somebody_contrary() -> None:
    assert share_right(Simulated("Ada", 1.0, 1), 0, 7) == 1
    assert share_right(Simulated("Ada", 0.0, 1), 0, 7) == 0


def test_the_same_seed_says_the_same_and_another_something_else() -> None:
    def said(name: str, seed: int) -> list[str | int]:
        someone = Simulated(name, 0.8, seed)
        return [someone.choice(number % 2, [0, 1], 7) for number in range(50)]

    assert said("Ada", 1) == said("Ada", 1)
    assert said("Ada", 1) != said("Ada", 2)
    assert said("Ada", 1) != said("Bea", 1)


@pytest.mark.parametrize(
    ("leans", "steps", "verdict"),
    [
        (None, 7, Verdict.tie),
        (None, 6, Verdict.tie),
        ("both_bad", 7, Verdict.both_bad),
    ],
)
def test_pairs_without_a_better_answer(leans: Leaning, steps: int, verdict: Verdict) -> None:
    someone = Simulated("Ada", 0.8, 1)
    said = Counter(
        read_answer(rubric(steps), someone.choice(leans, [0, 1], steps)).verdict
        for _ in range(MANY)
    )
    assert said[verdict] / MANY == pytest.approx(0.8, abs=0.03)
    assert set(said) == {verdict, Verdict.preference}


def test_who_is_right_is_surer_than_who_is_wrong() -> None:
    def strength(accuracy: float) -> float:
        someone = Simulated("Ada", accuracy, 1)
        answers = (read_answer(rubric(7), someone.choice(0, [0, 1], 7)) for _ in range(MANY))
        return sum(answer.strength or 0 for answer in answers) / MANY

    assert strength(1.0) > 2
    assert strength(0.0) < 1.6


def test_reasons_fit_what_was_said_and_are_often_left_out() -> None:
    someone = Simulated("Ada", 0.9, 1)
    for choice, kind in ((1, "clear"), (3, "close"), (4, "tie"), ("tie", "tie")):
        reasons = [someone.reason(choice, 7) for _ in range(300)]
        assert 0.3 < sum(map(bool, reasons)) / 300 < 0.5
        assert set(reasons) <= {"", *simulation._REASONS[kind]}
    assert someone.reason("both_bad", 7) in {"", *simulation._REASONS["both_bad"]}


def test_long_texts_take_longer_and_nobody_takes_forever() -> None:
    someone = Simulated("Ada", 0.9, 1)
    short, long = ([someone.seconds(words) for _ in range(200)] for words in (100, 400))
    assert sum(long) > 2 * sum(short)
    extremes = someone.seconds(0), someone.seconds(100_000)
    assert extremes == (simulation.SHORTEST_S, simulation.LONGEST_S)


def test_appointments_lie_in_the_days_before_and_leave_time_to_judge() -> None:
    for seed in range(50):
        planned = Simulated("Ada", 0.9, seed).appointments(10, until=NOW, days=10)
        moments = sorted(appointment.at for appointment in planned)
        assert len(moments) == 10
        assert NOW - timedelta(days=10, hours=21) < moments[0]
        assert moments[-1] + timedelta(seconds=simulation.LONGEST_S) < NOW
        longest = timedelta(seconds=simulation.LONGEST_S)
        assert all(later - earlier > longest for earlier, later in pairwise(moments))
