"""The rules by which the demo's endpoint answers: no model, no chance, no memory.

Two characters follow them, so that there is something to choose between. One takes care and shows
how it came to its answer; the other is in a hurry, brief, and often a little wrong. Both say
what they are when they are asked, and when they cannot answer.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from labeler.demo.rules import days, facts, speech, sums, units
from labeler.demo.rules.said import Said
from labeler.demo.rules.speech import Speech

CAREFUL, HASTY = "demo-careful", "demo-hasty"
SHORT = 4
"""Up to how many words a greeting is one, and no question that begins with it."""

Rule = Callable[[Speech, str], Said | None]


def answer(model: str, asked: Sequence[str]) -> str:
    """Answer the last of these messages of somebody: the same each time for the same ones."""
    spoken = speech.spoken(asked)
    text = speech.plain(asked[-1])
    said = next(filter(None, (rule(spoken, text) for rule in RULES)), None)
    careful, hasty = said or Said(spoken.said["cannot"], spoken.said["cannot_brief"])
    return careful if model == CAREFUL else hasty


def _who(spoken: Speech, text: str) -> Said | None:
    """Say what answers here, to whoever asks for it, and in full."""
    for each in (spoken, *map(speech.speech, speech.TAGS)):
        if any(phrase in f"{text} " for phrase in each.who):
            return Said(each.said["who"], each.said["who"])
    return None


def _pleasantry(spoken: Speech, text: str) -> Said | None:
    words = speech.tokens(text)
    for kind in ("hello", "thanks"):
        if len(words) <= SHORT and set(words) & spoken.words[kind]:
            return Said(spoken.said[kind], spoken.said[f"{kind}_brief"])
    return None


RULES: Sequence[Rule] = (_who, days.told, sums.told, units.told, facts.told, _pleasantry)

MODELS: Mapping[str, str] = MappingProxyType(
    {
        CAREFUL: "takes care, and shows how it came to its answer",
        HASTY: "is brief, in a hurry, and often a little wrong",
    }
)
