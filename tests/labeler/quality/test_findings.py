"""What is found, on judgments that were counted by hand."""

import json
from math import isclose
from typing import Any

import numpy as np
import pytest

from labeler import said
from labeler.quality import repeats, signals
from labeler.quality.findings import (
    agreement,
    disagreements,
    gold,
    people,
    sides,
    styles,
    times,
)
from labeler.quality.records import Records
from labeler.quality.texts import Looks, Reason
from tests.labeler.quality.arrays import MONDAY, WEEK_S, records, votes

FIVE_AND_ONE = [(0, 0), (0, 1), (1, 1), (2, 2), (3, 2), (1, 1)]
"""Of six comparisons, four are agreed on: 0, 2, 3 and 5."""


def looks_of(known: Records, lengths: list[tuple[int, int]]) -> Looks:
    """Return looks of answers that differ in their lengths alone, in characters."""
    styled = np.zeros((len(lengths), 2, 4), dtype=int)
    styled[:, :, 0] = np.array(lengths, dtype=int).reshape(-1, 2)
    item = np.arange(len(lengths))
    return Looks(item, np.full(len(lengths), 100), styled, np.ones(len(lengths), dtype=bool))


def test_agreement_with_ties_and_without() -> None:
    found = agreement.found(records(votes(*FIVE_AND_ONE)))
    assert (found["raw"]["value"], found["raw"]["n"]) == (pytest.approx(4 / 6, abs=1e-6), 6)
    # Votes for a side only: four comparisons have two of them, and three agree.
    assert (found["without_ties"]["value"], found["without_ties"]["n"]) == (0.75, 4)
    assert found["raw"]["low"] < 4 / 6 < found["raw"]["high"]
    assert found["without_ties"]["low"] is None, "four comparisons are too few for a range"


def test_what_was_asked_again_because_people_disagreed_tells_nothing_of_agreement() -> None:
    rows = votes((0, 0), (0, 1, 1, 0), (0, 1, 0, 1))
    found = agreement.found(records(rows, adaptive=(1, 2)))
    assert (found["raw"]["value"], found["raw"]["n"]) == (1.0, 1)


def test_known_answers_and_second_looks_are_no_votes() -> None:
    rows = [
        {"item": 0, "person": 0, "label": 0},
        {"item": 0, "person": 0, "label": 0, "is_repeat": True},
        {"item": 1, "person": 0, "gold": 1},
        {"item": 1, "person": 1, "gold": 1},
    ]
    found = agreement.found(records(rows))
    assert (found["raw"]["value"], found["raw"]["n"]) == (None, 0)
    assert said.joined(found["raw"]["why"]) == "No comparison has two judgments that can tell it."


def test_alpha_says_why_it_has_no_value() -> None:
    found = agreement.found(records(votes(*[(0, 0)] * 6)))
    assert found["alpha"]["value"] is None
    assert said.joined(found["alpha"]["why"]).startswith("All judgments say the same")
    # Six of six agree, which does not mean that everybody always will.
    assert found["raw"]["value"] == 1.0
    assert found["raw"]["low"] == pytest.approx(0.6097, abs=1e-4)


def test_a_few_people_make_the_range_wider() -> None:
    rng = np.random.default_rng(1)
    rows = []
    for item in range(200):
        one, other = rng.choice(4, size=2, replace=False)
        careless = {0: 0.1, 1: 0.1, 2: 0.1, 3: 0.5}
        rows += [
            {"item": item, "person": int(who), "label": int(rng.random() < careless[int(who)])}
            for who in (one, other)
        ]
    found = agreement.found(records(rows))
    many = [row | {"person": row["item"] % 50 * 4 + row["person"]} for row in rows]
    alone = agreement.found(records(many))
    assert (found["few"], alone["few"]) == (True, False)
    assert found["raw"]["value"] == alone["raw"]["value"]
    width = [each["raw"]["high"] - each["raw"]["low"] for each in (found, alone)]
    assert width[0] > 1.5 * width[1]


