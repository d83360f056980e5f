"""What stands on one line: a name, a title, a word to tick.

Nothing on it acts on what stands around it: no control character, which a terminal or a header
obeys, and none that turns the words beside it the other way round.
"""

import re

UNFIT = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202d\u202e"
PATTERN = rf"^[^{UNFIT}]*$"
"""What pydantic asks of a line."""
_UNFIT = re.compile(f"[{UNFIT}]")


def fits(text: str) -> bool:
    """Tell whether a text can stand on a line."""
    return _UNFIT.search(text) is None


def fitted(text: str) -> str:
    """Return the text with a sign in place of what cannot stand on a line."""
    return _UNFIT.sub("\ufffd", text)
