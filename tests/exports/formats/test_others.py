"""Better answers alone, by criteria, and texts that people improved."""

import pytest

from exports.choosing.selection import Said
from exports.formats.columns import Row
from labeler.quality.adjudications import Finding
from labeler.work.rubrics import Verdict
from tests.exports.made import GOOD, NAMES, QUESTION, row, rows, said, told

FORBIDDEN = '{"output_use":"research-only"}'


# What people preferred, to be imitated


def test_the_better_answer_alone() -> None:
    assert row("sft", told("1+1", "1+2", "0+1")) == {
        "prompt": [{"role": "user", "content": QUESTION}],
        "completion": [{"role": "assistant", "content": GOOD[1]}],
        "pair_id": row("dpo", told("0+1"))["pair_id"],
        "prompt_id": row("dpo", told("0+1"))["prompt_id"],
        "language": "en",
        "n_votes": 3,
        "agreement": 2 / 3,
        "adjudicated": False,
        "completion_model": "m1",
    }


def test_what_a_person_found_is_imitated_too() -> None:
    made = row("sft", told("0+1", found=Finding(Verdict.preference, 1)))
    assert (made["completion"][0]["content"], made["adjudicated"]) == (GOOD[1], True)


# One criterion at a time


def rated(person: int, **points: tuple[int, ...]) -> Said:
    """Rate the answers by criteria, in the order of their numbers."""
    given = {
        name: {"points": {str(number): one for number, one in enumerate(each)}}
        for name, each in points.items()
    }
    return said("rated", person=person, more={"criteria": given})


def compared(person: int, preferred: int | None, strength: int) -> Said:
    given = {"Clear": {"preferred": preferred, "strength": strength}}
    return said("0+1", person=person, more={"criteria": given})


def better(*given: Row) -> list[tuple[str, str, float, int]]:
    return [
        (
            one["criterion"],
            one["chosen_model"] + one["rejected_model"],
            one["margin"],
            one["n_votes"],
        )
        for one in given
    ]


def test_by_points_the_higher_mean_is_better() -> None:
    """Clear: 4 and 5 against 2 and 3, ahead by 2. True: 1 and 2 against 3 and 3, behind by 1.5."""
    one, other = rated(1, Clear=(4, 2), True_=(1, 3)), rated(2, Clear=(5, 3), True_=(2, 3))
    made = rows("criteria", told(one, other))
    assert better(*made) == [("Clear", "m0m1", 2.0, 2), ("True_", "m1m0", 1.5, 2)]
    assert made[1]["chosen"] == [{"role": "assistant", "content": GOOD[1]}]


def test_of_three_answers_every_two_that_differ_are_a_pair() -> None:
    three = ("Answer A.", "Answer B.", "Answer C.")
    made = rows("criteria", told(rated(1, Clear=(5, 3, 5)), answers=three))
    assert better(*made) == [("Clear", "m0m1", 2.0, 1), ("Clear", "m2m1", 2.0, 1)]


def test_by_comparison_the_mean_of_the_steps_decides() -> None:
    """Towards answer 0: 2, then -1, then 0 for "about the same"; a third of a step on average."""
    made = rows("criteria", told(compared(1, 0, 2), compared(2, 1, 1), compared(3, None, 0)))
    assert better(*made) == [("Clear", "m0m1", pytest.approx(1 / 3), 3)]
    assert rows("criteria", told(compared(1, 0, 2), compared(2, 1, 2))) == []


def test_criteria_are_there_whatever_came_of_the_whole_but_not_of_what_is_unfit() -> None:
    one = rated(1, Clear=(4, 2))
    assert len(rows("criteria", told(one, said("tie", person=2)))) == 1
    assert rows("criteria", told(one, answers=("", "All day."))) == []
    assert rows("criteria", told(one, provenance=FORBIDDEN)) == []
    assert rows("criteria", told(rated(1, Clear=(4, 2))._replace(state="excluded"))) == []


# Improved texts


def edited(number: int, text: str, what: str = "0+1", person: int = 1) -> Said:
    return said(what, person=person, more={"edit": {"response": number, "text": text}})


def test_the_improved_text_is_better_than_what_it_improves() -> None:
    made = row("edits", told(edited(1, "All day, if it is cool."), "0+1"))
    assert made["chosen"] == [{"role": "assistant", "content": "All day, if it is cool."}]
    assert made["rejected"] == [{"role": "assistant", "content": GOOD[1]}]
    assert (made["rejected_model"], made["annotator_id"]) == ("m1", NAMES[1])


def test_several_people_may_improve_an_answer_whatever_they_say_of_it() -> None:
    votes = (edited(0, "One.", "tie"), edited(0, "Two.", "tie", person=2))
    assert [one["chosen"][0]["content"] for one in rows("edits", told(*votes))] == ["One.", "Two."]


@pytest.mark.parametrize("text", ["", " \n", f"{GOOD[0]}\n", f"{QUESTION} Two hours."])
def test_an_improvement_that_is_none_is_no_row(text: str) -> None:
    assert rows("edits", told(edited(0, text))) == []


def test_an_improvement_must_be_short_enough() -> None:
    """40 bytes of prompt and 64 of text are 26 tokens; the answers themselves are fewer."""
    given = told(edited(0, "e" * 64), prompt="p" * 40)
    assert len(rows("edits", given, max_tokens=26)) == 1
    assert rows("edits", given, max_tokens=25) == []


def test_what_is_held_back_is_not_improved() -> None:
    assert rows("edits", told(edited(0, "Better."), provenance=FORBIDDEN)) == []
