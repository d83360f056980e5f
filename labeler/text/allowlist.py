"""What the HTML of an answer may hold; whatever is not named here goes.

Always true of what `clean` returns: no script, no style, nothing that loads, no link but to the web
or to mail, no class of the interface, and no length that pulls text out of its answer, over
something else: a formula may leave room, but never take it back.
"""

import re

import nh3

_TEXT = set(
    "a blockquote br code div em h3 h4 h5 h6 hr li ol p pre s span strong"
    " table tbody td th thead tr ul".split()
)
_MATHML = set(
    "math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms"
    " mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover".split()
)
_MATHML_ATTRIBUTES = set(
    "accent accentunder columnalign display displaystyle fence form largeop mathvariant"
    " movablelimits notation scriptlevel separator stretchy symmetric".split()
)
_LENGTHS = {
    "mfrac": {"linethickness"},
    "mo": {"lspace", "maxsize", "minsize", "rspace"},
    "mspace": {"depth", "height", "width"},
}
_BOX = {"class", "aria-label"}
_SCROLLS = {"role": {"group"}, "tabindex": {"0"}}

_CLASS = re.compile(r"(?:hl|language|math)-[\w+#-]+|lines|math|scroll")
_LENGTH = re.compile(r"(\d{0,3}(?:\.\d{1,6})?)(em|ex|px|pt)?")
_EMS = {"em": 1.0, "ex": 0.5, "px": 0.06, "pt": 0.08, None: 1.0}
_FARTHEST = 4.0  # em


def clean(html: str) -> str:
    """Return the HTML with only what is allowed in it."""
    return _CLEANER.clean(html)


def _kept(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return " ".join(c for c in value.split() if _CLASS.fullmatch(c)) or None
    if name in _LENGTHS.get(tag, ()):
        return value if _is_short(value) else None
    return value


def _is_short(value: str) -> bool:
    length = _LENGTH.fullmatch(value)
    if length is None or not length[1]:
        return False
    return float(length[1]) * _EMS[length[2]] <= _FARTHEST


_CLEANER = nh3.Cleaner(
    tags=_TEXT | _MATHML,
    attributes={
        "*": set(),
        "a": {"href"},
        "ol": {"start"},
        **dict.fromkeys(("code", "div", "pre", "span"), _BOX),
        **{tag: _MATHML_ATTRIBUTES | _LENGTHS.get(tag, set()) for tag in _MATHML},
    },
    tag_attribute_values={
        "div": _SCROLLS,
        "span": _SCROLLS,
        "pre": _SCROLLS | {"dir": {"ltr"}},
        "code": {"dir": {"ltr"}},
        "th": {"scope": {"col"}, "align": {"left", "center", "right"}},
        "td": {"align": {"left", "center", "right"}},
    },
    attribute_filter=_kept,
    link_rel="noopener noreferrer nofollow",
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
)
