"""What makes answers unfit for training, and what ids depend on."""

from typing import Any

import pytest

from exports.choosing import texts
from exports.choosing.pairs import Reason
from exports.choosing.records import PREFERRED
from tests.exports.made import GOOD, QUESTION, Told, record, row, told

Turns = list[tuple[str, str]]


def of(*answers: str, prompt: Turns | None = None, preferred: int = 0) -> Told:
    """Make answers of which two people of three found one better."""
    votes = ("0+2", "0+3", "1+1") if preferred == 0 else ("1+2", "1+3", "0+1")
    return told(*votes, answers=answers, prompt=QUESTION if prompt is None else prompt)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (of("Two hours.", "All day.", "A week."), Reason.not_a_pair),
        (of("Two hours."), Reason.not_a_pair),
        (of("", "All day."), Reason.empty_text),
        (of("Two hours.", " \n\t\u200b"), Reason.empty_text),
        (of(*GOOD, prompt=[("system", " "), ("user", "Hi")]), Reason.empty_text),
        (of(*GOOD, prompt=[("bot", "Hello"), ("user", "Hi")]), Reason.unknown_role),
        (of(*GOOD, prompt=[("user", "Hi"), ("assistant", "Yes?")]), Reason.no_user_turn),
        (of(*GOOD, prompt=[]), Reason.no_user_turn),
        (of("All day.", "All day.\n"), Reason.same_answers),
        (of(f"{QUESTION} Two hours.", "All day."), Reason.prompt_in_answer),
        (of("Two hours.", f"{QUESTION}\n\nAll day."), Reason.prompt_in_answer),
        (
            of("Write a poem\nRoses.", "No.", prompt=[("user", "Write a poem")]),
            Reason.prompt_in_answer,
        ),
        (
            of("Four.", "What is 2+2?", prompt=[("user", "What is 2+2?")]),
            Reason.prompt_in_answer,
        ),
    ],
)
def test_what_trainers_would_take_without_a_word(given: Told, reason: Reason) -> None:
    assert record(given)["outcome"] == reason.value


@pytest.mark.parametrize(
    "given",
    [
        of(*GOOD),
        of("Hi!\n\nHow are you?", "Hello.", prompt=[("user", "Hi!")]),
        of("The sky is often blue.", "Blue.", prompt=[("user", "The sky is often")]),
        of(
            *GOOD,
            prompt=[
                ("system", "Be brief."),
                ("user", "Hi"),
                ("assistant", "Yes?"),
                ("user", "Rice?"),
            ],
        ),
        of("কয়েক ঘণ্টা।", "😀 সারা দিন।"),
        of('"Two"\\ hours\r\n\tat \x01\x7f\u2028 most.', "All day.", prompt=[("user", '"\n')]),
    ],
)
def test_what_is_fit(given: Told) -> None:
    assert record(given)["outcome"] == PREFERRED


@pytest.mark.parametrize(
    ("text", "is_unreadable"),
    [("Two\x00hours.", True), ("All \ud83d day.", True), ("\\u0000 😀 \x01", False)],
)
def test_what_readers_of_files_would_choke_on(text: str, is_unreadable: bool) -> None:
    assert texts.is_unreadable(["Fine.", text]) is is_unreadable


def test_what_is_unfit_is_so_whatever_people_said() -> None:
    """Of such a comparison no row is made in any format, so its votes are not asked."""
    for votes in (["bad", "bad"], ["0+1", "1+1"], ["tie"], ["rated"], []):
        assert record(told(*votes, answers=("", "All day.")))["outcome"] == "empty_text"


def test_tokens_are_estimated_by_the_bytes_of_utf_8() -> None:
    assert texts.tokens(["abcd", "abcd"]) == 2
    assert texts.tokens(["abcde"]) == 2  # five bytes: one token is begun
    assert texts.tokens(["ভালো"]) == 3  # four signs of three bytes
    assert texts.tokens([]) == 0


def test_the_longest_answer_with_the_prompt_must_fit() -> None:
    """40 bytes of prompt and 24 or 44 of answers: 16 and 21 tokens."""
    given = told("0+1", prompt="p" * 40, answers=("a" * 24, "b" * 44))
    assert record(given, max_tokens=21)["outcome"] == PREFERRED
    assert record(given, max_tokens=20)["outcome"] == "too_long"


def test_the_better_answer_is_chosen_with_its_model() -> None:
    made: Any = row("dpo", of("A bad one.", "A good one.", preferred=1))
    assert made["chosen"] == [{"role": "assistant", "content": "A good one."}]
    assert made["rejected"] == [{"role": "assistant", "content": "A bad one."}]
    assert (made["chosen_model"], made["rejected_model"]) == ("m1", "m0")


def test_ids_follow_from_the_texts_alone() -> None:
    made = row("dpo", of(*GOOD))
    swapped = row("dpo", of(*reversed(GOOD), preferred=1))
    other = row("dpo", of(*GOOD, preferred=1))
    assert made["pair_id"] == swapped["pair_id"] == other["pair_id"]
    elsewhere = row("dpo", of("Two hours.", "All day."))
    assert elsewhere["prompt_id"] == made["prompt_id"]
    assert elsewhere["pair_id"] != made["pair_id"]
