"""Writing: a profile in TOML, as its operator would write it, without what is usual anyway."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from labeler.endpoints.profiles import Profile

_LINES = "\n"


def toml(profile: Profile) -> str:
    """Return a profile in TOML; `profiles.parse` reads the same profile out of it."""
    given = profile.model_dump(mode="python", exclude_defaults=True, exclude_none=True)
    return "\n".join(_table(given, "")) + "\n"


def _table(given: Mapping[str, Any], name: str) -> Iterator[str]:
    """Yield the lines of a table: its values first, then the tables in it."""
    if name:
        yield f"\n[{name}]"
    rooms = {key: value for key, value in given.items() if isinstance(value, dict)}
    for key, value in given.items():
        if key not in rooms:
            yield f"{_key(key)} = {_value(value)}"
    for key, room in rooms.items():
        yield from _table(room, f"{name}.{_key(key)}" if name else _key(key))


def _key(key: str) -> str:
    plain = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if plain else _string(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | date):
        return str(value)
    if isinstance(value, Decimal):
        return _string(f"{value:f}")
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_key(k)} = {_value(v)}' for k, v in value.items())}}}"
    return _string(str(getattr(value, "value", value)))


def _string(text: str) -> str:
    # What JSON escapes, TOML reads alike; but it wants U+007F escaped too.
    written = json.dumps(text, ensure_ascii=False)
    return written.replace("\x7f", "\\u007f")
