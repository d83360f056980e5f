"""Reading rendered HTML as a strict reader would, and judging whether it may stand on a page."""

import re
from html.parser import HTMLParser

VOID = {"br", "hr"}
TEXT = set(
    "a blockquote br code div em h3 h4 h5 h6 hr li ol p pre s span strong"
    " table tbody td th thead tr ul".split()
)
MATHML = set(
    "math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms"
    " mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover".split()
)
ATTRIBUTES = {
    "a": {"href", "rel"},
    "code": {"class", "dir"},
    "div": {"aria-label", "class", "role", "tabindex"},
    "ol": {"start"},
    "pre": {"aria-label", "dir", "role", "tabindex"},
    "span": {"aria-label", "class", "role", "tabindex"},
    "td": {"align"},
    "th": {"align", "scope"},
}
MATHML_ATTRIBUTES = set(
    "accent accentunder columnalign display displaystyle fence form largeop mathvariant"
    " movablelimits notation scriptlevel separator stretchy symmetric".split()
)
LENGTHS = {
    "mfrac": {"linethickness"},
    "mo": {"lspace", "maxsize", "minsize", "rspace"},
    "mspace": {"depth", "height", "width"},
}
LENGTH = re.compile(r"(0|[0-3]?\.\d+|[1-4](\.\d+)?)(em|ex)?|\d{1,2}(\.\d+)?(pt|px)")
CLASS = re.compile(r"(hl|language|math)-[a-z0-9-]+|lines|math|scroll")
HREF = re.compile(r"(https?://|mailto:)")


class Page(HTMLParser):
    """The elements and the text of a piece of HTML whose every element is closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.strays: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.strays.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def read(html: str) -> Page:
    """Parse HTML and assert that nothing in it can run, load, restyle or leave its place."""
    page = Page(html)
    assert page.strays == []
    for tag, attributes in page.elements:
        lengths = LENGTHS.get(tag, set())
        allowed = lengths | (MATHML_ATTRIBUTES if tag in MATHML else ATTRIBUTES.get(tag, set()))
        assert tag in TEXT | MATHML
        assert attributes.keys() <= allowed, (tag, attributes)
        assert all(CLASS.fullmatch(name) for name in attributes.get("class", "").split())
        assert HREF.match(attributes.get("href", "https://"))
        assert all(LENGTH.fullmatch(attributes[name]) for name in lengths & attributes.keys())
    return page
