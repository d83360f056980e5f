"""Profiles of endpoints as a page asks for them: its fields are called as in TOML."""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from labeler.endpoints.profiles import Limits, Price, Profile, Sampling
from labeler.said import say

LINES = ("sampling.stop", "makers")
"""Fields with one entry in a line."""
ROOMS: Mapping[str, Any] = MappingProxyType(
    {"sampling": Sampling, "limits": Limits, "price": Price}
)
BLANK: Mapping[str, str] = MappingProxyType(
    {
        "provider": "openai",
        "place": "elsewhere",
        "output_use": "unknown",
        "sampling.max_tokens": "1024",
        "limits.concurrent": "4",
        "limits.timeout_s": "120",
        "limits.longest_s": "900",
        "limits.attempts": "5",
        "price.currency": "EUR",
        "price.input_per_million": "0",
        "price.output_per_million": "0",
    }
)
LABELS = {
    "name": say("Name"),
    "provider": say("How the server speaks"),
    "base_url": say("Address"),
    "model": say("Model or deployment"),
    "api_version": say("API version"),
    "key_env": say("Variable with the key"),
    "key_file": say("File with the key"),
    "place": say("Where prompts go"),
    "region": say("Region"),
    "system_prompt": say("System prompt"),
    "sampling.temperature": say("Temperature"),
    "sampling.top_p": say("Top p"),
    "sampling.max_tokens": say("Longest answer, in tokens"),
    "sampling.seed": say("Seed"),
    "sampling.stop": say("Ends at"),
    "sampling.extra": say("What else is sent"),
    "limits.concurrent": say("Calls at the same moment"),
    "limits.per_minute": say("Calls in a minute"),
    "limits.timeout_s": say("Seconds of silence"),
    "limits.longest_s": say("Seconds for a whole answer"),
    "limits.attempts": say("Calls for one answer, if some fail"),
    "price.currency": say("Currency"),
    "price.input_per_million": say("A million tokens of prompts"),
    "price.output_per_million": say("A million tokens of answers"),
    "licence": say("Licence of the weights"),
    "terms_url": say("Terms"),
    "terms_seen_on": say("Terms were read on"),
    "output_use": say("What answers may be used for"),
    "output_use_basis": say("Where that stands"),
    "makers": say("Words that give it away"),
}


def given(form: Mapping[str, str]) -> dict[str, Any]:
    """Return a form as a profile in TOML would be; what is empty is left out."""
    profile: dict[str, Any] = {}
    for name, text in form.items():
        if name not in ("csrf_token", "version") and text.strip():
            room, _dot, leaf = name.rpartition(".")
            inside = profile.setdefault(room, {}) if room in ROOMS else profile
            inside[leaf if room in ROOMS else name] = _read(name, text)
    return profile


def faults(fields: Mapping[str, str]) -> dict[str, str]:
    """Name faults after the fields of the page."""
    found: dict[str, str] = {}
    for name, words in fields.items():
        field = re.sub(r"\.\d+$", "", name)
        found.setdefault("sampling.extra" if field.startswith("sampling.extra") else field, words)
    return found


def filled_in(profile: Profile) -> dict[str, str]:
    """Return the fields of the page for a profile that there is."""
    told = profile.model_dump(mode="json")
    rooms = {room: told.pop(room) for room in ROOMS}
    flat = told | {f"{room}.{leaf}": value for room in ROOMS for leaf, value in rooms[room].items()}
    return {name: _written(name, value) for name, value in flat.items()}


def _read(name: str, text: str) -> Any:
    if name in LINES:
        return [line.strip() for line in text.splitlines() if line.strip()]
    if name == "system_prompt":
        return text.replace("\r\n", "\n")
    if name != "sampling.extra":
        return text.strip()
    try:
        return json.loads(text)
    except ValueError:
        return text  # refused as a text, where named parts belong


def _written(name: str, value: Any) -> str:
    if value is None or value == {}:
        return ""
    if name in LINES:
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False) if name == "sampling.extra" else str(value)
