"""Which language a text is in: told of real answers in seven languages, and never of too little."""

import json
from collections import Counter
from pathlib import Path

import pytest

import labeler
from labeler.text import tongues
from labeler.text.languages import INTERFACE

DEMO = Path(labeler.__file__).parent / "demo"
ANSWERS = [
    (row["language"], answer["text"])
    for file in sorted(DEMO.glob("pairs-*.jsonl"))
    for row in map(json.loads, file.read_text("utf-8").splitlines())
    for answer in row["responses"]
]


def test_real_answers_in_seven_languages() -> None:
    assert {language for language, _ in ANSWERS} == set(INTERFACE)
    wrong = [(tag, text) for tag, text in ANSWERS if tongues.other_than(text, tag, ())]
    assert wrong == []
    missed = Counter(
        tag
        for tag, text in ANSWERS
        for other in INTERFACE
        if other != tag and not tongues.other_than(text, other, ())
    )
    asked = len(ANSWERS) * (len(INTERFACE) - 1)
    assert sum(missed.values()) <= 0.05 * asked, missed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", None),
        ("42", None),
        ("Oui.", None),
        ("Paris", None),
        ("x = y + z * w - q / r % s ** t // u", None),
        ("```python\nfor the in of: is that it was with they\n```", None),
        ("Привет, это обычный ответ на ваш вопрос.", "Cyrillic"),
        ("这是一个很长的回答，用中文写成，没有别的语言。再说一句话。", "Cjk"),
        ("আমার মনে হয় এই প্রশ্নের উত্তর বেশ সহজ, যদিও সবাই তা জানে না।", "bn"),
    ],
)
def test_what_is_plain_and_what_is_not(text: str, told: str | None) -> None:
    found = tongues.told(text)
    assert (found and found.name) == told


def test_a_script_that_was_asked_for() -> None:
    russian = "Привет, это обычный ответ на ваш вопрос."
    assert tongues.other_than(russian, "en", ["Why is that?"]) == "Cyrillic"
    assert tongues.other_than(russian, "en", ["Please say hello in Russian."]) == ""
    assert tongues.other_than(russian, "en", ["What does «Привет» mean?"]) == ""
    assert tongues.other_than(russian, "bn", ["এর মানে কী?"]) == "Cyrillic"
