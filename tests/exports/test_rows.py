"""What makes a pair unfit for training, and what its ids depend on."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from exports import rows
from exports.pairs import Majority, Reason
from exports.rows import Row, Texts
from exports.selection import Judged, Voter, Votes

NAMES = {1: "a" * 12, 2: "b" * 12, 3: "c" * 12}
NOW = datetime(2026, 11, 23, tzinfo=UTC)
QUESTION = "How long can cooked rice stay out of the fridge in summer?"


def texts(*answers: str, prompt: list[tuple[str, str]] | None = None) -> Texts:
    turns = [("user", QUESTION)] if prompt is None else prompt
    return Texts(
        [{"role": role, "content": content} for role, content in turns],
        tuple((answer, "m") for answer in answers),
    )


def build(given: Texts, preferred: int = 0) -> Row | Reason:
    votes = Votes(
        3, (3, 0, 0, 0), (6, 0), (Voter(1, 1, 1), Voter(2, 1, 1), Voter(3, 1, 1)), NOW, NOW
    )
    judged = Judged(1, "a", "en", False, 1, False, False, votes)
    made = rows.build(judged, given, Majority(preferred, 3, 2 / 3, 5 / 3), NAMES)
    if isinstance(made, Reason):
        return made
    assert made.line == json.dumps(made.row, ensure_ascii=False).encode()
    return made.row


GOOD = ("Two hours at most.", "All day.")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (texts("Two hours.", "All day.", "A week."), Reason.not_a_pair),
        (texts("Two hours."), Reason.not_a_pair),
        (texts("", "All day."), Reason.empty_text),
        (texts("Two hours.", " \n\t\u200b"), Reason.empty_text),
        (texts(*GOOD, prompt=[("system", " "), ("user", "Hi")]), Reason.empty_text),
        (texts("Two\x00hours.", "All day."), Reason.unreadable),
        (texts("Two hours.", "All \ud83d day."), Reason.unreadable),
        (texts(*GOOD, prompt=[("bot", "Hello"), ("user", "Hi")]), Reason.unknown_role),
        (texts(*GOOD, prompt=[("user", "Hi"), ("assistant", "Yes?")]), Reason.no_user_turn),
        (texts(*GOOD, prompt=[]), Reason.no_user_turn),
        (texts("All day.", "All day.\n"), Reason.same_answers),
        (texts(f"{QUESTION} Two hours.", "All day."), Reason.prompt_in_answer),
        (texts("Two hours.", f"{QUESTION}\n\nAll day."), Reason.prompt_in_answer),
        (
            texts("Write a poem\nRoses.", "No.", prompt=[("user", "Write a poem")]),
            Reason.prompt_in_answer,
        ),
        (
            texts("Four.", "What is 2+2?", prompt=[("user", "What is 2+2?")]),
            Reason.prompt_in_answer,
        ),
    ],
)
def test_what_trainers_would_take_without_a_word(given: Texts, reason: Reason) -> None:
    assert build(given) is reason


@pytest.mark.parametrize(
    "given",
    [
        texts(*GOOD),
        texts("Hi!\n\nHow are you?", "Hello.", prompt=[("user", "Hi!")]),
        texts("The sky is often blue.", "Blue.", prompt=[("user", "The sky is often")]),
        texts(
            *GOOD,
            prompt=[
                ("system", "Be brief."),
                ("user", "Hi"),
                ("assistant", "Yes?"),
                ("user", "Rice?"),
            ],
        ),
        texts("কয়েক ঘণ্টা।", "😀 সারা দিন।"),
        texts('"Two"\\ hours\r\n\tat \x01\x7f\u2028 most.', "All day.", prompt=[("user", '"\n')]),
    ],
)
def test_what_is_fit(given: Texts) -> None:
    assert isinstance(build(given), dict)


def test_the_better_answer_is_chosen_with_its_model() -> None:
    row: Any = build(Texts(texts().prompt, (("A bad one.", "x"), ("A good one.", ""))), preferred=1)
    assert row["chosen"] == [{"role": "assistant", "content": "A good one."}]
    assert row["rejected"] == [{"role": "assistant", "content": "A bad one."}]
    assert (row["chosen_model"], row["rejected_model"]) == ("", "x")


def test_ids_follow_from_the_texts_alone() -> None:
    row: Any = build(texts(*GOOD))
    swapped: Any = build(texts(*reversed(GOOD)), preferred=1)
    other: Any = build(texts(*GOOD), preferred=1)
    assert row["pair_id"] == swapped["pair_id"] == other["pair_id"]
    elsewhere: Any = build(texts("Two hours.", "All day."))
    assert elsewhere["prompt_id"] == row["prompt_id"]
    assert elsewhere["pair_id"] != row["pair_id"]
