"""The demo's rules: right where they take care, honest where they end, in seven languages."""

import tomllib
from pathlib import Path

import pytest

from labeler.demo import rules
from labeler.demo.rules import speech
from labeler.text import languages

TABLES = {
    tag: tomllib.loads((Path(speech.__file__).parent / f"{tag}.toml").read_text("utf-8"))
    for tag in speech.TAGS
}


def careful(*asked: str) -> str:
    """Ask the program that takes care."""
    return rules.answer(rules.CAREFUL, asked)


def hasty(*asked: str) -> str:
    """Ask the program that is in a hurry."""
    return rules.answer(rules.HASTY, asked)


@pytest.mark.parametrize(
    ("question", "answer", "brief"),
    [
        ("What is 12 * (3 + 4)?", "The result is **84**: 12 × (3 + 4) = 84.", "40"),
        ("how much is 2 + 3 x 4", "The result is **14**: 2 + 3 × 4 = 14.", "20"),
        ("What is 1,234.5 minus 0.5?", "The result is **1234**: 1234.5 − 0.5 = 1234.", "1224"),
        ("What is 10 divided by 3?", "The result is **3.3333**: 10 ÷ 3 ≈ 3.3333.", "3"),
        ("What is -3 - 4?", "The result is **−7**: −3 − 4 = −7.", "−7"),
        ("What is 5 / 0?", "Nothing can be divided by zero, so this has no result.", "0"),
        ("What is 5 / (0 + 2)?", "The result is **2.5**: 5 ÷ (0 + 2) = 2.5.", "7"),
        ("What is 15% of 80?", "**12**, because 15 % of 80 is 80 × 15 ÷ 100 = 12.", "12"),
        ("Combien font 1.000,5 fois 2 ?", "Le résultat est **2001** : 1000,5 × 2 = 2001.", "1991"),
        ("¿Cuánto es 7 por 8?", "El resultado es **56**: 7 × 8 = 56.", "56"),
        ("Wie viel ist 9 geteilt durch 2?", "Das Ergebnis ist **4,5**: 9 ÷ 2 = 4,5.", "4"),
        ("Quanto fa 20 diviso per 8?", "Il risultato è **2,5**: 20 ÷ 8 = 2,5.", "2"),
        ("7 mara 6 ni ngapi?", "Jibu ni **42**: 7 × 6 = 42.", "42"),
        ("১২ গুণ ৩ কত?", "ফল হলো **৩৬**: ১২ × ৩ = ৩৬।", "৩৬"),
    ],
)
def test_sums(question: str, answer: str, brief: str) -> None:
    assert (careful(question), hasty(question)) == (answer, brief)


@pytest.mark.parametrize(
    ("question", "answer", "brief"),
    [
        ("Which day of the week is 28 November 2026?", "28 November 2026 is a **Saturday**.", "S"),
        ("What weekday was July 20, 1969?", "20 July 1969 is a **Sunday**.", "Sun"),
        (
            "How many days from 2024-02-28 to 2024-03-01?",
            "From 28 February 2024 to 1 March 2024 it is **2** days, the first day not counted.",
            "2",
        ),
        (
            "What date is 30 days after 14 February 2024?",
            "30 days after 14 February 2024 comes **15 March 2024**.",
            "16 March 2024",
        ),
        ("Quel jour est le 1er mai 2026 ?", "Le 1 mai 2026 est un **vendredi**.", "vendredi"),
        ("¿Qué día es el 14 de julio de 2026?", "El 14 de julio de 2026 es **martes**.", "m"),
        ("Welcher Wochentag ist der 3.10.2026?", "Der 3. Oktober 2026 ist ein **Samstag**.", "S"),
        ("Che giorno è il 2 giugno 2026?", "Il 2 giugno 2026 è **martedì**.", "martedì"),
        ("Tarehe 12 Desemba 2026 ni siku gani?", "Tarehe 12 Desemba 2026 ni **Jumamosi**.", "Juma"),
        (
            "২৬ মার্চ ২০২৬ এর ১০ দিন আগে কী তারিখ?",
            "২৬ মার্চ ২০২৬ এর ১০ দিন আগে ছিল **১৬ মার্চ ২০২৬**।",
            "১৬ মার্চ ২০২৬",
        ),
    ],
)
def test_days(question: str, answer: str, brief: str) -> None:
    assert careful(question) == answer
    assert hasty(question).startswith(brief)


