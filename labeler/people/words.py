"""Words that people write to one another: what of them can be kept."""

from collections.abc import Mapping

from labeler.errors import Invalid
from labeler.said import Said, say
from labeler.schema import is_storable
from labeler.text import lines

LONGEST = 10_000
"""How many characters one text has at most."""
LONGEST_LINE = 200
"""How many a title or a name has."""


def require(texts: Mapping[str, str], *, line: str = "") -> dict[str, str]:
    """Return texts by field, without the blanks around them; `line` names what is a single line.

    Raises Invalid naming every one that is empty, too long or cannot be stored.
    """
    found = {name: text.replace("\r\n", "\n").strip() for name, text in texts.items()}
    faults = {name: _fault(text, is_line=name == line) for name, text in found.items()}
    if wrong := {name: fault for name, fault in faults.items() if fault}:
        raise Invalid("Please look at the marked fields.", fields=wrong)
    return found


def _fault(text: str, *, is_line: bool) -> Said | None:
    most = LONGEST_LINE if is_line else LONGEST
    if not text:
        return say("Please write something.")
    if len(text) > most:
        return say("At most %(most)s characters.", most=most)
    if not is_storable(text) or (is_line and not lines.fits(text)):
        return say("The text holds a character that cannot be stored.")
    return None
