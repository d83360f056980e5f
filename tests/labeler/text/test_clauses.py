"""Who asks for silence in terms has to say what stays free, in any of the languages."""

import pytest

from labeler.text import clauses
from labeler.text.clauses import FREE, SILENCE
from labeler.text.languages import INTERFACE

ASKING = {
    "en": "Everything you see is **confi**dential.",
    "fr": "Les textes sont soumis à une obligation de confidentialité.",
    "es": "Usted se compromete a no divulgar nada.",
    "de": "Über die Inhalte ist Stillschweigen zu bewahren.",
    "it": "Le informazioni sono riservate.",
    "sw": "Lazima utunze siri za mradi.",
    "bn": "সব তথ্য গোপনীয় রাখতে হবে।",
}


@pytest.mark.parametrize("tag", INTERFACE)
def test_a_text_that_asks_for_silence_needs_the_sentence_of_its_language(tag: str) -> None:
    asking, sentence = ASKING[tag], FREE[tag]
    assert clauses.missing(asking, tag) == sentence
    assert clauses.missing(f"# 1\n\n{asking}\n\n* **{sentence}**\n", tag) is None
    assert clauses.missing(f"{asking} {sentence[: len(sentence) // 2]}", tag) == sentence
    other = "fr" if tag == "en" else "en"
    assert clauses.missing(f"{asking} {FREE[other]}", tag) == sentence
    assert clauses.missing(ASKING[other], tag) == sentence  # whichever language asks for it
    assert clauses.missing(sentence, tag) is None


def test_words_cannot_be_hidden_from_it_and_others_are_left_alone() -> None:
    for text in ("Sign the NDA.", "con\u200bfidential", "&#99;onfidential", "CONFI\u00adDENTIAL"):
        assert clauses.missing(text, "en") is not None, text
    for text in ("Our agenda", "You are paid 10 EUR an hour. Stop whenever you want.", ""):
        assert clauses.missing(text, "en") is None, text
    assert SILENCE.keys() == FREE.keys() == set(INTERFACE)
