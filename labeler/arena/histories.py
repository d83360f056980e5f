"""Histories: what a model reads before it answers, and what a comparison says was said.

Pure: messages in, messages out.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

Message: TypeAlias = dict[str, str]


class Past(NamedTuple):
    """A turn that was answered."""

    text: str
    answers: tuple[str, str]
    """By number of the response."""
    goes_on: int | None
    """From which one both go on; None where each goes on from its own."""


def read_by(number: int, past: Sequence[Past], text: str) -> list[Message]:
    """Return what the model reads that gives this response to a message."""
    messages: list[Message] = []
    for each in past:
        answer = each.answers[number if each.goes_on is None else each.goes_on]
        messages += [_message("user", each.text), _message("assistant", answer)]
    return [*messages, _message("user", text)]


def transcript(number: int, past: Sequence[Past]) -> list[Message]:
    """Return what follows the first message where each model goes on from its own answers."""
    first = _message("assistant", past[0].answers[number])
    return [
        first,
        *(
            message
            for each in past[1:]
            for message in (
                _message("user", each.text),
                _message("assistant", each.answers[number]),
            )
        ),
    ]


def written(messages: Sequence[Message]) -> str:
    """Write a transcript as one text; who speaks stands above in brackets."""
    return "\n\n".join(f"[{each['role']}]\n\n{each['content']}" for each in messages)


def _message(role: str, content: str) -> Message:
    return {"role": role, "content": content}
