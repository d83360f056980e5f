"""What a wheel holds beside the files of the packages, and what every installation needs made.

What lies beside the packages in a checkout goes inside labeler in a wheel; an editable
installation reads the checkout, so there nothing is copied. Catalogues are compiled for both.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MOVED = {"migrations": "labeler/migrations", "wsgi.py": "labeler/wsgi.py"}
TRANSLATIONS = "labeler/translations"
# Said in a compiled catalogue, which would otherwise differ each time.
WRITTEN_AT = datetime(2026, 11, 25, tzinfo=UTC)


class Wheel(BuildHookInterface[Any]):
    """Compiles the catalogues, and moves the migrations and the composition root into labeler."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make what is missing; add the moved files if this is a wheel to be carried elsewhere."""
        compile_catalogues(Path(self.root, TRANSLATIONS))
        if version == "standard":
            build_data["force_include"].update(MOVED)


def compile_catalogues(folder: Path) -> None:
    """Compile every catalogue; a fuzzy message is none."""
    for source in folder.glob("*/LC_MESSAGES/*.po"):
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parent.parent.name)
        catalogue.creation_date = catalogue.revision_date = WRITTEN_AT
        with source.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalogue)


if __name__ == "__main__":
    compile_catalogues(Path(__file__).parents[1] / TRANSLATIONS)
