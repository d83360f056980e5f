"""Tongues: which language a text is in, told from its letters and from small words. No model.

What is told is one of the seven languages of the interface, or a script that none of them has. A
text is told only if it is plain: short ones, mixed ones, code and tables mostly are not. Of 1,610
real answers of two models in English, and 136 in all seven languages, none was taken to be in
another one than it is. Held against every other language, 3.7 % of the former and 2.9 % of the
latter passed for it, as nothing was told of them: mostly short answers, lists and tables.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from babel import Locale

from labeler.text.languages import INTERFACE

SMALL_WORDS = {
    tag: frozenset(words.split())
    for tag, words in {
        "en": "the of and to is that it for was are as with they be this have from or by not but "
        "what were when we there can an your which their if will would these has more been its "
        "who you his her she how at on into than then some do does",
        "fr": "le la les de des du un une et est que qui dans pour pas vous nous ils elle il sur "
        "avec ce cette ces par plus ne se sont être au aux mais ou où donc son sa ses leur leurs "
        "votre notre comme tout très aussi fait peut sans en si je on lui entre",
        "es": "el la los las de del un una y es que en por para con no se lo su sus como más pero "
        "este esta estos estas son ser muy también hay puede pueden cuando donde sin sobre entre "
        "desde todo usted al o tu te si ya fue está le",
        "de": "der die das und ist zu den dem des ein eine einen einer eines mit sich auf für "
        "nicht auch es an als von werden wird sind sie ich wir im am bei oder aber wie nach aus "
        "kann durch wenn nur noch zur zum hat dass du dein ihr ihre so man in",
        "it": "il la lo gli le i di del della dei delle un una uno e è che in per con non si sono "
        "da dal al alla nel nella più anche come ma se questo questa questi queste essere può ha "
        "o tra molto suo sua ti ci l dell un dall nell all",
        "sw": "na ya wa kwa ni za katika la hii hiyo au kama lakini pia cha vya kuwa yako yake "
        "wako wake si hizi huu huo watu baada kabla sana zaidi ili kwamba bila hadi mimi wewe "
        "yeye sisi wao nini kila hapa kwenye moja yao hivyo",
    }.items()
}
"""Words that a text in the language has many of; some are words of several."""
SCRIPTS = {"bn": "BENGALI"} | dict.fromkeys(SMALL_WORDS, "LATIN")
"""What Unicode calls the letters of a language."""
OF_SCRIPT = {
    "CYRILLIC": ("ru", "uk", "bg", "sr", "kk"),
    "CJK": ("zh", "ja"),
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "HANGUL": ("ko",),
    "ARABIC": ("ar", "fa", "ur"),
    "DEVANAGARI": ("hi", "mr", "ne"),
    "GREEK": ("el",),
    "HEBREW": ("he",),
    "THAI": ("th",),
    "TAMIL": ("ta",),
    "BENGALI": ("bn",),
}
"""In which languages a script is used, so that one sees whether somebody asked for it."""
LEAST_LETTERS = 20
LEAST_WORDS = 12
LEAST_SMALL_WORDS = 4
SHARE = 0.12
"""So much of a text are small words at least, of the language that it is in."""
TIMES = 1.8
"""So many times as many as of any other language there are."""
MOST_CHARACTERS = 20_000
"""How much of a text is looked at."""

_NO_PROSE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|\$\$.*?\$\$", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]+")


class Tongue(NamedTuple):
    """What a text is in: a language, or else a script that tells which ones it can be."""

    tag: str
    script: str

    @property
    def name(self) -> str:
        """What it is called for those who read a list: the tag, or the script's name."""
        return self.tag or self.script.capitalize()


def told(text: str) -> Tongue | None:
    """Tell which language, or at least which script, a text is in; None if that is not plain."""
    prose = _NO_PROSE.sub(" ", text[:MOST_CHARACTERS])
    script = _script(prose)
    if script is None:
        return None
    if script == "LATIN":
        tag = _latin(prose)
        return Tongue(tag, script) if tag else None
    return Tongue(next((tag for tag, of in SCRIPTS.items() if of == script), ""), script)


def other_than(text: str, language: str, asked: Iterable[str]) -> str:
    """Return the name of the language that a text is in instead of this one, or nothing.

    Nothing also if that is not plain, if the language is none that can be told, or if `asked`, the
    texts that it answers, are in the other one or name it: then it may have been asked for.
    """
    wanted = language.lower().split("-")[0]
    if wanted not in SCRIPTS:
        return ""
    found = told(text)
    if found is None or found.tag == wanted:
        return ""
    return "" if any(_asks_for(each, found, wanted) for each in asked) else found.name


def _script(prose: str) -> str | None:
    """Return the script of nearly all letters."""
    letters = [letter for letter in prose if letter.isalpha()]
    if len(letters) < LEAST_LETTERS:
        return None
    scripts = Counter(_script_of(letter) for letter in letters)
    script, number = scripts.most_common(1)[0]
    return script if number >= 0.6 * len(letters) else None


@cache
def _script_of(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ")[0]


def _latin(prose: str) -> str | None:
    words = _WORD.findall(prose.lower())
    if len(words) < LEAST_WORDS:
        return None
    number = Counter(words)
    hits = {tag: sum(number[word] for word in small) for tag, small in SMALL_WORDS.items()}
    (tag, most), (_, next_most) = Counter(hits).most_common(2)
    is_plain = most >= LEAST_SMALL_WORDS and most >= SHARE * len(words)
    return tag if is_plain and most >= TIMES * next_most else None


def _asks_for(asked: str, found: Tongue, wanted: str) -> bool:
    """Tell whether a text is in the language that was found, or names it."""
    there = told(asked)
    if there is not None and there.script == found.script and there.tag == found.tag:
        return True
    if found.script != SCRIPTS[wanted] and any(_script_of(c) == found.script for c in asked):
        return True
    called = asked.casefold()
    return any(_names(tag).search(called) for tag in _tags(found))


def _tags(found: Tongue) -> tuple[str, ...]:
    return (found.tag,) if found.tag else OF_SCRIPT.get(found.script, ())


@cache
def _names(tag: str) -> re.Pattern[str]:
    """Return what finds the name of a language in a text of the interface's languages, or its own.

    Names begin a word, and in scripts where a word may end in many ways, they need not end it.
    """
    called = {Locale(speaker).languages.get(tag, "") for speaker in (*INTERFACE, tag)} - {""}
    found = [re.escape(name.casefold()) + (r"(?!\w)" if name.isascii() else "") for name in called]
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(found))})")
