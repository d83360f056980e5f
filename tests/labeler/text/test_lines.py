"""One line of text: names in any language are one; what acts on what stands around it is not."""

import pytest

from labeler.text import lines
from tests.hostile import ACTING, NUL, STRINGS


@pytest.mark.parametrize(
    "text", ["", "Zoë O’Neil", "বাংলা", "שלום", "क्‍ष", "\U0001f469\u200d\U0001f467"]
)
def test_names_fit_in_any_language(text: str) -> None:
    assert lines.fits(text)
    assert lines.fitted(text) == text


@pytest.mark.parametrize("text", [*ACTING, *NUL, "a\nb", "a\tb", "a\u202db"])
def test_what_acts_on_its_neighbours_does_not(text: str) -> None:
    assert not lines.fits(text)
    fitted = lines.fitted(text)
    assert lines.fits(fitted)
    assert len(fitted) == len(text)


def test_what_is_only_meant_for_some_program_is_a_line() -> None:
    assert [text for text in STRINGS if not lines.fits(text)] == []
