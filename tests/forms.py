"""The forms of a page as a browser reads them: where they go, and what they would send."""

import html
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple

WRITTEN = ("email", "file", "password", "search", "tel", "text", "textarea", "url")
"""Kinds of controls in which somebody writes; the others are chosen, counted or hidden."""


class Field(NamedTuple):
    """A control; `is_set` where it is sent as the page stands."""

    name: str
    kind: str
    value: str
    longest: float
    is_set: bool

    @property
    def alike(self) -> str:
        """Its name without the number of its row, which it shares with those of other rows."""
        return re.sub(r"\b\d+\b", "N", self.name)


@dataclass
class Form:
    """A form, and one of the ways to send it."""

    method: str
    action: str
    fields: list[Field] = field(default_factory=list)

    @property
    def kind(self) -> tuple[str, str, frozenset[str]]:
        """What it shares with the same form on another page."""
        return self.method, self.goal, frozenset(one.alike for one in self.fields)

    @property
    def goal(self) -> str:
        """Where it goes, whatever it is about."""
        return re.sub(r"/(\d+|[\w-]{30,})(?=/|$)", "/N", self.action)

    @property
    def sent(self) -> dict[str, str]:
        """What is sent with every box ticked and something chosen everywhere."""
        found: dict[str, str] = {}
        for one in self.fields:
            if one.is_set or one.kind == "checkbox" or one.name not in found:
                found[one.name] = one.value
        return found


class _Reader(HTMLParser):
    """Reads controls, with the form that each stands in or names."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: dict[str, Form] = {}
        self.controls: list[tuple[str, str, Mapping[str, str]]] = []
        self._form, self._text = "", ""
        self._open: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = given.get("id") or f"#{len(self.forms)}"
            self.forms[self._form] = Form(given.get("method", "get"), given.get("action", ""))
        elif tag in ("textarea", "select"):
            self._open, self._text = given, ""
        elif tag == "option" and self._open is not None:
            if "selected" in given or "value" not in self._open:
                self._open["value"] = given.get("value", "")
        elif tag in ("input", "button"):
            self._put(given.get("type", "text" if tag == "input" else "submit"), given)

    def handle_data(self, data: str) -> None:
        self._text += data if self._open is not None else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = ""
        elif tag in ("textarea", "select") and self._open is not None:
            if tag == "textarea":
                self._open["value"] = self._text.removeprefix("\n")
            self._put(tag, self._open)
            self._open = None

    def _put(self, kind: str, given: Mapping[str, str]) -> None:
        if "disabled" not in given:
            self.controls.append((given.get("form", self._form), kind, given))


def read(page: str) -> list[Form]:
    """Return the forms of a page that have something to fill in, once for each way to send them."""
    reader = _Reader()
    reader.feed(page)
    found = []
    for name, form in reader.forms.items():
        mine = [(kind, given) for where, kind, given in reader.controls if where == name]
        form.fields = [_field(kind, given) for kind, given in mine if _is_field(kind, given)]
        if any(one.name != "csrf_token" for one in form.fields):
            ways = [given for kind, given in mine if kind == "submit"]
            ways.sort(key=lambda given: "name" in given)  # what the form is for comes first
            found += [_way(form, button) for button in ways or [{}]]
    return found


def _is_field(kind: str, given: Mapping[str, str]) -> bool:
    return "name" in given and kind not in ("submit", "button", "reset")


def _field(kind: str, given: Mapping[str, str]) -> Field:
    picks = kind in ("radio", "checkbox")
    value = given.get("value", "on" if picks else "")
    longest = float(given.get("maxlength", math.inf))
    return Field(given["name"], kind, value, longest, not picks or "checked" in given)


def _way(form: Form, button: Mapping[str, str]) -> Form:
    """Return what a button makes of a form."""
    method, action = button.get("formmethod", form.method), button.get("formaction", form.action)
    said = [_field("hidden", button)] if "name" in button else []
    return Form(method.lower(), action, form.fields + said)


def blamed(page: str) -> set[str]:
    """Return the names of the fields that a page finds fault with."""
    controls = re.findall(r"<(?:input|textarea|select)\b[^>]*\baria-invalid=[^>]*>", page)
    names = [name for each in controls for name in re.findall(r'\bname="([^"]*)"', each)]
    names += re.findall(r'\bid="([^"]*)-fault"', page)
    names += re.findall(r'<a href="#([^"]*)-field">', page)
    if 'class="quietly"' in page:  # it has no form of its own
        names += re.findall(r"[>\s]([\w.]+): ", page)
    return {html.unescape(name) for name in names}
