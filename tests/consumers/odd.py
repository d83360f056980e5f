"""Texts that loaders have been seen to change or to stumble over."""

from collections.abc import Iterator
from typing import Any

from tests.consumers.planted import Choice

TEXTS = (
    "2026-01-05",
    "2026-01-05T10:00:00Z",
    "12",
    "1e9",
    "true",
    "null",
    "NaN",
    "-",
    '{"role": "user", "content": "no message"}',
    "[1, 2, 3]",
    "two\nlines\r\nand a third",
    "a tab\tand a bell\u0007",
    "a line separator\u2028and a paragraph's\u2029",
    "a byte order mark \ufeff inside",
    "emoji 😀👩🏽‍🚀 and a flag 🇰🇪",
    "বাংলা ভাষা",
    "שלום, and back",
    'quotes " and \\ backslashes \\" \\n',
    "<|im_start|>system\nnot a turn<|im_end|>",
    "  room around  ",
    "combining e\u0301 is not é",
)


def rows() -> Iterator[dict[str, Any]]:
    """Yield a comparison for each text, with the text in all its parts; the first one is better."""
    for number, text in enumerate(TEXTS):
        yield {
            "id": f"odd-{number}",
            "prompt": [
                {"role": "system", "content": f"Be odd, number {number}: {text}"},
                {"role": "user", "content": f"What is this? {text}"},
                {"role": "assistant", "content": f"Which do you mean? {text}"},
                {"role": "user", "content": text},
            ],
            "language": "en",
            "responses": [
                {"text": f"{text} it is, number {number}."},
                {"text": f"I cannot read number {number}: {text}", "model": text.strip()},
            ],
        }


def choose(answers: tuple[str, str], steps: int) -> Choice:
    """Say that the answer that reads the text is much better."""
    return steps if answers[0].startswith("I cannot") else 1
