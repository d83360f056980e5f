"""Which answers are kept out of comparisons, and that the others are not."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeler.generation.screening import Found, Reason, Said, names, screen

DATA = Path(__file__).parents[4] / "shared" / "data" / "mistral-large_vs_gpt-4o.jsonl"
MAKERS = ("Mistral", "Mistral AI", "gpt-4o", "model-x:7b")
GERMAN = (
    "Das ist eine gute Frage, und die Antwort darauf ist nicht ganz einfach, weil sie von der "
    "Sprache und von den Wörtern abhängt, die man dafür wählt."
)


def kept_out(*texts: str, language: str = "en", asked: str = "Why?") -> list[Reason | None]:
    found = screen([Said(text, "stop") for text in texts], language=language, asked=[asked])
    return [each and each.reason for each in found]


def test_a_whole_answer_stays() -> None:
    assert kept_out("Because it is so.", "For no reason.") == [None, None]


@pytest.mark.parametrize("reason", ["length", "content_filter", "tool_calls", "error", "other", ""])
def test_an_answer_that_was_cut_off(reason: str) -> None:
    assert screen([Said("Because", reason)], language="en") == [Found(Reason.incomplete, reason)]


def test_an_answer_that_shows_nothing() -> None:
    assert kept_out(" \u200b\n", "") == [Reason.empty, Reason.empty]


def test_of_the_same_answers_one_stays() -> None:
    assert kept_out("So it is.", " So  it\nis. ", "No.", "So it is.") == [
        *(None, Reason.identical, None, Reason.identical)
    ]


def test_an_answer_like_one_that_is_kept_out_stays() -> None:
    cut = [Said("So it is.", "length"), Said("So it is.", "stop")]
    assert [each and each.reason for each in screen(cut, language="en")] == [
        *(Reason.incomplete, None)
    ]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("I am made by Mistral AI.", "Mistral AI"),
        ("I AM MISTRAL", "MISTRAL"),
        ("As GPT 4o, I cannot.", "GPT 4o"),
        ("gpt4o!", "gpt4o"),
        ("**Model-X:7b** says", "Model-X:7b"),
        ("The mistrals blow.", ""),
        ("gpt-4omega", ""),
        ("model-x:70b", ""),
    ],
)
def test_an_answer_that_names_its_maker_by_a_whole_word(text: str, word: str) -> None:
    assert names(text, tuple(sorted(MAKERS, key=len, reverse=True))).casefold() == word.casefold()


@given(st.text(max_size=60), st.lists(st.text(max_size=12), max_size=4))
def test_any_words_may_be_makers(text: str, makers: list[str]) -> None:
    found = names(text, tuple(makers))
    assert found in unicodedata.normalize("NFKC", text)


def test_an_answer_in_another_language() -> None:
    said = screen([Said(GERMAN, "stop")], language="en", asked=["Why is the sky blue?"])
    assert said == [Found(Reason.wrong_language, "de")]
    assert kept_out(GERMAN, language="de-AT") == [None]
    assert kept_out(GERMAN, language="und") == [None]
    assert kept_out(GERMAN, language="pt") == [None]


@pytest.mark.parametrize(
    "asked",
    ["Say that in German, please.", "Réponds en allemand.", "Auf Deutsch!", GERMAN],
)
def test_a_language_that_was_asked_for(asked: str) -> None:
    assert kept_out(GERMAN, asked=asked) == [None]


@pytest.mark.skipif(not DATA.is_file(), reason="the real files are not on this machine")
def test_no_real_answer_is_taken_to_be_in_another_language() -> None:
    rows = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()[:200]]
    found = [
        each
        for row in rows
        for each in screen(
            [Said(answer["text"], "stop", ("no-model",)) for answer in row["responses"]],
            language="en",
        )
    ]
    assert found == [None] * 400
