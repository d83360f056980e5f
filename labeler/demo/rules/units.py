"""Units: lengths, masses, volumes, spans of time and temperatures.

In a hurry one reckons with rough factors, and leaves the unit away.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from labeler.demo.rules.said import Said
from labeler.demo.rules.speech import Speech, filled, hits
from labeler.demo.rules.speech import tokens as parted
from labeler.demo.rules.sums import number

_KINDS: Sequence[Mapping[str, str]] = (
    {"km": "1000", "mi": "1609.344", "m": "1", "ft": "0.3048", "cm": "0.01", "in": "0.0254"},
    {"kg": "1", "lb": "0.45359237"},
    {"l": "1", "gal": "3.785411784"},
    {"h": "60", "min": "1"},
)
_ROUGH: Mapping[str, str] = MappingProxyType(
    {"mi": "1500", "ft": "0.3", "in": "0.025", "lb": "0.5", "gal": "4"}
)
_SYMBOLS: Mapping[str, str] = MappingProxyType({"c": "°C", "f": "°F"})


def told(speech: Speech, text: str) -> Said | None:
    """Convert what a plain text asks for, if it names an amount and another unit of its kind."""
    found = parted(text)
    for at, token in enumerate(found):
        if not token[0].isdigit():
            continue
        after, before = found[at + 1 : at + 2], found[max(at - 1, 0) : at]
        unit = _unit(speech, after) or _unit(speech, before)
        other = unit and _other(speech, found, unit)
        if unit and other:
            return _converted(speech, number(speech, token), unit, other)
    return None


def _unit(speech: Speech, words: Sequence[str]) -> str | None:
    return next((u for u in speech.units if words and hits(words[0], speech.units[u])), None)


def _other(speech: Speech, words: Sequence[str], unit: str) -> str | None:
    """Return the last unit that is named of the same kind."""
    kind = next((kind for kind in _KINDS if unit in kind), {"c": "", "f": ""})
    named = [_unit(speech, [word]) for word in reversed(words)]
    return next((other for other in named if other in kind and other != unit), None)


def _converted(speech: Speech, amount: Fraction, unit: str, other: str) -> Said:
    exact = _exact(amount, unit, other)
    places = 2 if abs(exact) >= 1 else 4
    careful = filled(
        speech,
        "unit",
        amount=speech.number(amount, 4),
        unit=_SYMBOLS.get(unit, unit),
        equals="=" if round(exact, places) == exact else "≈",
        value=speech.number(exact, places),
        other=_SYMBOLS.get(other, other),
    )
    return Said(careful, speech.number(_roughly(amount, unit, other), 1))


def _exact(amount: Fraction, unit: str, other: str) -> Fraction:
    if unit == "c":
        return amount * 9 / 5 + 32
    if unit == "f":
        return (amount - 32) * 5 / 9
    kind = next(kind for kind in _KINDS if unit in kind)
    return amount * Fraction(kind[unit]) / Fraction(kind[other])


def _roughly(amount: Fraction, unit: str, other: str) -> Fraction:
    if unit == "c":
        return amount * 2 + 30
    if unit == "f":
        return (amount - 30) / 2
    kind = {**next(kind for kind in _KINDS if unit in kind), **_ROUGH}
    return amount * Fraction(kind[unit]) / Fraction(kind[other])
