"""Sums: + − × ÷, parentheses and percentages, worked out exactly.

In a hurry one goes from left to right whatever binds more closely, leaves remainders away, and
forgets to carry in results above a hundred.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from labeler.demo.rules.said import Said
from labeler.demo.rules.speech import Speech, filled

LONGEST = 120
PLACES = 4
CARRIED = 100
_NUMBER = r"(?<!\d)\d++(?:[.,]\d++)*+"
_TOKEN = re.compile(rf"{_NUMBER}|[-+*/×÷·:−()]")
_SPAN = re.compile(r"-?[\d(][-\d\s.,+*/×÷·:−()]*[\d)]")
_PERCENT = re.compile(
    rf"(?P<share>{_NUMBER})\s*%\s*[^\d%]{{0,12}}?(?P<whole>{_NUMBER})"
    rf"|(?P<whole_first>{_NUMBER})\s*[^\d%]{{1,12}}?(?P<share_last>{_NUMBER})\s*%"
)
_SIGNED = re.compile(r"(^|\(|[+−×÷] )− (?=[\d(])")
_SIGNS: Mapping[str, str] = MappingProxyType({"*": "×", "·": "×", "/": "÷", ":": "÷", "-": "−"})
_OPERATIONS: Mapping[str, Callable[[Fraction, Fraction], Fraction]] = MappingProxyType(
    {"+": operator.add, "−": operator.sub, "×": operator.mul, "÷": operator.truediv}
)


def told(speech: Speech, text: str) -> Said | None:
    """Work out the sum in a plain text, if there is one."""
    if found := _PERCENT.search(text):
        return _percentage(speech, found)
    for part in sorted(_SPAN.findall(_signed(speech, text)), key=len, reverse=True):
        said = _worked_out(speech, part) if len(part) <= LONGEST else None
        if said:
            return said
    return None


def number(speech: Speech, text: str) -> Fraction:
    """Read a number; a mark before three digits groups them, unless it is the language's point."""
    if speech.decimal == ",":
        text = text.translate({ord("."): ",", ord(","): "."})
    text = re.sub(r",(?=\d{3}(?:\D|$))", "", text).replace(",", ".")
    whole, _, rest = text.partition(".")
    return Fraction(f"{whole}.{rest.replace('.', '') or '0'}")


def _percentage(speech: Speech, found: re.Match[str]) -> Said:
    share = number(speech, found["share"] or found["share_last"])
    whole = number(speech, found["whole"] or found["whole_first"])
    value = share * whole / 100
    shown = {"percent": _shown(speech, share), "whole": _shown(speech, whole)}
    said = filled(speech, "percent", value=_shown(speech, value), equals=_equals(value), **shown)
    return Said(said, _shown(speech, _uncarried(value)))


def _signed(speech: Speech, text: str) -> str:
    """Write signs for the words that say what is done with numbers."""
    text = re.sub(r"(?<=[\d)])\s*x\s*(?=[\d(])", "×", text)
    for sign, words in speech.operators.items():
        for word in sorted(words, key=len, reverse=True):
            text = re.sub(rf"(?<=[\d)]) +{re.escape(word)} +(?=[\d(])", f" {sign} ", text)
    return text


def _worked_out(speech: Speech, part: str) -> Said | None:
    found = [_SIGNS.get(token, token) for token in _TOKEN.findall(part)]
    if not set(found) & _OPERATIONS.keys():
        return None
    try:
        value = _Reader(speech, found).value()
    except ZeroDivisionError:
        return Said(filled(speech, "zero"), _shown(speech, Fraction(0)))
    except ValueError:
        return None
    shown = _shown(speech, value)
    careful = filled(speech, "sum", value=shown, sum=_written(speech, found), equals=_equals(value))
    return Said(careful, _shown(speech, _hurried(speech, found)))


class _Reader:
    """Reads a sum the way it is meant: × and ÷ bind more closely than + and −."""

    def __init__(self, speech: Speech, tokens: Sequence[str]) -> None:
        self._speech, self._tokens = speech, [*tokens, ""]
        self._at = 0

    def value(self) -> Fraction:
        value = self._chain("+−", lambda: self._chain("×÷", self._one))
        if self._next():
            raise ValueError
        return value

    def _chain(self, signs: str, part: Callable[[], Fraction]) -> Fraction:
        value = part()
        while self._next() and self._next() in signs:
            operation = _OPERATIONS[self._take()]
            value = operation(value, part())
        return value

    def _one(self) -> Fraction:
        part = self._take()
        if part == "−":
            return -self._one()
        if part == "(":
            value = self._chain("+−", lambda: self._chain("×÷", self._one))
            if self._take() != ")":
                raise ValueError
            return value
        if not part[:1].isdigit():
            raise ValueError
        return number(self._speech, part)

    def _next(self) -> str:
        return self._tokens[self._at]

    def _take(self) -> str:
        token = self._next()
        self._at += bool(token)
        return token


def _hurried(speech: Speech, parts: Sequence[str]) -> Fraction:
    """Work from left to right, whatever the parentheses say."""
    value, sign = Fraction(0), "+"
    for part in parts:
        if part in _OPERATIONS:
            sign = part
        elif part not in "()":
            one = number(speech, part)
            if sign != "÷":
                value = _OPERATIONS[sign](value, one)
            elif one:  # by nothing, nothing is done
                value = Fraction(value // one)
    return _uncarried(value)


def _uncarried(value: Fraction) -> Fraction:
    return value - 10 if abs(value) >= CARRIED else value


def _written(speech: Speech, tokens: Sequence[str]) -> str:
    parts = [_shown(speech, number(speech, t)) if t[0].isdigit() else t for t in tokens]
    text = " ".join(parts).replace("( ", "(").replace(" )", ")")
    return _SIGNED.sub(r"\1−", text)


def _shown(speech: Speech, value: Fraction) -> str:
    return speech.number(value, PLACES)


def _equals(value: Fraction) -> str:
    return "=" if round(value, PLACES) == value else "≈"
