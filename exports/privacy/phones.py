"""Telephone numbers in a text, as they are dialled from abroad and at home in eight countries.

A number is taken for one if it is written as hardly anything else is: with the code of a country,
with the 0 that is dialled before an area, in the groups of Spain, Italy or North America. Any
other needs a word for telephones shortly before it. The digits are 0 to 9.
ITU-T recommendation E.164, and the numbering plans of the countries.
"""

import re
from collections.abc import Iterator

from exports.privacy.identifiers import Span, digits

_GAP = r"[ .\-/\u00a0\u2009\u202f\u2011]"
# What ends where no further digit follows, and begins at any group: what follows is looked at and
# left, since the number of a house may stand before that of a telephone.
_RUN = re.compile(
    rf"[+(\d](?<![\w.,:/#$€£৳+-].)(?=((?:(?:{_GAP}|[()]){{0,3}}\d){{6,18}}+)"
    rf"(?!\w|{_GAP}?\d|,\d| ?[%€$£৳]))"
)
_DATE = re.compile(r"\d{1,2}([-./ ])\d{1,2}\1(?:19|20)\d\d(?!\d)|(?:19|20)\d\d([-./])\d\d?\2\d\d?")

# What is dialled after the code of a country, by the digits alone.
_PLANS = {
    "1": re.compile(r"[2-9]\d\d[2-9]\d{6}"),
    "33": re.compile(r"0?[1-9]\d{8}"),
    "34": re.compile(r"[6-9]\d{8}"),
    "39": re.compile(r"0\d{5,10}|3\d{8,9}"),
    "44": re.compile(r"0?[1-9]\d{8,9}"),
    "49": re.compile(r"0?[1-9]\d{6,11}"),
    "254": re.compile(r"0?[1-9]\d{6,8}"),
    "880": re.compile(r"0?[1-9]\d{7,9}"),
}
_CODE = re.compile(
    r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|(?:2[1-69]|3[578]|42|5[09]|6[789]|8[58]|9[679])\d"
)
_ELSEWHERE = re.compile(r"\d{6,12}")
_LONGEST = 15
_ROUND = "000000"

_AT_HOME = re.compile(
    rf"(?:\(0[1-9]\d{{0,3}}\)|0[1-9]\d{{0,3}})(?:{_GAP}{{1,2}}\d{{2,8}}){{1,5}}"  # 0 and an area
    r"|0[1-9]\d{8,9}|01[5-7]\d{9}"  # … in one, of ten or eleven digits; German mobiles have twelve
)
_IN_GROUPS = re.compile(
    r"(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d([ .-]))[2-9]\d\d(?(1)\1|[ .-])\d{4}"  # North America
    r"|[6-9]\d\d([ .-])\d\d\2\d\d\2\d\d"  # Spain
    r"|3\d\d[ /.-]\d{6,7}"  # mobiles in Italy
)
_COUNTED = {"0123456789", "01234567890", "0987654321"}
_SAID = re.compile(
    r"(?:\b(?:t[eé]l[eé]?f|t[eé]l\b|fon\b|fax|phone|mobil|móvil|movil|handy|cell\b|cellul|portable\b"
    r"|whatsapp|sms\b|simu\b|rufnummer|(?:call|ring|text|reach|dial) (?:me|us|her|him|them|at|on)\b"
    r"|ll[aá]ma|appel|chiama|piga)|phone|telef|ফোন|মোবাইল)[^\d\n]{0,20}$",
    re.IGNORECASE,
)
_BEFORE = 36


def phones(text: str) -> Iterator[Span]:
    """Yield where telephone numbers stand."""
    done = 0
    for one in _RUN.finditer(text):
        start, end = one.start(), one.end(1)
        if start >= done and _is_phone(text, text[start:end], start):
            yield start, end
            done = end


def _is_phone(text: str, written: str, start: int) -> bool:
    plain = digits(written)
    if _DATE.match(written) or _ROUND in plain or written in _COUNTED:
        return False
    if written.startswith(("+", "00")):
        return _is_abroad(written)
    if _SAID.search(text, max(0, start - _BEFORE), start):
        return len(plain) <= _LONGEST
    if _IN_GROUPS.fullmatch(written):
        return True
    return _AT_HOME.fullmatch(written) is not None and _is_at_home(written, plain)


def _is_abroad(written: str) -> bool:
    number = digits(written.replace("(0)", "")).removeprefix("" if written[0] == "+" else "00")
    code = _CODE.match(number)
    if code is None or len(number) > _LONGEST:
        return False
    return _PLANS.get(code[0], _ELSEWHERE).fullmatch(number, code.end()) is not None


def _is_at_home(written: str, plain: str) -> bool:
    """Tell whether it is as long as numbers are, and if there are dots, nothing else parts it."""
    gaps = set(re.findall(_GAP, written))
    return 9 <= len(plain) <= 12 and ("." not in gaps or gaps == {"."})