def test_steps_that_lie_near_agree_more_than_steps_that_lie_apart() -> None:
    both = [(item, person) for item in range(6) for person in (0, 1)]
    near = [{"item": i, "person": p, "label": i % 2, "strength": 1 + p} for i, p in both]
    apart = [{"item": i, "person": p, "label": (i + p) % 2, "strength": 3} for i, p in both]
    one, other = (agreement.found(records(rows))["ordinal"]["value"] for rows in (near, apart))
    assert one > 0.5 > 0 > other
    assert agreement.found(records(near, steps=2))["ordinal"] is None


def test_a_pair_belongs_to_the_week_of_the_later_one() -> None:
    rows = votes(*[(0, 0)] * 5, (0, 1))
    rows += [{"item": i, "person": 2, "label": 0, "at": MONDAY + WEEK_S} for i in range(5)]
    weeks = agreement.found(records(rows))["weeks"]
    assert [week["name"] for week in weeks] == ["2026-11-23", "2026-11-30"]
    assert [(week["raw"]["value"], week["raw"]["n"]) for week in weeks] == [
        (pytest.approx(5 / 6, abs=1e-6), 6),
        (1.0, 5),
    ]
    assert weeks[1]["judgments"] == [17, 16, 15, 14, 13]


def test_languages_and_guidelines_are_told_apart() -> None:
    rows = votes((0, 0), (0, 1), (1, 1))
    for row in rows[:1]:
        row["guideline"] = 2
    found = agreement.found(records(rows, language=[0, 0, 1]))
    assert [(each["name"], each["raw"]["value"]) for each in found["languages"]] == [
        ("en", 0.5),
        ("fr", 1.0),
    ]
    # Of the first comparison, the two votes cite different versions.
    assert [(each["name"], each["raw"]["n"]) for each in found["guidelines"]] == [(1, 2), (2, 0)]


def test_the_most_even_votes_come_first() -> None:
    found = disagreements.found(records(votes((0, 0), (0, 0, 1), (0, 1), (0, 1, 0, 1))))
    assert [row["comparison_id"] for row in found] == [103, 102, 101]
    assert found[0]["votes"] == [2, 2, 0, 0]


def test_sides() -> None:
    rows = [{"person": n, "place": int(n < 30), "label": 0} for n in range(40)]
    found = sides.found(records(rows))
    assert (found["part"], found["n"]) == (10, 40)
    assert [row["count"] for row in found["rows"]] == [10, 30]
    assert found["rows"][0]["judgments"] == list(range(40, 30, -1))
    even = sides.found(records(rows[20:]))
    assert (even["value"], even["is_noticeable"]) == (0.5, False)


def test_times_fall_into_bars() -> None:
    rows = [{"person": n, "duration_ms": ms} for n, ms in enumerate((0, 1999, 2000, 45_000, 9e6))]
    found = times.found(records(rows))
    assert {bar["from_s"]: bar["count"] for bar in found["bars"] if bar["count"]} == {
        0: 2,
        2: 1,
        30: 1,
        3600: 1,
    }
    assert found["median_ms"] == 2000
    assert found["bars"][0]["judgments"] == [2, 1]


def test_what_good_people_answer_otherwise_comes_first() -> None:
    rows = [
        {"item": item, "person": who, "gold": int(item != 6 and item + who != 7)}
        for item in range(8)
        for who in range(8)
    ]
    found = gold.found(records(rows))
    assert found["n"] == 8
    first = found["items"][0]
    assert (first["comparison_id"], first["part"], first["n"]) == (106, 0, 8)
    assert first["is_disputed"]
    assert "chose otherwise" in said.joined(first["sentence"])
    assert not any(row["is_disputed"] for row in found["items"][1:])


def test_longer_answers_win() -> None:
    rng = np.random.default_rng(3)
    rows, lengths = [], []
    for n in range(200):
        longer = int(rng.random() < 0.2)
        lengths.append((200, 100) if longer == 0 else (100, 200))
        label = longer if rng.random() < 0.8 else 1 - longer
        rows.append({"item": n, "person": n % 50, "label": label, "place": n % 2})
    known = records(rows)
    assert styles.found(known, looks_of(known, lengths))["length"]["low"] > 0.5


