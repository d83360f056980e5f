"""What rules say: English for programs, and the parts of it for other languages."""

import copy
import json
from datetime import date

from labeler.errors import Invalid
from labeler.said import Said, say, say_number


def test_it_is_the_english_text() -> None:
    said = say("At most %(most)s characters.", most=200_000)
    assert said == "At most 200,000 characters."
    assert json.dumps({"message": said}) == '{"message": "At most 200,000 characters."}'
    assert f"{said} Really." == "At most 200,000 characters. Really."


def test_it_remembers_what_it_was_made_of() -> None:
    said = say("As %(name)s on %(day)s.", name="2,000", day=date(2026, 11, 23))
    assert said == "As 2,000 on 2026-11-23."
    assert (said.template, said.values) == (
        "As %(name)s on %(day)s.",
        {"name": "2,000", "day": date(2026, 11, 23)},
    )


def test_the_number_chooses() -> None:
    words = ("%(num)s row of %(file)s", "%(num)s rows of %(file)s")
    assert say_number(*words, 1, file="x") == "1 row of x"
    assert say_number(*words, 0, file="x") == "0 rows of x"
    assert say_number(*words, 1204, file="x") == "1,204 rows of x"


def test_what_has_no_values_is_left_alone_and_can_be_filled_in_later() -> None:
    assert say("100 % of %(all)s") == "100 % of %(all)s"
    assert say("") == ""
    later = say("At least %(number)s.")
    assert say(later, number=2) == "At least 2."
    assert say(later) is later


def test_refusals_speak_alike_whoever_made_the_words() -> None:
    refusal = Invalid("That is not it.", fields={"name": "Too long.", "file": say("Missing.")})
    assert isinstance(refusal.message, Said)
    assert refusal.fields == {"name": "Too long.", "file": "Missing."}
    assert all(isinstance(words, Said) for words in refusal.fields.values())
    assert str(refusal) == "That is not it."


def test_it_can_be_copied() -> None:
    said = say_number("%(num)s row", "%(num)s rows", 3)
    again = copy.deepcopy(said)
    assert again == said == "3 rows"
    assert (again.plural, again.number) == ("%(num)s rows", 3)
