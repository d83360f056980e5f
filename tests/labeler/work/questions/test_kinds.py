"""Every kind of question: what may be said, that it survives every order, what comes out."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from labeler.errors import Invalid
from labeler.work import questions
from labeler.work.questions import (
    KINDS,
    criteria,
    edit,
    flags,
    marks,
    pairwise,
    passages,
    ranking,
    reason,
)
from labeler.work.questions.seen import Seen

TEXTS = ["The cat sat.", "A dog ran, a dog slept.", "Birds *sing* at dawn.", "Fish", "Rain. Rain."]


def draft(kind: str, **said: Any) -> Any:
    return questions.parse([{"kind": kind, **said}])[0]


def refused(question: Any, given: Any, seen: Seen) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        KINDS[question.kind].read(question, given, seen)
    assert all(refusal.value.fields.values())
    return refusal.value.fields


def read_form(question: Any, fields: dict[str, str], seen: Seen) -> Any:
    module, left = KINDS[question.kind], dict(fields)
    value = module.read(question, module.from_form(question, left, seen), seen)
    assert left == {}, "a kind takes all of its fields out of the form"
    return value


# Whatever is stored comes back to the form and from there is the same, in every order of places


@st.composite
def orders(draw: st.DrawFn, least: int = 2, most: int = 5) -> Seen:
    number = draw(st.integers(least, most))
    return Seen(draw(st.permutations(range(number))), TEXTS[:number])


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any, Seen]:
    question = draft("pairwise", steps=draw(st.integers(2, 9)))
    seen = Seen(draw(st.permutations(range(2))))
    choices = [*range(1, question.steps + 1), "tie", "both_bad"]
    return question, pairwise.read(question, draw(st.sampled_from(choices)), seen), seen


@st.composite
def rankings(draw: st.DrawFn) -> tuple[Any, Any, Seen]:
    seen = draw(orders())
    tiers = draw(st.lists(st.integers(1, 3), min_size=len(seen.places), max_size=len(seen.places)))
    value = [[n for n, tier in enumerate(tiers) if tier == at] for at in sorted(set(tiers))]
    return draft("ranking"), draw(st.sampled_from([value, []])), seen


@st.composite
def criteria_(draw: st.DrawFn) -> tuple[Any, Any, Seen]:
    points = draw(st.integers(2, 10))
    seen = draw(orders(2, 2))
    asked = [{"name": "Clear", "asks": "comparison", "points": points}]
    asked += [{"name": "Kind", "points": points}, {"name": "Short", "required": False}]
    question, step = draft("criteria", criteria=asked), st.integers(1, points)
    said = {"Clear": draw(step), "Kind": {letter: draw(step) for letter in seen.letters}}
    return question, criteria.read(question, said, seen), seen


@st.composite
def reasons(draw: st.DrawFn) -> tuple[Any, Any, Seen]:
    question = draft("reason", tags=["Wrong", "Too long", "Off topic"])
    ticked = [tag for tag in question.tags if draw(st.booleans())]
    text = draw(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"))).strip()
    return question, reason.Said(text, ticked), Seen((1, 0))


@st.composite
def edits(draw: st.DrawFn) -> tuple[Any, Any, Seen]:
    seen = draw(orders())
    number = draw(st.sampled_from(seen.places))
    text = draw(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1))
    value = {"response": number, "text": text + "!"}
    return draft("edit"), value, Seen(seen.places, seen.texts, number)


@st.composite
def marked(draw: st.DrawFn) -> tuple[Any, Any, Seen]:
    seen, question = draw(orders()), draft("marks")
    said = []
    for number in draw(st.lists(st.sampled_from(seen.places), min_size=1, max_size=4)):
        text = seen.texts[number]
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        if text[start:end].strip():
            place = seen.letter(number)
            words = {"type": "Wrong", "severity": "Minor", "comment": draw(st.sampled_from("xy"))}
            said.append(marks.Mark(place=place, start=start, end=end, **words))
    return question, marks.read(question, said, seen), seen


@st.composite
def flagged(draw: st.DrawFn) -> tuple[Any, Any, Seen]:
    seen, question = draw(orders()), draft("flags")
    names = st.lists(st.sampled_from([flag.value for flag in flags.Flag]), unique=True)
    said = {letter: draw(names) for letter in seen.letters}
    return question, flags.read(question, said, seen), seen


@settings(max_examples=60, deadline=None)
@given(st.one_of(pairs(), rankings(), criteria_(), reasons(), edits(), marked(), flagged()))
def test_what_is_stored_survives_the_form_in_every_order(found: tuple[Any, Any, Seen]) -> None:
    question, value, seen = found
    module = KINDS[question.kind]
    if value is None:
        return
    stored = value if isinstance(value, tuple) else json.loads(json.dumps(value))
    assert stored == value, "it is JSON"
    assert read_form(question, module.fields(question, value, seen), seen) == value
    assert json.dumps(module.export(value))
    assert json.dumps(module.aggregate([value, value]))


# Forms


@pytest.mark.parametrize(
    "kinds",
    [
        [],
        ["reason"],
        ["pairwise", "ranking"],
        ["pairwise", "pairwise"],
        ["criteria", "edit"],
    ],
)
def test_what_is_no_form(kinds: list[str]) -> None:
    more = {"criteria": {"criteria": [{"name": "Clear"}]}}
    asked = questions.parse([{"kind": kind, **more.get(kind, {})} for kind in kinds])
    assert questions.fault(asked)


def test_where_answers_are_ranked_criteria_rate_them() -> None:
    compared = {"kind": "criteria", "criteria": [{"name": "Clear", "asks": "comparison"}]}
    assert "rate" in str(questions.fault(questions.parse([{"kind": "ranking"}, compared])))
    assert questions.answers(questions.parse([compared])) == (2, 2)
    assert questions.answers(questions.parse([{"kind": "ranking"}])) == (2, 10)


@pytest.mark.parametrize(
    "written",
    [
        {"kind": "criteria", "criteria": []},
        {"kind": "criteria", "criteria": [{"name": "Clear"}, {"name": "clear"}]},
        {"kind": "criteria", "criteria": [{"name": "Clear", "points": 11}]},
        {"kind": "criteria", "criteria": [{"name": "Clear", "hint": "a\0b"}]},
        {"kind": "criteria", "criteria": [{"name": "Clear", "words": ["low", "mid", "high"]}]},
        {"kind": "reason", "text": "none"},
        {"kind": "reason", "min": 20, "max": 10},
        {"kind": "reason", "tags_required": True},
        {"kind": "reason", "tags": ["a", "A"]},
        {"kind": "marks", "types": []},
        {"kind": "flags", "flags": ["ugly"]},
        {"kind": "essay"},
    ],
)
def test_what_is_no_question(written: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        questions.parse([written])


# Ranking

ABC = Seen((2, 0, 1))


def test_an_order_that_nobody_touched_is_no_answer() -> None:
    untouched = {"ranking.A": "", "ranking.B": "", "ranking.C": ""}
    with pytest.raises(Invalid) as refusal:
        read_form(draft("ranking"), untouched, ABC)
    assert refusal.value.fields == {"ranking": "Please put the answers in order."}


def test_places_are_tiers_however_they_are_counted() -> None:
    for places in ("131", "121"):
        fields = {f"ranking.{letter}": at for letter, at in zip("ABC", places, strict=True)}
        assert read_form(draft("ranking"), fields, ABC) == [[1, 2], [0]]


def test_what_the_project_does_not_allow_is_refused() -> None:
    strict = draft("ranking", ties=False, none=False)
    assert set(refused(strict, [["A", "B"], ["C"]], ABC)) == {"ranking.A", "ranking.B"}
    assert set(refused(strict, [["A"], ["C"]], ABC)) == {"ranking.B"}
    assert set(refused(strict, [], ABC)) == {"ranking"}
    partial = draft("ranking", partial=True)
    assert ranking.read(partial, [["C"], ["A"]], ABC) == [[1], [2]]
    assert set(refused(partial, [["C"]], ABC)) == {"ranking"}


@pytest.mark.parametrize("given", [[["A"], ["A"], ["B"], ["C"]], [["D"], ["A"]], [["A"], []], None])
def test_an_order_of_something_else_is_refused(given: Any) -> None:
    assert set(refused(draft("ranking", partial=True), given, ABC)) == {"ranking"}


def test_only_who_stands_alone_is_on_top() -> None:
    assert [ranking.top(value) for value in ([[1], [0, 2]], [[1, 0], [2]], [])] == [1, None, None]


def test_orders_are_added_up_by_pairs() -> None:
    found = ranking.aggregate([[[2], [0, 1]], [[0], [2], [1]], []])
    assert found["above"] == {"0": {"1": 1, "2": 1}, "1": {}, "2": {"0": 1, "1": 2}}
    assert found["tied"] == {"0": {"1": 1}, "1": {"0": 1}, "2": {}}
    assert (found["top"], found["none"]) == ({"0": 1, "1": 0, "2": 1}, 1)
    ranks = {"0": 2, "1": 2, "2": 1}
    assert ranking.export([[2], [0, 1]]) == {"tiers": [[2], [0, 1]], "ranks": ranks, "none": False}


# Criteria

RATED = draft("criteria", criteria=[{"name": "Clear"}, {"name": "Short", "required": False}])


def test_a_rating_is_kept_by_the_responses_number() -> None:
    value = criteria.read(RATED, {"Clear": {"A": 5, "B": 1, "C": 3}}, ABC)
    assert value == {"Clear": {"points": {"0": 1, "1": 3, "2": 5}}}
    assert criteria.aggregate([value, value])["Clear"]["mean_points"] == {"0": 1, "1": 3, "2": 5}


def test_whatever_is_missing_or_beyond_the_scale_is_named() -> None:
    assert set(refused(RATED, {"Clear": {"A": 6, "B": 0}}, ABC)) == {
        "criteria.0.A",
        "criteria.0.B",
        "criteria.0.C",
    }
    assert set(refused(RATED, {"Kind": 1}, ABC)) >= {"criteria"}


@pytest.mark.parametrize("places", [(0, 1), (1, 0)])
def test_a_comparison_is_kept_by_the_better_response(places: tuple[int, int]) -> None:
    question = draft("criteria", criteria=[{"name": "Clear", "asks": "comparison", "points": 4}])
    value = criteria.read(question, {"Clear": 1}, Seen(places))
    assert value == {"Clear": {"preferred": places[0], "strength": 2}}
    assert set(refused(question, {"Clear": {"A": 1}}, Seen(places))) == {"criteria.0"}


# Reasons, flags


def test_ticks_that_are_wanted_and_ticks_that_are_not_offered() -> None:
    question = draft("reason", text="none", tags=["Wrong"], tags_required=True)
    assert set(refused(question, None, ABC)) == {"reason.tags"}
    given = reason.Given(tags=["Ugly"])
    assert set(refused(question, given, ABC)) == {"reason.tags"}
    assert reason.aggregate([reason.Said("", ["Wrong"])])["tags"] == {"Wrong": 1}


def test_flags_belong_to_responses() -> None:
    question = draft("flags", flags=["harmful", "broken"])
    assert flags.read(question, {"A": ["broken", "harmful"], "B": []}, ABC) == {
        "2": ["harmful", "broken"]
    }
    assert flags.read(question, None, ABC) is None
    for wrong in ({"A": ["reveals_maker"]}, {"D": ["broken"]}):
        assert set(refused(question, wrong, ABC)) == {"flags"}


# Improving

TWO = Seen((1, 0), ["It is two.\r\nSure.", "It is three."], preferred=0)


def test_what_was_left_as_it_was_is_no_edit() -> None:
    same = {"edit.A": "It is three.", "edit.B": "It is two.\nSure."}
    assert read_form(draft("edit"), same, TWO) is None
    with pytest.raises(Invalid) as refusal:
        read_form(draft("edit", required=True), same, TWO)
    assert list(refusal.value.fields) == ["edit.B"]


def test_only_the_better_answer_is_improved() -> None:
    with pytest.raises(Invalid) as refusal:
        read_form(draft("edit"), {"edit.A": "It is 3.", "edit.B": "It is 2."}, TWO)
    assert list(refusal.value.fields) == ["edit.A"]
    assert read_form(draft("edit"), {"edit.B": "It is 2."}, TWO) == {
        "response": 0,
        "text": "It is 2.",
    }
    for text in (" ", "It is two. Sure.\n", "a\0"):
        assert refused(draft("edit"), edit.Given(place="B", text=text), TWO)


# Marks


def mark(quote: str, **more: Any) -> marks.Mark:
    said = {"place": "A", "quote": quote, "type": "Wrong", "severity": "Minor"}
    return marks.Mark(**(said | more))


def read_mark(text: str, quote: str, **more: Any) -> tuple[int, int, str]:
    [found] = marks.read(draft("marks"), [mark(quote, **more)], Seen((0,), [text])) or []
    assert text[found["start"] : found["end"]] == found["quote"]
    return found["start"], found["end"], found["quote"]


def test_a_passage_is_found_through_markdown() -> None:
    text = "# Cats\n\nA **very small** [cat](https://x.example/cats) &amp; a `dog`.\n"
    assert read_mark(text, "very small") == (12, 22, "very small")
    assert read_mark(text, "A very small cat & a dog.")[2].startswith("A **very small** [cat](")
    assert read_mark(text, "A  very\nsmall") == (8, 22, "A **very small")


def test_offsets_are_code_points() -> None:
    text = "👍🏽 নমস্কার, e\u0301t\u00e9 😀 fin"
    assert read_mark(text, "fin") == (len(text) - 3, len(text), "fin")
    assert read_mark(text, "নমস্কার")[2] == "নমস্কার"


def test_a_passage_that_stands_there_twice_needs_more_words_or_its_number() -> None:
    text = "a dog ran, a dog slept"
    assert read_mark(text, "a dog", nth=2) == (11, 16, "a dog")
    two = Seen((0,), [text])
    assert "2 times" in refused(draft("marks"), [mark("a dog")], two)["marks.0.quote"]
    assert "not found" in refused(draft("marks"), [mark("a cat")], two)["marks.0.quote"]
    assert read_mark(text, "a dog slept")[0] == 11


def test_told_offsets_are_checked_against_the_quote() -> None:
    text = "a dog ran"
    assert read_mark(text, "", start=1, end=6) == (2, 5, "dog")
    for wrong in ({"start": 2, "end": 6}, {"start": 5, "end": 2}, {"start": 2, "end": 99}):
        assert refused(draft("marks"), [mark("dog", **wrong)], Seen((0,), [text]))


def test_rows_of_a_form_without_a_passage_are_none() -> None:
    row = {"place": "A", "quote": "", "type": "Wrong", "severity": "Minor", "comment": ""}
    fields = {f"marks.{n}.{cell}": value for n in range(3) for cell, value in row.items()}
    assert read_form(draft("marks"), fields, Seen((0,), ["a dog"])) is None
    fields["marks.2.comment"] = "What is this?"
    with pytest.raises(Invalid) as refusal:
        read_form(draft("marks"), fields, Seen((0,), ["a dog"]))
    assert list(refusal.value.fields) == ["marks.2.quote"]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40), st.text(max_size=10))
def test_a_quote_leads_to_places_in_the_text_or_to_none(text: str, quote: str) -> None:
    for start, end in passages.find(text, quote):
        assert 0 <= start < end <= len(text)


def test_a_long_text_is_searched_at_once() -> None:
    text = "*" * 100_000 + "a " * 50_000
    assert passages.find(text, "*" * 500 + "b") == []


def test_every_kind_can_be_given_through_the_api() -> None:
    for module in KINDS.values():
        assert TypeAdapter(module.Given).json_schema()
