"""Opening projects by commands: an owner, a file each, annotators, and a token for everybody."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.labeler.cli.conftest import Terminal

SLUG = "helpful"
OLGA = "olga@example.org"
PAY_MINOR = 35
PROJECT = """
title = "Helpful answers"
slug = "{slug}"
question = "Which answer is better?"
guidelines = "Prefer what is **correct**."
judgments_per_comparison = 3

[pay]
per_judgment = "0.35"
currency = "EUR"
"""


@dataclass(frozen=True)
class Opened:
    """The tokens of those who have a part in the projects."""

    owner: str
    annotators: list[str]


def open_projects(
    terminal: Terminal, folder: Path, slugs: Sequence[str], *, annotators: int
) -> Opened:
    """Make Olga, her projects, and annotators who have a part in each of them."""
    terminal.good("person", "create", OLGA, "Olga", "--admin")
    emails = [f"annotator-{number}@example.org" for number in range(annotators)]
    for slug in slugs:
        file = folder / f"{slug}.toml"
        file.write_text(PROJECT.format(slug=slug))
        terminal.good("project", "create", file, "--owner", OLGA)
        for email in emails:
            terminal.good("project", "invite", slug, email, email.partition("@")[0])
    return Opened(_token(terminal, OLGA), [_token(terminal, email) for email in emails])


def load_pairs(terminal: Terminal, folder: Path, slug: str, *, count: int) -> None:
    """Load so many comparisons, each with a prompt of its own."""
    file = folder / "pairs.jsonl"
    file.write_text("".join(f"{_pair(number)}\n" for number in range(count)))
    terminal.good("batch", "load", slug, file)


def _pair(number: int) -> str:
    answers = [f"It is {number + 1}.", f"It is {number}."]
    return json.dumps(
        {
            "id": f"pair-{number}",
            "prompt": f"What is {number} plus one?",
            "language": "en",
            "responses": [{"text": answer} for answer in answers],
        }
    )


def _token(terminal: Terminal, email: str) -> str:
    return terminal.good("token", "create", email).strip()