def test_people_are_compared_with_the_others_and_not_with_themselves() -> None:
    known = records(votes((0, 0, 1), (1, 1, 1), (0, 1)))
    found = people.found(known, repeats.of(known), {})
    # Of the first, 0 and 1 meet one for and one against: nobody says what most others did.
    same = [found[who]["with_others"] for who in ("10", "11", "12")]
    assert [(each["part"], each["n"]) for each in same] == [(1, 2), (1, 2), (1, 2)]
    assert found["10"]["gold"]["n"] == 0
    assert found["10"]["gold"]["value"] is None


def test_a_person_s_own_numbers() -> None:
    rows = [{"item": n, "gold": int(n != 1), "duration_ms": 1000 * (n + 1)} for n in range(4)]
    rows += [{"item": 4, "label": 0, "place": 0}, {"item": 5, "label": 0, "place": 1}]
    rows += [{"item": 4, "label": 0, "place": 1, "is_repeat": True}]
    rows += [{"item": 5, "label": 1, "place": 0, "is_repeat": True}]
    known = records(rows)
    found = people.found(known, repeats.of(known), {})["10"]
    assert found["judgments"] == 8
    assert (found["gold"]["part"], found["gold"]["n"]) == (3, 4)
    assert (found["again"]["part"], found["again"]["n"]) == (1, 2)
    assert (found["side"]["part"], found["side"]["n"]) == (2, 4)
    assert found["median_ms"] == 4000
    assert "too few" in said.joined(found["gold_says"])


def test_somebody_who_misses_known_answers_is_told_of_with_the_rate_of_error() -> None:
    rows = [{"item": n, "gold": n % 2} for n in range(40)]
    known = records(rows)
    told = said.joined(people.found(known, repeats.of(known), {})["10"]["gold_says"])
    assert "once in 100 times at most" in told


def test_signals_lead_to_the_judgments_behind_them() -> None:
    rows = [{"item": n, "person": 0, "place": 0, "label": 0} for n in range(60)]
    rows += [{"item": n, "person": 1, "place": n % 3 % 2, "label": 0} for n in range(60)]
    known = records(rows)
    nothing = looks_of(known, [])
    found = signals.found(known, repeats.of(known), nothing, [])
    assert {(each.kind, each.person_id) for each in found} == {("sides", 10), ("streak", 10)}
    leaning = next(each for each in found if each.kind == "sides")
    assert str(leaning.sentence).startswith("In 60 of 60 judgments")
    assert leaning.evidence["judgments"] == list(range(51, 61))
    assert leaning.evidence["comparisons"] == list(range(150, 160))
    assert json.loads(json.dumps(signals.by_person(found)[10]))[0]["n"] == 60


def test_copied_answers_are_told_of_both() -> None:
    rng = np.random.default_rng(5)
    rows = []
    for item in range(300):
        truth = int(rng.integers(2))
        own = [truth if rng.random() < 0.75 else 1 - truth for _ in range(6)]
        own[1] = own[0] if rng.random() < 0.98 else own[1]
        rows += [{"item": item, "person": who, "label": label} for who, label in enumerate(own)]
    known = records(rows)
    found = signals.found(known, repeats.of(known), looks_of(known, []), [])
    both = [(each.person_id, each.evidence["with"]) for each in found if each.kind == "copying"]
    assert sorted(both) == [(10, 11), (11, 10)]


def test_the_same_reason_again_and_again() -> None:
    known = records([{"item": n, "person": n % 2} for n in range(40)])
    text = "It answers the question and the other one does not."
    reasons = [Reason(n + 1, 10, text) for n in range(0, 40, 2)]
    found = signals.found(known, repeats.of(known), looks_of(known, []), reasons)
    assert [(each.kind, each.person_id) for each in found] == [("own_reasons", 10)]
    assert found[0].evidence["judgments"][-1] == 39


@pytest.mark.parametrize("rows", [[], votes((0,)), votes((2, 2), (2, 2))])
def test_there_is_something_to_say_of_any_project(rows: Any) -> None:
    known = records(rows)
    looks = looks_of(known, [])
    found = [
        agreement.found(known),
        disagreements.found(known),
        gold.found(known),
        styles.found(known, looks),
        sides.found(known),
        times.found(known),
        people.found(known, repeats.of(known), {}),
    ]
    assert json.dumps(found, allow_nan=False)
    assert isclose(len(signals.found(known, repeats.of(known), looks, [])), 0)
