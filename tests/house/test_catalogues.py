"""Catalogues are complete, say what the code says, and lose nothing on the way.

A translator checks one of them with `python -m pytest tests/house/test_catalogues.py -k sw`.
"""

import ast
import gettext
import re
from collections.abc import Iterator
from functools import cache
from pathlib import PurePath

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.plurals import get_plural

from deploy import catalogues
from labeler.text.languages import INTERFACE
from tests.house.source import Module, modules

TAGS = [tag for tag in INTERFACE if tag != catalogues.SOURCE]
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
SAYING = {"Invalid", "Forbidden", "NotFound", "Conflict", "Busy", "Full", "Refused", "Unfit"}
WORDS_OF = {
    **dict.fromkeys(("Refused", "Unfit"), slice(-1, None)),
    **dict.fromkeys(("ngettext", "say_number"), slice(2)),
}

languages = pytest.mark.parametrize("tag", TAGS)
extracted = cache(catalogues.extracted)
read = cache(catalogues.read)


def messages(tag: str) -> list[Message]:
    return [message for message in read(tag) if message.id]


def texts(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple) else [message.string]


def sources(message: Message) -> list[str]:
    return list(message.id) if isinstance(message.id, tuple) else [message.id]


def ids(catalogue: Catalog) -> set[object]:
    return {message.id for message in catalogue if message.id}


@languages
def test_every_text_of_the_code_is_in_it_and_no_other(tag: str) -> None:
    wanted = ids(extracted())
    assert len(wanted) > 500
    assert ids(read(tag)) == wanted, "make messages"


@languages
def test_every_message_is_translated(tag: str) -> None:
    missing = [message.id for message in messages(tag) if not all(texts(message))]
    assert missing[:10] == [], f"{len(missing)} in all"
    assert [message.id for message in messages(tag) if message.fuzzy] == []


@languages
def test_every_plural_has_as_many_forms_as_the_language(tag: str) -> None:
    plural = get_plural(Locale.parse(tag))
    assert read(tag).num_plurals == plural.num_plurals
    assert read(tag).plural_expr == plural.plural_expr
    several = [message for message in messages(tag) if message.pluralizable]
    assert several
    assert {len(texts(message)) for message in several} == {plural.num_plurals}


@languages
def test_no_placeholder_is_lost_or_altered(tag: str) -> None:
    wrong = [
        text
        for message in messages(tag)
        for text in texts(message)
        if text and not _fits(message, text)
    ]
    assert wrong == []


def _fits(message: Message, text: str) -> bool:
    """Tell whether the text has the values of its source; a single form may leave out "1"."""
    wanted = set(PLACEHOLDER.findall("".join(sources(message))))
    found = set(PLACEHOLDER.findall(text))
    optional = {"num"} if message.pluralizable else set()
    if not wanted - optional <= found <= wanted:
        return False
    # Only where values are put in is a percent sign written twice.
    return not wanted or "%" not in PLACEHOLDER.sub("", text).replace("%%", "")


@languages
def test_a_text_begins_and_ends_like_its_source(tag: str) -> None:
    wrong = [
        text
        for message in messages(tag)
        for text in texts(message)
        if text and (text != text.strip() or _ends(text) != _ends(sources(message)[0]))
    ]
    assert wrong == []


def _ends(text: str) -> str:
    """Return the kind of end: in a sentence's stop, in a colon, or in none."""
    if text.endswith((".", "!", "?", "।")):
        return "."
    return ":" if text.endswith(":") else ""


@languages
def test_what_is_compiled_is_what_is_written(tag: str) -> None:
    path = catalogues.place(tag).with_suffix(".mo")
    assert path.exists(), "make setup"
    with path.open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    stale = [
        message.id
        for message in messages(tag)
        if all(texts(message))
        and not message.pluralizable
        and compiled.gettext(str(message.id)) != message.string
    ]
    assert stale == [], "make .venv/.catalogues"


def test_no_text_glues_what_another_language_parts() -> None:
    odd = [text for message in extracted() for text in sources(message) if text != text.strip()]
    assert odd == []
    unnamed = [text for message in extracted() for text in sources(message) if _has_unnamed(text)]
    assert unnamed == []


def _has_unnamed(text: str) -> bool:
    return bool(re.search(r"%[sdr]|\{\w*\}", PLACEHOLDER.sub("", text)))


def test_what_people_are_told_is_never_an_f_string() -> None:
    spoken = [module for module in modules() if not _is_english(module)]
    assert len(spoken) > 50
    found = [module.at(call) for module in spoken for call in _calls(module) if _is_glued(call)]
    assert found == []


def _is_english(module: Module) -> bool:
    path = module.path.relative_to(catalogues.ROOT)
    inside = PurePath(*path.parts[1:])
    return any(inside.match(name.replace("**", "*")) for name in catalogues.ENGLISH)


def _calls(module: Module) -> Iterator[ast.Call]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else None
            name = node.func.id if isinstance(node.func, ast.Name) else name
            if name in SAYING | {"flash", "say", "say_number", "_", "ngettext"}:
                yield node


def _is_glued(call: ast.Call) -> bool:
    name = ast.unparse(call.func).rpartition(".")[2]
    words = call.args[WORDS_OF.get(name, slice(1))]
    said = [*words, *(word.value for word in call.keywords if word.arg == "fields")]
    return any(isinstance(node, ast.JoinedStr) for part in said for node in _own(part))


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is said itself; an argument of a call inside is looked at with that call."""
    yield node
    if not isinstance(node, ast.Call):
        for child in ast.iter_child_nodes(node):
            yield from _own(child)
