"""Takes the texts that people see out of the code, into the catalogues of the other languages.

`make messages` runs this after a text was added or changed. Catalogues are sorted by text and name
files without lines, so that a change of one text is a change of one place.
"""

from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

from labeler.text.languages import INTERFACE

ROOT = Path(__file__).parents[1]
TRANSLATIONS = ROOT / "labeler" / "translations"
PACKAGES = ("labeler", "exports")
SOURCE = "en"
# What only commands and programs are told stays English.
ENGLISH = (
    *("api/**.py", "cli/**.py", "demo/**.py", "cli.py", "app.py", "config.py", "database.py"),
    *("backups.py", "dumps.py", "files/folders.py", "files/manifests.py", "files/writing.py"),
    # What releases are made of, and what is wrong with one: a command says it, or a file does.
    *("cards/**.py", "checking/verification.py", "choosing/criteria.py", "formats/**.py"),
    *("making/clusters.py", "privacy/suppression.py", "proof/keys.py", "proof/signing.py"),
)
TEMPLATES = "templates/**.html"
METHODS = [*((name, "ignore") for name in ENGLISH), ("**.py", "python"), (TEMPLATES, "jinja2")]
# A template that cannot be read is an error, not a template without texts.
OPTIONS = {TEMPLATES: {"silent": "false"}}
FIRST, BOTH = (1,), (1, 2)
KEYWORDS = dict.fromkeys(
    (
        *("_", "say"),
        # What rules refuse with, if it is one plain text.
        *("Invalid", "Forbidden", "NotFound", "Conflict", "Busy", "Full"),
    ),
    FIRST,
) | dict.fromkeys(("ngettext", "say_number"), BOTH)
HEADER = """\
# {name}. docs/translations.md says how to write here.
msgid ""
msgstr ""
"Language: {tag}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def extracted() -> Catalog:
    """Return every text of the code that a person may see on a page."""
    catalogue = Catalog()
    for package in PACKAGES:
        found = extract_from_dir(
            ROOT / package,
            METHODS,
            OPTIONS,
            KEYWORDS,
            comment_tags=("For translators:",),
            directory_filter=lambda _: True,  # also those whose name begins with an underscore
        )
        for name, _, message, comments, context in found:
            place = [(f"{package}/{name}", 1)]
            catalogue.add(message, None, place, auto_comments=comments, context=context)
    return catalogue


def read(tag: str) -> Catalog:
    """Return the catalogue of a language; an empty one if there is none yet."""
    path = place(tag)
    content = path.read_bytes() if path.exists() else b""
    return read_po(BytesIO(content), locale=tag)


def update(tag: str, template: Catalog) -> None:
    """Bring a catalogue up to the code: new texts are empty, old ones go, nothing is guessed."""
    catalogue = read(tag)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    path = place(tag)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_header(tag).encode() + _messages(catalogue))


def place(tag: str) -> Path:
    """Return where the catalogue of a language lies."""
    return TRANSLATIONS / tag / "LC_MESSAGES" / "messages.po"


def _header(tag: str) -> str:
    plurals = get_plural(Locale.parse(tag))
    return HEADER.format(name=Locale.parse(tag).get_display_name("en"), tag=tag, plurals=plurals)


def _messages(catalogue: Catalog) -> bytes:
    written = BytesIO()
    for message in catalogue:
        message.flags.discard("python-format")  # it guesses, from any percent sign
    how = {"omit_header": True, "sort_output": True, "include_lineno": False}
    write_po(written, catalogue, width=100, **how)
    return written.getvalue()


if __name__ == "__main__":
    texts = extracted()
    for language in INTERFACE:
        if language != SOURCE:
            update(language, texts)
