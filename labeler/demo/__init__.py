"""The demo: a small site that ships with the program: its projects and who judged in them.

Everything here is made up and says so. What is here only tells; the command sets it up. The
endpoint that answers in its chat is in `answering`, a process of its own that should be small: so
nothing is imported here that is large.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labeler.demo import rules
from labeler.demo.simulation import Simulated

_FOLDER = Path(__file__).parent


ACCURACIES = (0.97, 0.95, 0.94, 0.93, 0.92, 0.90, 0.90, 0.88, 0.86, 0.84, 0.78, 0.62)
"""How often each simulated annotator finds the better answer; one of them is careless."""


def project() -> dict[str, Any]:
    """Return the demo's project as an owner would write it."""
    return tomllib.loads((_FOLDER / "project.toml").read_text("utf-8"))


def chat() -> dict[str, Any]:
    """Return the project in which people chat, as an owner would write it."""
    return tomllib.loads((_FOLDER / "chat.toml").read_text("utf-8"))


def endpoints(host: str) -> list[dict[str, Any]]:
    """Return the endpoints that answer in the chat, as an administrator would write them."""
    return [
        {
            "name": name,
            "provider": "openai",
            "base_url": f"http://{host}/v1",
            "model": name,
            "place": "on_premises",
            "region": "this machine",
            "licence": "Apache-2.0",
            "output_use": "unrestricted",
            "output_use_basis": "These answers are made by rules that are part of labeler.",
        }
        for name in rules.MODELS
    ]


def files() -> Sequence[Path]:
    """Return the demo's files of comparisons."""
    return sorted(_FOLDER.glob("*.jsonl"))


def annotators(seed: int) -> list[Simulated]:
    """Return the simulated annotators; the same seed gives the same ones."""
    return [
        Simulated(f"Simulated annotator {number:02}", accuracy, seed)
        for number, accuracy in enumerate(ACCURACIES, start=1)
    ]
