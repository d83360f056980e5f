"""Facts: a few capitals and short facts.

In a hurry one gives the best-known city, and a bare word.
"""

from collections.abc import Mapping
from types import MappingProxyType

from labeler.demo.rules.said import Said
from labeler.demo.rules.speech import Speech, filled, plain, tokens

_BRIEF: Mapping[str, str] = MappingProxyType(
    {
        "planets": "9",
        "leap": "366",
        "mountain": "Everest",
        "light": "300000 km/s",
        "quixote": "Cervantes",
        "formula": "H2O",
        "spider": "6",
        "moon": "1969",
        "boiling": "100 °C",
    }
)


def told(speech: Speech, text: str) -> Said | None:
    """Say what the tables hold of what a plain text asks for, if anything."""
    words = set(tokens(text))
    if words & speech.words["capital"]:
        for country, city in speech.capitals.items():
            if _name(country) in words:
                careful = filled(speech, "capital", country=country, city=city)
                return Said(careful, speech.slips.get(country, city))
    for name, (*stems, sentence) in speech.facts.items():
        if all(any(stem in text for stem in plain(each).split("|")) for each in stems):
            return Said(sentence, speech.figures(_BRIEF[name]))
    return None


def _name(country: str) -> str:
    """Return a country's name without the article that stands before it in a sentence."""
    return tokens(plain(country))[-1]
