"""What lies beside the packages in a checkout goes inside labeler in a wheel.

An editable installation reads the checkout, so there nothing is copied.
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MOVED = {"migrations": "labeler/migrations", "wsgi.py": "labeler/wsgi.py"}


class Wheel(BuildHookInterface[Any]):
    """Moves the migrations and the composition root into the package."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the moved files, if this is a wheel that is to be carried elsewhere."""
        if version == "standard":
            build_data["force_include"].update(MOVED)
