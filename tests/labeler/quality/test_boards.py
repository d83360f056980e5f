"""Leaderboards, on votes that were counted by hand."""

import json
from typing import Any

import numpy as np
import pytest

from labeler import said
from labeler.quality.findings import boards, duels, models, styles
from labeler.quality.findings.boards import Board
from labeler.quality.records import Records
from labeler.quality.texts import Looks
from tests.labeler.quality.arrays import records, votes

NOTHING = Looks(
    np.zeros(0, dtype=int),
    np.zeros(0, dtype=int),
    np.zeros((0, 2, 4), dtype=int),
    np.zeros(0, dtype=bool),
)
X, Y, Z, W = range(4)
FIRST, SECOND, TIE, BAD = range(4)


def made(known: Records, looks: Looks = NOTHING) -> list[Board]:
    """Work the boards out, as JSON has them."""
    found = list(boards.found(duels.of(known), known.compared, looks))
    json.dumps(found, allow_nan=False)
    return found


def voted(
    *said: tuple[int, int, int, int], people: int = 50, each: int = 1, **more: Any
) -> Records:
    """Make records of votes on two models: which, what was said, how often."""
    rows: list[dict[str, Any]] = []
    models: list[list[int]] = []
    for one, other, label, times in said:
        for _ in range(times):
            at = len(rows)
            place = -1 if label > 1 else at % 2
            rows.append({"item": at, "person": at // each % people, "label": label, "place": place})
            models.append([one, other])
    return records(rows, models=models, **more)


def whole(known: Records, looks: Looks = NOTHING) -> dict[str, Any]:
    """Return the board of all votes."""
    first, *_ = made(known, looks)
    assert (first.language, first.category) == ("", "")
    return first.data


def test_models_that_no_vote_compares_have_places_of_their_own() -> None:
    found = whole(voted((X, Y, FIRST, 30), (X, Y, SECOND, 8), (Z, W, SECOND, 20), (Z, W, FIRST, 4)))
    one, other = found["parts"]
    assert [row["model"] for row in one["models"]] == ["x", "y"]
    assert [row["model"] for row in other["models"]] == ["w", "z"]
    for part in (one, other):
        assert [(row["place_from"], row["place_to"]) for row in part["models"]] == [(1, 1), (2, 2)]
        assert sum(row["log_odds"]["value"] for row in part["models"]) == pytest.approx(0, abs=1e-5)
    assert not any("No vote compares" in said.joined(each) for each in one["notes"])
    assert {(pair["one"], pair["other"]) for pair in found["pairs"]} == {("x", "y"), ("z", "w")}


def test_one_vote_joins_two_parts() -> None:
    apart = [(X, Y, FIRST, 20), (X, Y, SECOND, 8), (Z, W, SECOND, 20), (Z, W, FIRST, 4)]
    (part,) = whole(voted(*apart, (Y, Z, TIE, 1)))["parts"]
    assert len(part["models"]) == 4


def test_a_circle_of_equals_has_one_place() -> None:
    # Each beats the next as often as it loses to the one before: exactly even.
    known = voted(
        *((X, Y, FIRST, 20), (Y, Z, FIRST, 20), (Z, X, FIRST, 20)),
        *((X, Y, SECOND, 10), (Y, Z, SECOND, 10), (Z, X, SECOND, 10)),
    )
    (part,) = whole(known)["parts"]
    assert [row["chance"]["value"] for row in part["models"]] == pytest.approx([0.5] * 3, abs=1e-3)
    assert {(row["place_from"], row["place_to"]) for row in part["models"]} == {(1, 3)}


def test_ties_are_told_from_two_bad_answers() -> None:
    found = whole(voted((X, Y, FIRST, 30), (X, Y, SECOND, 10), (X, Y, TIE, 7), (X, Y, BAD, 3)))
    assert found["pairs"] == [
        {"one": "x", "other": "y", "wins": 30, "losses": 10, "ties": 7, "both_bad": 3}
    ]
    for row in found["parts"][0]["models"]:
        assert (row["ties"], row["both_bad"]) == (7, 3)
        assert row["with_ties"]["n"] == 50
    assert found["parts"][0]["models"][0]["without_ties"]["value"] == 0.75


def test_the_lead_hangs_on_as_many_votes_as_would_make_it_even() -> None:
    (part,) = whole(voted((X, Y, FIRST, 28), (X, Y, SECOND, 25)))["parts"]
    assert part["first"] == {"votes": 4, "model": "y"}
    assert [row["votes_to_be_passed"] for row in part["models"]] == [4, None]


def test_each_neighbour_is_passed_after_a_few_votes() -> None:
    known = voted(
        *((X, Y, FIRST, 60), (X, Y, SECOND, 20), (Y, Z, FIRST, 32), (Y, Z, SECOND, 30)),
        *((X, Z, FIRST, 60), (X, Z, SECOND, 20)),
    )
    (part,) = whole(known)["parts"]
    first, second, third = (row["votes_to_be_passed"] for row in part["models"])
    assert (second, third) == (3, None)
    assert 30 < first < 80
    assert part["first"]["votes"] == first


def test_half_of_the_votes_by_one_person_make_nothing_surer() -> None:
    said = [(X, Y, FIRST, 120), (X, Y, SECOND, 80)]
    even = voted(*said, people=200)
    row = np.arange(200)
    # The same votes; but one person gave 100 of those for the first.
    lopsided = [
        {"item": at, "person": 0 if at < 100 else at, "label": int(at >= 120), "place": at % 2}
        for at in row.tolist()
    ]
    one, other = whole(even), whole(records(lopsided, models=[[X, Y]] * 200))
    narrow, wide = (each["parts"][0]["models"][0]["chance"] for each in (one, other))
    assert narrow["value"] == pytest.approx(wide["value"], abs=1e-6)
    assert (one["people"], other["people"]) == (200, 101)
    assert wide["high"] - wide["low"] > 3 * (narrow["high"] - narrow["low"])


def test_few_people_are_never_surer_than_independent_votes() -> None:
    # Six people who say exactly the same, in the same measure: between them nothing varies.
    rows = [
        {"item": at, "person": at % 6, "label": int(at // 6 % 3 == 0), "place": at // 18 % 2}
        for at in range(180)
    ]
    found = whole(records(rows))["parts"][0]
    chance = found["models"][0]["chance"]
    # Of 180 independent votes: half the log-odds' standard error, sqrt(1 / (180 pq)) / 2.
    odds = found["models"][0]["log_odds"]
    assert odds["high"] - odds["low"] == pytest.approx(2 * 1.96 * 0.158 / 2, rel=0.05)
    assert chance["low"] < 2 / 3 < 1
    assert "Only 6 people" in said.joined(found["notes"][-1])


def test_votes_without_a_model_are_left_out_and_counted_where_they_belong() -> None:
    known = voted(
        *((X, Y, FIRST, 60), (X, Y, SECOND, 40), (-1, Y, FIRST, 7), (X, -1, TIE, 5)),
        language=[0] * 50 + [1] * 50 + [0] * 7 + [1] * 5,
    )
    found = {(each.language, each.category): each.data for each in made(known)}
    assert {name: each["left_out"] for name, each in found.items()} == {
        ("", ""): 12,
        ("en", ""): 7,
        ("fr", ""): 5,
    }
    assert found["", ""]["votes"] == 100


def test_known_answers_and_second_looks_do_not_count() -> None:
    rows: list[dict[str, Any]] = [{"item": at, "person": at} for at in range(40)]
    rows += [{"item": 40, "person": at, "label": 1, "gold": 1} for at in range(40)]
    rows += [{"item": at, "person": at, "label": 1, "is_repeat": True} for at in range(40)]
    found = whole(records(rows))
    assert (found["judgments"], found["votes"]) == (40, 40)
    assert found["pairs"][0]["wins"] == 40


def test_categories_are_parted() -> None:
    """In code x wins, in letters y, half of it in French: together nobody does."""
    known = voted(
        *((X, Y, FIRST, 80), (X, Y, SECOND, 20), (X, Y, FIRST, 20), (X, Y, SECOND, 80)),
        category=[0] * 100 + [1] * 100,
        language=[0, 0, 1, 1] * 50,
        people=20,
        each=2,
    )
    found = {(each.language, each.category): each.data for each in made(known)}
    assert set(found) == {
        *(("", ""), ("en", ""), ("fr", ""), ("", "code"), ("", "letters")),
        *((tag, name) for tag in ("en", "fr") for name in ("code", "letters")),
    }

    def first(*cell: Any) -> tuple[str, int, int]:
        row = found[cell]["parts"][0]["models"][0]
        return row["model"], row["place_to"], row["wins"]

    assert first("", "code") == ("x", 1, 80)
    assert first("", "letters") == ("y", 1, 80)
    assert first("en", "letters") == ("y", 1, 40)
    assert [row["chance"]["value"] for row in found["", ""]["parts"][0]["models"]] == [0.5, 0.5]
    assert found["", ""]["languages_not_shown"] == found["", ""]["categories_not_shown"] == []


def test_what_few_people_say_is_not_shown_nor_what_would_tell_it() -> None:
    """Four people alone judge French: neither it nor English, the rest of which it is, is told."""
    rows = [
        {"item": at, "person": at % 20 if at < 200 else 20 + at % 4, "label": at % 2}
        for at in range(300)
    ]
    found = made(records(rows, language=[0] * 200 + [1] * 100))
    assert [(each.language, each.category) for each in found] == [("", "")]
    assert found[0].data["languages_not_shown"] == ["en", "fr"]


def test_few_votes_are_not_shown_alone() -> None:
    rows = [{"item": at, "person": at % 20, "label": at % 2} for at in range(229)]
    found = made(records(rows, language=[0] * 200 + [1] * 29, category=[-1] * 200 + [1] * 29))
    # 29 votes are too few; but 20 people stand behind what is left without English.
    assert [(each.language, each.category) for each in found] == [("", ""), ("en", "")]
    assert found[0].data["categories_not_shown"] == ["letters"]


def test_a_planted_taste_for_length_is_recovered() -> None:
    """People choose the longer answer with log-odds 1 a unit of log2, whoever wrote it."""
    rng = np.random.default_rng(11)
    rows, lengths = [], []
    for at in range(4000):
        doubled = rng.choice([-1, 0, 1], p=[0.1, 0.3, 0.6])  # x writes at length
        lengths.append((int(400 * 2.0**doubled), 400))
        label = int(rng.random() > 1 / (1 + np.exp(-1.0 * doubled)))
        rows.append({"item": at, "person": at % 100, "label": label, "place": at % 2})
    known = records(rows)
    styled = np.zeros((4000, 2, 4), dtype=int)
    styled[:, :, 0] = lengths
    looks = Looks(np.arange(4000), np.full(4000, 100), styled, np.ones(4000, dtype=bool))
    (part,) = whole(known, looks)["parts"]
    (length,) = part["styles"]
    # x stands on either side as often, so that the differences between sides have the mean 0.
    spread = np.sqrt((np.log2(np.array(lengths)[:, 0] / 400) ** 2).mean())
    odds = np.log(length["value"] / (1 - length["value"])) / spread
    assert length["name"] == "length"
    assert odds == pytest.approx(1.0, abs=0.15)
    first = part["models"][0]
    assert (first["model"], first["place_to"]) == ("x", 1)
    assert (first["styled"]["place_from"], first["styled"]["place_to"]) == (1, 2)
    assert part["votes_with_styles"] == 4000


def test_looks_are_not_set_apart_where_the_sample_does_not_compare_everything() -> None:
    known = voted((X, Y, FIRST, 30), (X, Y, SECOND, 10), (Y, Z, FIRST, 20), (Y, Z, SECOND, 20))
    styled = np.zeros((40, 2, 4), dtype=int)
    styled[:, :, 0] = 100 + np.arange(80).reshape(40, 2)
    looks = Looks(np.arange(40), np.full(40, 100), styled, np.ones(40, dtype=bool))
    (part,) = whole(known, looks)["parts"]
    assert [row["styled"] for row in part["models"]] == [None] * 3
    assert part["styles"] == []
    assert styles.controlled(duels.of(known), looks)["n"] == 40


@pytest.mark.parametrize("rows", [[], [{}], [{"label": 2}], [{"gold": 1}]])
def test_there_is_a_board_of_anything(rows: list[dict[str, Any]]) -> None:
    found = whole(records([{"item": at} | row for at, row in enumerate(rows)]))
    assert found["parts"] or said.joined(found["why"]).startswith("It takes votes")


def _match(wins: int, losses: int, ties: int, people: int = 50) -> list[dict[str, Any]]:
    labels = [0] * wins + [1] * losses + [2] * ties
    return [
        {"item": n, "person": n % people, "label": label, "place": -1 if label == 2 else n % 2}
        for n, label in enumerate(labels)
    ]


def test_the_better_model_comes_first_with_ties_and_without() -> None:
    known = records(_match(60, 20, 20))
    (part,) = whole(known)["parts"]
    first, second = part["models"]
    assert (first["model"], first["wins"], first["losses"], first["ties"]) == ("x", 60, 20, 20)
    assert first["without_ties"]["value"] == 0.75
    assert first["with_ties"]["value"] == 0.7
    assert first["with_ties"]["low"] < 0.7 < first["with_ties"]["high"]
    assert (first["place_from"], first["place_to"]) == (1, 1)
    assert (second["place_from"], second["place_to"]) == (2, 2)
    # Forty more wins than losses: without twenty wins each way it would be even.
    assert part["first"]["model"] == "y"
    assert 38 <= part["first"]["votes"] <= 42
    assert len(models.judged(duels.of(known), known)[0]["judgments"]) == 25


def test_sides_are_set_apart_from_models() -> None:
    # Whatever stands at A is chosen in four of five cases, and x stands there in all of these.
    rows = [{"item": n, "person": n, "label": int(n % 5 == 0)} for n in range(100)]
    for n, row in enumerate(rows):
        row["place"] = row["label"] if n < 80 else 1 - row["label"]
    side = whole(records(rows))["parts"][0]["side"]
    assert side["value"] > 0.5
    assert side["n"] == 100


@pytest.mark.parametrize("given", [[0, 0], [-1, 0]])
def test_one_model_and_unnamed_ones_cannot_be_compared(given: list[int]) -> None:
    found = whole(records(votes((0, 1), (0, 0), (1, 1)), models=[given] * 3))
    assert found["parts"] == []
    assert said.joined(found["why"]).startswith("It takes votes on answers of two models")


def test_what_cannot_be_told_of_models_is_said() -> None:
    rows = [*_match(5, 0, 0, people=1), {"item": 5, "person": 0}]
    found = whole(records(rows, models=[*[[0, 1]] * 5, [0, -1]]))
    assert found["left_out"] == 1
    assert [str(said.joined(each)) for each in found["parts"][0]["notes"]] == [
        "These models never lost, so that their place is a guess: x.",
        "These models never won, so that their place is a guess: y.",
        "All votes are by one person; intervals say nothing of other people.",
    ]


def test_the_best_of_several_has_beaten_each_other() -> None:
    rows = [{"item": n, "person": n, "label": 2 if n < 6 else n % 2} for n in range(10)]
    known = records(rows, answers=3)
    assert not duels.of(known).has_sides
    found = whole(known)
    assert (found["judgments"], found["votes"]) == (10, 20)
    (part,) = found["parts"]
    assert part["side"] is None
    assert part["models"][0]["model"] == "z"
    assert {row["model"]: (row["wins"], row["losses"]) for row in part["models"]} == {
        "z": (12, 4),
        "x": (4, 8),
        "y": (4, 8),
    }
    assert said.joined(found["notes"][0]).startswith("Of more than two answers")


def test_ties_alone_rank_nobody_above_another() -> None:
    (part,) = whole(records(_match(0, 0, 30)))["parts"]
    if part["models"]:
        assert {(row["place_from"], row["place_to"]) for row in part["models"]} == {(1, 2)}
    else:
        assert said.joined(part["why"])
        assert part["names"] == ["x", "y"]
