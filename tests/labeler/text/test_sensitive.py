"""How sensitive content is written down, read and compared."""

import pytest

from labeler.text import sensitive
from labeler.text.sensitive import Unknown


def test_it_is_written_in_one_way_however_people_write_it() -> None:
    for said in ("violence:3 hate:1", "Hate: 1, violence = 3", "hate:1,violence:2,violence:3"):
        assert sensitive.check(sensitive.read(said)) == "hate:1 violence:3"
    assert sensitive.check(sensitive.read(" ")) == sensitive.check({"violence": 0}) == ""
    assert sensitive.joined("hate:1 violence:3", "hate:2 shock:1") == "hate:2 shock:1 violence:3"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("violence", "Please write it like this"),
        ("violence:much", "Please write it like this"),
        ("sadness:1", "There is no such kind of content: sadness."),
        ("violence:4", "The level is a number from 0 to 3."),
    ],
)
def test_what_it_cannot_be(said: str, reason: str) -> None:
    with pytest.raises(Unknown, match=reason):
        sensitive.check(sensitive.read(said))


def test_a_choice_covers_what_is_no_more_than_it() -> None:
    assert sensitive.covers("", "") and sensitive.covers("hate:1", "")
    assert sensitive.covers("hate:2 violence:3", "violence:3")
    assert not sensitive.covers("", "other:1")
    assert not sensitive.covers("violence:2", "violence:3")
    assert not sensitive.covers("violence:3", "hate:1 violence:1")
    assert [sensitive.is_severe(each) for each in ("", "hate:1", "hate:1 shock:2")] == [0, 0, 1]
