"""Answers: what each dialect of chat completions answers, read into one shape.

Nothing that a server sends is taken to be what it should be: what is missing or of another kind is
left out, and what is no answer at all is a `Failed`.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from labeler.endpoints import faults
from labeler.endpoints.faults import Code, Failed, ours, storable

FINISHES: Mapping[str, str] = MappingProxyType(
    {
        "stop": "stop",
        "length": "length",
        "model_length": "length",
        "content_filter": "content_filter",
        "tool_calls": "tool_calls",
        "function_call": "tool_calls",
        "error": "error",
    }
)
OTHER = "other"
MOST_TOKENS = 2**31
_THOUGHT = re.compile(r"\s*<think>(?P<thinking>.*?)(</think>\s*|\Z)(?P<text>.*)", re.DOTALL)
NAME_LENGTH = 200
MOST_CHARACTERS = 1_000_000
"""Of an answer with its thinking: nobody reads more, and few rows hold more."""


def finish(reason: str) -> str:
    """Return why an answer ended, in one of the words that there are for it."""
    return FINISHES.get(reason, OTHER)


def parted(content: object) -> tuple[str, str]:
    """Return the text and the thinking of a message's content, which is a text or a list."""
    if isinstance(content, str):
        return content, ""
    text, thinking = "", ""
    for part in content if isinstance(content, list) else []:
        if isinstance(part, Mapping) and part.get("type") == "thinking":
            thinking += "".join(parted(part.get("thinking")))
        elif isinstance(part, Mapping) and part.get("type") == "text":
            text += _text(part.get("text"))
    return text, thinking


def unthought(text: str) -> tuple[str, str]:
    """Part the thinking from an answer that begins with it, between <think> and </think>.

    Servers that do not know how a model marks its thinking pass it on as part of the answer.
    """
    match = _THOUGHT.fullmatch(text)
    return (match["text"], match["thinking"].strip()) if match else (text, "")


class Answer:
    """What has been read of an answer, whether it comes in one piece or in many."""

    def __init__(self) -> None:
        self.id = self.model = self.fingerprint = self.reason = ""
        self.tokens: tuple[int | None, int | None] = (None, None)
        self.effective: dict[str, Any] | None = None
        self.unfiltered = False
        self._is_one = self._has_choices = False
        self._length = 0
        self._texts: list[str] = []
        self._thoughts: list[str] = []

    def take(self, piece: object, *, status: int) -> None:
        """Read a piece, or all of an answer; raises Failed if it says that something is wrong."""
        if not isinstance(piece, Mapping):
            raise ours(Code.not_openai, status=status, raw=str(piece))
        if _is_error(piece):
            raise Failed(faults.reported(status, piece))
        self._describe(piece)
        choices = piece.get("choices")
        self._is_one |= isinstance(choices, list)
        for choice in choices if isinstance(choices, list) else []:
            if isinstance(choice, Mapping) and choice.get("index", 0) == 0:
                self._choose(choice)
        if self._length > MOST_CHARACTERS:
            raise ours(Code.too_large, status=status)

    def require_whole(self, *, status: int) -> None:
        """Raise Failed if what came is no answer, or only the beginning of one."""
        if not self._is_one:
            raise ours(Code.not_openai, status=status)
        if not self._has_choices:
            raise ours(Code.empty, status=status)
        if not self.reason:
            raise ours(Code.cut, status=status)

    def text(self) -> tuple[str, str]:
        """Return the answer and the thinking before it."""
        said, thought = "".join(self._texts), "".join(self._thoughts)
        text, thinking = (said, thought) if thought else unthought(said)
        return storable(text), storable(thinking)

    def _describe(self, piece: Mapping[str, Any]) -> None:
        self.id = _text(piece.get("id")) or self.id
        self.model = _text(piece.get("model")) or self.model
        self.fingerprint = _text(piece.get("system_fingerprint")) or self.fingerprint
        usage, verbose = piece.get("usage"), piece.get("__verbose")
        if isinstance(usage, Mapping):
            counts = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
            self.tokens = (_number(counts[0]), _number(counts[1]))
        if isinstance(verbose, Mapping) and isinstance(verbose.get("generation_settings"), Mapping):
            used = verbose["generation_settings"].items()
            self.effective = {name: v for name, v in used if isinstance(v, int | float | bool)}

    def _choose(self, choice: Mapping[str, Any]) -> None:
        self._has_choices = True
        self.reason = _text(choice.get("finish_reason")) or self.reason
        results = choice.get("content_filter_results")
        self.unfiltered |= isinstance(results, Mapping) and "error" in results
        said = choice.get("delta", choice.get("message"))
        if isinstance(said, Mapping):
            text, thinking = parted(said.get("content"))
            others = (_text(said.get(name)) for name in ("reasoning_content", "reasoning"))
            self._texts.append(text + _text(said.get("refusal")))
            self._thoughts.append(thinking or next(filter(None, others), ""))
            self._length += len(self._texts[-1]) + len(self._thoughts[-1])


def _is_error(piece: Mapping[str, Any]) -> bool:
    told = "detail" in piece or isinstance(piece.get("message"), str)
    return bool(piece.get("error")) or ("choices" not in piece and told)


def name(text: str) -> str:
    """Return a name that a server gives, such as a model's, in a length that a table takes."""
    return storable(text)[:NAME_LENGTH]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < MOST_TOKENS else None
