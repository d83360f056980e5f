"""A language that is made up: every text stands in brackets, and runs from right to left.

Words outside brackets cannot be translated; what does not stand mirrored does not follow the
direction of the page.
"""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask

from deploy import catalogues
from labeler.text.languages import INTERFACE

TAG = "ar"


def teach(app: Flask, folder: Path) -> None:
    """Let pages be read in it too; the folder keeps its catalogue beside links to the others."""
    place = folder / "translations"
    _write_catalogue(place / TAG / "LC_MESSAGES")
    for other in catalogues.TRANSLATIONS.iterdir():
        (place / other.name).symlink_to(other)
    app.config["LANGUAGES"] = (*INTERFACE, TAG)
    # One place for all: of several, Flask-Babel takes the plurals of the last.
    app.extensions["babel"].translation_directories[:] = [str(place)]


def _write_catalogue(folder: Path) -> None:
    made_up = Catalog(locale=TAG)
    for message in catalogues.extracted():
        if isinstance(message.id, tuple):
            one, many = message.id
            forms = (many, one, many, many, many, many)
            made_up.add(message.id, tuple(f"⟦{text}⟧" for text in forms))
        elif message.id:
            made_up.add(message.id, f"⟦{message.id}⟧")
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, made_up)
