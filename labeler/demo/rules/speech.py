"""Speech: what the demo's rules know of a language, and which one somebody writes."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

TAGS = ("en", "fr", "es", "de", "it", "sw", "bn")
STEM = 4
"""From how many letters on a word also stands for those that begin with it."""
MOST_READ = 2000
"""How many letters of a message are looked at."""
_FOLDER = Path(__file__).parent
_BENGALI = re.compile(r"[\u0980-\u09ff]")
_TOKEN = re.compile(r"°\s?[^\W\d_]|\d+(?:[.,]\d+)*|[^\s\d.,;:!?¿¡()\[\]\"'“”«»…।+*/=%°×÷−-]+")
_PLAIN = str.maketrans({"’": "'", "‘": "'", "–": "-"})
_BENGALI_DIGITS = {ord("0") + digit: chr(0x09E6 + digit) for digit in range(10)}


@dataclass(frozen=True)
class Speech:
    """One language: its words for what the rules look for, and its sentences."""

    tag: str
    common: frozenset[str]
    decimal: str
    date: str
    months: Sequence[str]
    weekdays: Sequence[str]
    words: Mapping[str, frozenset[str]]
    who: Sequence[str]
    said: Mapping[str, str]
    operators: Mapping[str, Sequence[str]]
    units: Mapping[str, Sequence[str]]
    capitals: Mapping[str, str]
    slips: Mapping[str, str]
    facts: Mapping[str, Sequence[str]]

    @property
    def vocabulary(self) -> frozenset[str]:
        """The words that speak for this language, if less than its commonest ones."""
        units = (word for words in self.units.values() for word in words)
        operators = (word for words in self.operators.values() for word in words)
        names = (plain(name) for name in (*self.months, *self.weekdays, *self.capitals))
        return frozenset({*units, *operators, *names}.union(*self.words.values()))

    def number(self, value: Fraction, places: int) -> str:
        """Write a number with so many decimal places at most, the way the language does."""
        rounded = round(value, places)
        sign = "−" if rounded < 0 else ""
        digits = f"{abs(rounded.numerator) * 10**places // rounded.denominator:0{places + 1}d}"
        whole, rest = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
        return self.figures(sign + whole + (self.decimal + rest if rest else ""))

    def figures(self, text: str) -> str:
        """Write a text's digits as the language does."""
        return text.translate(_BENGALI_DIGITS) if self.tag == "bn" else text


def plain(text: str) -> str:
    """Return a text in small letters and with European digits, however it was typed."""
    folded = unicodedata.normalize("NFC", text[:MOST_READ].casefold()).translate(_PLAIN)
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in folded)


def tokens(text: str) -> list[str]:
    """Part a plain text into words and numbers."""
    return [token.replace(" ", "") for token in _TOKEN.findall(text)]


def hits(token: str, words: Sequence[str] | frozenset[str]) -> bool:
    """Tell whether a word is one of these, or an inflected form of a longer one."""
    return token in words or any(len(w) >= STEM and token.startswith(w) for w in words)


def spoken(texts: Sequence[str]) -> Speech:
    """Return the language of the last text whose language can be told; else English."""
    for text in reversed(texts):
        if _BENGALI.search(text):
            return speech("bn")
        found = tokens(plain(text))
        best = max((speech(tag) for tag in TAGS), key=lambda each: _score(each, found))
        if _score(best, found):
            return best
    return speech("en")


@cache
def speech(tag: str) -> Speech:
    """Read what is known of a language."""
    read = tomllib.loads((_FOLDER / f"{tag}.toml").read_text("utf-8"))
    return Speech(
        tag=tag,
        common=_words(read["common"]),
        decimal=read["decimal"],
        date=read["date"],
        months=read["months"].split(),
        weekdays=read["weekdays"].split(),
        words={name: _words(read[f"{name}_words"]) for name in _KINDS},
        who=[plain(phrase) for phrase in read["who_words"]],
        said=read["said"],
        operators={sign: [plain(w) for w in words] for sign, words in read["operators"].items()},
        units={unit: plain(words).split() for unit, words in read["units"].items()},
        capitals=read["capitals"],
        slips=read["slips"],
        facts=read["facts"],
    )


_KINDS = ("day", "before", "capital", "hello", "thanks")


def _words(text: str) -> frozenset[str]:
    return frozenset(plain(text).split())


def _score(each: Speech, found: Sequence[str]) -> int:
    known = _vocabulary(each.tag)
    return sum(2 * (token in each.common) + hits(token, known) for token in set(found))


@cache
def _vocabulary(tag: str) -> frozenset[str]:
    return speech(tag).vocabulary


def filled(speech: Speech, name: str, **parts: Any) -> str:
    """Fill in a sentence of the language."""
    return speech.figures(speech.said[name].format(**parts))