def test_leap_days_are_forgotten_in_a_hurry_alone() -> None:
    asked = "How many days is it from 1 January 1999 to 1 January 2101?"
    assert "**37255** days" in careful(asked)  # 102 × 365 and 25 leap days: 2100 has none
    assert hasty(asked) == str(37255 - 25 + 1)
    assert hasty("What weekday is 1 March 2024?") == "Thursday"
    assert "**Friday**" in careful("What weekday is 1 March 2024?")


@pytest.mark.parametrize(
    ("question", "answer", "brief"),
    [
        ("How many miles are 10 km?", "10 km ≈ **6.21 mi**.", "6.7"),
        ("Combien de livres font 2,5 kilos ?", "2,5 kg ≈ **5,51 lb**.", "5"),
        ("¿Cuántos centímetros son 3 pulgadas?", "3 in = **7,62 cm**.", "7,5"),
        ("Wie viel Grad Fahrenheit sind 100 °C?", "100 °C = **212 °F**.", "230"),
        ("Quanti minuti sono 2 ore?", "2 h = **120 min**.", "120"),
        ("Kilomita 10 ni maili ngapi?", "km 10 ≈ **mi 6.21**.", "6.7"),
        ("১০ কিলোমিটার কত মাইল?", "১০ km ≈ **৬.২১ mi**।", "৬.৭"),
    ],
)
def test_units(question: str, answer: str, brief: str) -> None:
    assert (careful(question), hasty(question)) == (answer, brief)


@pytest.mark.parametrize("tag", speech.TAGS)
def test_every_capital_and_fact_of_a_language_is_found_by_a_question(tag: str) -> None:
    table = TABLES[tag]
    capital = table["capital_words"].split()[0]
    for country, city in table["capitals"].items():
        asked = f"{table['common']} {capital} {country}?"
        assert f"**{city}**" in careful(asked)
        assert hasty(asked) == table["slips"].get(country, city)
    for name, (*stems, sentence) in table["facts"].items():
        asked = " ".join([table["common"], *(each.split("|")[0] for each in stems), "?"])
        assert careful(asked) == sentence, name
        assert 0 < len(hasty(asked)) < 20


@pytest.mark.parametrize("tag", speech.TAGS)
def test_what_it_is_and_what_it_cannot_is_said_in_the_language_of_the_question(tag: str) -> None:
    table = TABLES[tag]
    for phrase in table["who_words"]:
        asked = f"{phrase.strip().capitalize()} … ?"
        context = table["common"]
        assert {careful(context, asked), hasty(context, asked)} == {table["said"]["who"]}
    asked = f"{table['common']} Shakespeare?"
    assert careful(asked) == table["said"]["cannot"]
    assert hasty(asked) == table["said"]["cannot_brief"]
    assert careful(table["hello_words"].split()[0]) == table["said"]["hello"]
    assert careful(table["thanks_words"].split()[0]) == table["said"]["thanks"]


def test_every_language_of_the_interface_has_the_same_tables() -> None:
    assert set(TABLES) == set(languages.INTERFACE)
    for tag, table in TABLES.items():
        for part in ("said", "operators", "units", "facts"):
            assert table[part].keys() == TABLES["en"][part].keys(), tag
        assert len(table["capitals"]) == len(TABLES["en"]["capitals"]), tag
        assert len(table["months"].split()) == 12, tag
        assert len(table["weekdays"].split()) == 7, tag


def test_a_greeting_before_a_question_is_not_all_that_is_answered() -> None:
    assert "**56**" in careful("Hello! What is 7 times 8?")
    assert careful("Hello, write a poem about the sea").startswith("I am a demo")


def test_a_message_without_words_is_answered_in_the_language_before() -> None:
    assert careful("Wie viel ist 2 und 2?", "3 * 3").startswith("Das Ergebnis ist **9**")


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "?", "(", "((((1", "1+", "+" * 2000, "(" * 2000 + "1", "9" * 2000 + " km mi"),
        *("31 February 2026", "0000-00-00", "9999-12-31 and 1000000 days", "1 % 2 % 3", "½ + ¼"),
        *("1" * 2000 + "%" + "1" * 2000, "\x00\ud800", "٣ + ٤", "1..2+3,,4", "3 km in km"),
    ],
)
def test_nothing_that_somebody_writes_breaks_it(text: str) -> None:
    for model in rules.MODELS:
        assert rules.answer(model, [text])
        assert rules.answer(model, [text]) == rules.answer(model, [text])
