"""The layouts of public datasets: what becomes a comparison, which side each number is for.

The files are small and invented, with the columns that the datasets have.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from labeler.work.layouts import Layout, Refused, Row, read

FILES = Path(__file__).parent / "files"
LAYOUT = {
    "arena.jsonl": Layout.arena,
    "arena_100k.jsonl": Layout.arena,
    "arena_140k.jsonl": Layout.arena_140k,
    "arena_55k.csv": Layout.arena_55k,
    "helpsteer2.jsonl": Layout.helpsteer2,
    "helpsteer2_preference.jsonl": Layout.helpsteer2_preference,
    "helpsteer3.jsonl": Layout.helpsteer3,
    "mt_bench.jsonl": Layout.mt_bench,
    "multipref.jsonl": Layout.multipref,
    "nectar.jsonl": Layout.nectar,
    "oasst.jsonl": Layout.oasst,
    "oasst_trees.jsonl": Layout.oasst,
    "prism.jsonl": Layout.prism,
    "shp.jsonl": Layout.shp,
}
NEUTRAL = {"helpsteer2.jsonl", "nectar.jsonl", "oasst.jsonl", "oasst_trees.jsonl"}
"""Files in which the place of an answer tells how good it was found."""


def load(name: str, **options: Any) -> tuple[dict[str, Row], list[Refused]]:
    """Read a file; return its comparisons by id, and what was refused."""
    found = list(read(FILES / name, **options))
    rows = {row.id: row for row in found if isinstance(row, Row)}
    return rows, [row for row in found if isinstance(row, Refused)]


def label(row: Row) -> dict[str, Any]:
    """Return what the file says of a comparison, with texts for numbers."""
    said = dict(row.metadata["label"])
    if "preferred" in said:
        said["preferred"] = row.responses[said["preferred"]].text
    if "ranking" in said:
        said["ranking"] = [[row.responses[n].text for n in tier] for tier in said["ranking"]]
    return said


def turns(row: Row) -> list[tuple[str, str]]:
    return [(turn.role, turn.content) for turn in row.messages]


def edited(tmp_path: Path, name: str, number: int, **changes: Any) -> list[Row | Refused]:
    """Read a file of which one row was changed."""
    rows = [json.loads(line) for line in (FILES / name).read_text("utf-8").splitlines()]
    rows[number] |= changes
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return list(read(path))


def test_there_is_a_file_for_every_public_layout() -> None:
    own = {Layout.auto, Layout.native, Layout.hh, Layout.ultrafeedback}
    assert {path.name for path in FILES.iterdir()} == LAYOUT.keys()
    assert set(LAYOUT.values()) == set(Layout) - own


@pytest.mark.parametrize("name", LAYOUT)
def test_the_layout_is_told_from_the_first_row(name: str) -> None:
    assert list(read(FILES / name)) == list(read(FILES / name, layout=LAYOUT[name]))
    assert load(name)[0]


@pytest.mark.parametrize("name", LAYOUT)
def test_what_was_better_is_gold_only_if_asked(name: str) -> None:
    plain, _ = load(name)
    asked, _ = load(name, known_answers=True)
    assert {row.gold for row in plain.values()} == {None}
    for row in asked.values():
        wanted = row.metadata.get("label", {}).get("preferred")
        assert (row.gold.better if row.gold else None) == wanted
    assert any(row.gold for row in asked.values())


# Battles


def test_arena_keeps_ties_and_two_bad_answers_apart() -> None:
    rows, refused = load("arena.jsonl")
    assert {id_: label(row) for id_, row in rows.items()} == {
        "q1": {"verdict": "preference", "preferred": "4"},
        "q2": {"verdict": "preference", "preferred": "four"},
        "q3": {"verdict": "tie"},
        "q4": {"verdict": "both_bad"},
        "q6": {"verdict": "preference", "preferred": "Yes."},
    }
    assert refused == [
        Refused(5, "conversation_b", "The two conversations differ before their last answer.")
    ]


def test_arena_keeps_sides_models_language_and_what_else_a_row_says() -> None:
    rows, _ = load("arena.jsonl", language="fr")
    first = rows["q1"]
    assert [(each.text, each.model) for each in first.responses] == [("4", "m-1"), ("5", "m-2")]
    assert [rows[one].language for one in ("q1", "q3", "q6")] == ["en", "de", "fr"]
    assert rows["q6"].metadata["language"] == "unknown"
    assert first.metadata["license"] == "cc-by-4.0"
    assert first.metadata["judge"] == "arena_user_7"
    assert turns(rows["q6"]) == [("user", "2+2?"), ("assistant", "4"), ("user", "Sure?")]


def test_the_100k_of_the_arena_are_read_as_the_first_ones() -> None:
    rows, refused = load("arena_100k.jsonl")
    assert (label(rows["k1"])["preferred"], label(rows["k2"])) == ("4", {"verdict": "both_bad"})
    assert (rows["k1"].language, refused) == ("pl", [])


def test_the_table_of_the_arena_has_a_column_for_each_winner() -> None:
    rows, refused = load("arena_55k.csv")
    assert {id_: label(row) for id_, row in rows.items()} == {
        "30192": {"verdict": "preference", "preferred": "4"},
        "30193": {"verdict": "preference", "preferred": "4"},
        "30194": {"verdict": "tie"},
    }
    assert turns(rows["30194"]) == [("user", "2+2?"), ("assistant", "4"), ("user", "Sure?")]
    assert [(row.line, row.field) for row in refused] == [(5, "response_b"), (6, "response_a.0")]


def test_the_140k_of_the_arena_come_in_parts() -> None:
    rows, refused = load("arena_140k.jsonl")
    assert {id_: label(row) for id_, row in rows.items()} == {
        "e1": {"verdict": "preference", "preferred": "4"},
        "e2": {"verdict": "both_bad"},
        "e3": {"verdict": "tie"},
    }
    assert [rows[one].language for one in ("e1", "e2")] == ["en", "pl"]
    assert [(row.line, row.field) for row in refused] == [(4, "conversation_a.0.content")]


def test_of_mt_bench_the_turn_is_compared_that_was_judged() -> None:
    rows, refused = load("mt_bench.jsonl")
    assert {id_: label(row) for id_, row in rows.items()} == {
        "81-m-1-m-2-1": {"verdict": "preference", "preferred": "7."},
        "82-m-1-m-2-1": {"verdict": "tie"},
    }
    assert turns(rows["81-m-1-m-2-1"]) == [("user", "Name a prime.")]
    assert rows["81-m-1-m-2-1"].metadata["question_id"] == 81
    assert [(row.line, row.field) for row in refused] == [(4, "conversation_b")]


@pytest.mark.parametrize("winner", ["model_c", "A", ""])
def test_an_unknown_winner_is_refused(tmp_path: Path, winner: str) -> None:
    refused = edited(tmp_path, "arena.jsonl", 1, winner=winner)[1]
    assert isinstance(refused, Refused)
    assert (refused.line, refused.field) == (2, "winner")


# Scales


def test_two_rows_of_helpsteer2_are_one_comparison() -> None:
    rows, refused = load("helpsteer2.jsonl")
    by_prompt = {row.messages[-1].content: row for row in rows.values()}
    river, sure = by_prompt["Name a river."], by_prompt["Sure?"]
    assert label(river) == {"verdict": "preference", "preferred": "The Nile.", "strength": 3}
    assert label(sure) == {"verdict": "tie"}
    assert turns(sure) == [("user", "2+2?"), ("assistant", "4"), ("user", "Sure?")]
    told = {each.text: each.provenance["helpfulness"] for each in river.responses}
    assert told == {"The Nile.": 4, "A hill.": 1}
    assert refused == [Refused(5, "response", "There are fewer than two answers.")]


def test_a_negative_strength_of_helpsteer2_is_for_the_first_answer() -> None:
    rows, refused = load("helpsteer2_preference.jsonl")
    found = {row.messages[0].content: label(row) for row in rows.values()}
    assert found == {
        "Name a river, no. -3.": {
            "verdict": "preference",
            "preferred": "The Nile.",
            "strength": 3,
        },
        "Name a river, no. 2.": {"verdict": "preference", "preferred": "The Oder.", "strength": 2},
        "Name a river, no. 0.": {"verdict": "tie"},
        "Name a river, no. -100.": {"verdict": "both_bad"},
    }
    assert [(row.line, row.field) for row in refused] == [(5, "preference_strength")]


def test_a_negative_preference_of_helpsteer3_is_for_the_first_answer() -> None:
    rows, _ = load("helpsteer3.jsonl", language="en")
    found = {row.messages[0].content: (label(row), row.language) for row in rows.values()}
    assert found == {
        "2+2? (-3)": ({"verdict": "preference", "preferred": "4", "strength": 3}, "en"),
        "2+2? (1)": ({"verdict": "preference", "preferred": "5", "strength": 1}, "zh"),
        "2+2? (0)": ({"verdict": "tie"}, "en"),
        "2+2? (-2)": ({"verdict": "preference", "preferred": "4", "strength": 2}, "en"),
    }
    (code,) = (row for row in rows.values() if row.metadata["domain"] == "code")
    assert code.metadata["language"] == "python"


def test_multipref_has_the_side_that_most_people_found_better() -> None:
    rows, _ = load("multipref.jsonl")
    assert label(rows["c1"]) == {"verdict": "preference", "preferred": "4"}
    assert "label" not in rows["c2"].metadata
    assert label(rows["c3"]) == {"verdict": "preference", "preferred": "Five."}
    assert rows["c1"].metadata["prompt_id"] == "p1"


def test_a_label_of_shp_is_1_for_a_and_0_for_b(tmp_path: Path) -> None:
    rows, _ = load("shp.jsonl")
    assert label(rows["z-ca-cb"])["preferred"] == "Under-baked."
    assert label(rows["z-cc-cd"])["preferred"] == "Yeast."
    assert [each.provenance["score"] for each in rows["z-ca-cb"].responses] == [40, 8]
    refused = edited(tmp_path, "shp.jsonl", 0, labels=2)[0]
    assert isinstance(refused, Refused)
    assert (refused.line, refused.field) == (1, "labels")


# Ranks and scores


def test_rank_1_of_nectar_is_best_and_its_place_tells_nothing() -> None:
    rows, _ = load("nectar.jsonl")
    seven = next(row for row in rows.values() if len(row.responses) == 7)
    assert label(seven)["preferred"] == "The Nile."
    assert [tier for (tier,) in label(seven)["ranking"]] == [
        *("The Nile.", "The Oder.", "The Rhine.", "The Po.", "The Tiber.", "A lake.", "A hill."),
    ]
    assert [each.text for each in seven.responses] != [tier for (tier,) in label(seven)["ranking"]]
    two = next(row for row in rows.values() if len(row.responses) == 2)
    assert label(two) == {"verdict": "preference", "preferred": "4"}
    assert turns(two) == [("user", "Hi"), ("assistant", "Hello!"), ("user", "2+2?")]


def test_rank_0_of_openassistant_is_best_among_siblings() -> None:
    rows, refused = load("oasst.jsonl")
    assert refused == []
    assert rows.keys() == {"a", "f"}
    assert label(rows["a"])["ranking"] == [["The Nile."], ["The Oder."], ["A hill."]]
    assert label(rows["f"]) == {"verdict": "preference", "preferred": "In Africa."}
    assert turns(rows["f"]) == [
        ("user", "Name a river."),
        ("assistant", "The Nile."),
        ("user", "Where is it?"),
    ]
    told = {each.text: each.provenance["message_id"] for each in rows["f"].responses}
    assert told == {"In Africa.": "h", "In Asia.": "i"}


def test_trees_of_openassistant_are_read_as_their_messages() -> None:
    rows, _ = load("oasst_trees.jsonl")
    assert label(rows["t"])["preferred"] == "The Oder."
    assert label(rows["t3"])["preferred"] == "Garda."
    assert turns(rows["t3"])[1:] == [("assistant", "The Nile."), ("user", "And a lake?")]


@pytest.mark.parametrize("changes", [{"parent_id": "lost"}, {"message_id": ["b"]}])
def test_a_message_without_what_it_answers_is_refused(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    found = edited(tmp_path, "oasst.jsonl", 5, **changes)
    assert [(row.line, row.field) for row in found if isinstance(row, Refused)] == [
        (8, "parent_id")
    ]


def test_turns_of_prism_go_on_from_the_answer_that_was_chosen() -> None:
    rows, refused = load("prism.jsonl")
    assert label(rows["int1"])["ranking"] == [["In moderation."], ["Yes."], ["No."]]
    assert label(rows["int2"]) == {"verdict": "tie"}
    assert turns(rows["int2"]) == [
        ("user", "Is tea healthy?"),
        ("assistant", "In moderation."),
        ("user", "And coffee?"),
    ]
    assert label(rows["int3"])["preferred"] == "Hello!"
    assert [each.provenance["score"] for each in rows["int1"].responses] == [40, 90, 10]
    assert rows["int1"].metadata["user_id"] == "user9"
    assert [(row.line, row.field) for row in refused] == [(8, "if_chosen")]


@pytest.mark.parametrize("name", sorted(NEUTRAL))
def test_the_order_of_a_file_tells_nothing_where_it_could(tmp_path: Path, name: str) -> None:
    lines = (FILES / name).read_text("utf-8").splitlines()
    turned = [json.loads(line) for line in lines]
    if name == "nectar.jsonl":
        turned = [row | {"answers": row["answers"][::-1]} for row in turned]
    elif name == "oasst_trees.jsonl":
        turned[0]["prompt"]["replies"].reverse()
    elif name == "oasst.jsonl":
        turned[1:4] = turned[3:0:-1]
    else:
        turned[0], turned[1] = turned[1], turned[0]
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in turned), "utf-8")
    again = {row.id: row for row in read(path) if isinstance(row, Row)}
    rows, _ = load(name)
    assert {id_: row.responses for id_, row in again.items()} == {
        id_: row.responses for id_, row in rows.items()
    }


def test_a_conversation_that_would_grow_beyond_bounds_is_refused(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (FILES / "prism.jsonl").read_text("utf-8").splitlines()]
    long = [
        (rows[3] if chosen else rows[4])
        | {"interaction_id": f"i{turn}", "model_response": f"{turn} {chosen} " + "a" * 3000}
        | {"if_chosen": chosen}
        for turn in range(100)
        for chosen in (True, False)
    ]
    path = tmp_path / "prism.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in long), "utf-8")
    *taken, refused = read(path)
    assert isinstance(refused, Refused)
    assert "repeated" in refused.reason
    assert 40 < len(taken) < 100


def test_many_answers_are_refused_at_once(tmp_path: Path) -> None:
    answers = [{"answer": f"a{n}", "model": "m", "rank": n + 1} for n in range(20_000)]
    (refused,) = edited(tmp_path, "nectar.jsonl", 0, answers=answers)[:1]
    assert isinstance(refused, Refused)
    assert (refused.field, refused.reason) == (
        "answers",
        "There are 20,000 answers; 10 at most.",
    )


@pytest.mark.parametrize("said", ["9" * 5000, 10**30, True, None, [], 0.5, "nan"])
def test_numbers_that_are_none_are_refused(tmp_path: Path, said: object) -> None:
    refused = edited(tmp_path, "helpsteer3.jsonl", 0, overall_preference=said)[0]
    assert isinstance(refused, Refused)
    assert (refused.line, refused.field) == (1, "overall_preference")
