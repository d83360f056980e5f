"""Language tags (BCP 47): whether one is well formed, which way it runs, what it calls itself.

Tags are compared without regard to case, as RFC 5646 asks.
"""

import re
from functools import cache
from itertools import takewhile
from typing import Literal

from babel import Locale

from labeler.said import say

INTERFACE = ("en", "fr", "es", "de", "it", "sw", "bn")

_ENDONYMS = dict(
    zip(
        INTERFACE,
        ("English", "Français", "Español", "Deutsch", "Italiano", "Kiswahili", "বাংলা"),
        strict=True,
    )
)

# Scripts written from right to left (Unicode, bidirectional classes R and AL).
_RTL_SCRIPTS = frozenset(
    "adlm arab aran armi avst chrs cprt elym garr hatr hebr hung khar lydi mand mani mend merc mero"
    " narb nbat nkoo orkh ougr palm phli phlp phnx prti rohg samr sarb sogd sogo syrc syre syrj"
    " syrn thaa yezi".split()
)
# Languages whose usual script is one of those (CLDR, likely subtags).
_RTL_LANGUAGES = frozenset(
    "acm acw acx aeb aec afb aii ajp apc apd ar arc arq ars ary arz ayl azb bal bcc bej bft bgn bqi"
    " brh ckb dcc dv fa gjk gju glk haz hbo he hnd hno iw ji jpr jrb khw ks kxp lad lah lki lrc luz"
    " mid mzn nqo ota pbt pes pnb prs ps pst rhg sam sd sdh shu skr smp syc syr tmr trw ug ur ush"
    " uzs yi yih".split()
)
# Languages whose script depends on the country.
_RTL_PLACES = frozenset(
    "az-iq az-ir ha-cm ha-sd kk-af kk-cn kk-ir kk-mn ku-iq ku-ir ku-lb ky-cn ms-cc pa-pk tg-pk"
    " uz-af".split()
)

_TAG = re.compile(
    r"""(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}             # language
        (?:-[a-z]{4})?                              # script
        (?:-(?:[a-z]{2}|[0-9]{3}))?                 # country or region
        (?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*    # variants
        (?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*        # extensions
        (?:-x(?:-[a-z0-9]{1,8})+)?                  # private use
        |x(?:-[a-z0-9]{1,8})+)""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_LONGEST = 100


def is_tag(tag: str) -> bool:
    """Tell whether a text is a well-formed language tag.

    The language has two or three letters: longer names are reserved, and none was ever registered,
    so "english" is refused. So are the irregular tags of before 2005, such as "i-klingon".
    """
    return len(tag) <= _LONGEST and _TAG.fullmatch(tag) is not None


def require_tag(tag: str) -> str:
    """Return a well-formed language tag as it is; raises ValueError for anything else."""
    if not is_tag(tag):
        raise ValueError(say("%(tag)s is not a language tag such as en or pt-BR", tag=repr(tag)))
    return tag


def direction(tag: str) -> Literal["ltr", "rtl"]:
    """Tell which way a language is written: by the script of its tag, else its usual one."""
    parts = list(takewhile(lambda part: len(part) > 1, tag.lower().split("-")))
    script = next((part for part in parts[1:] if len(part) == 4 and part.isalpha()), None)
    if script is not None:
        return "rtl" if script in _RTL_SCRIPTS else "ltr"
    usual = not _RTL_LANGUAGES.isdisjoint(parts[:1])
    here = any(f"{parts[0]}-{part}" in _RTL_PLACES for part in parts[1:])
    return "rtl" if usual or here else "ltr"


def name(tag: str) -> str:
    """Return what a language of the interface calls itself; for any other, its tag."""
    return _ENDONYMS.get(tag.lower(), tag)


def told(said: object) -> str | None:
    """Return the tag of a language that is told by its tag or by its English name, else None."""
    if not isinstance(said, str):
        return None
    if is_tag(said):
        return said
    return _by_english_name().get(said.strip().casefold())


@cache
def _by_english_name() -> dict[str, str]:
    english = Locale("en").languages
    return {name.casefold(): tag.replace("_", "-") for tag, name in english.items() if is_tag(tag)}
