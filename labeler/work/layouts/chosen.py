"""Pairs of which one answer was chosen: HH-RLHF's transcripts and UltraFeedback's messages.

The answers' numbers say nothing of which one it was: their order is drawn from the texts.
"""

from collections.abc import Sequence

from labeler.said import say
from labeler.work.layouts import transcripts
from labeler.work.layouts.shapes import Shape, Shaped, better, drawn, user_turn
from labeler.work.layouts.transcripts import ANSWER, TURN
from labeler.work.records import Values
from labeler.work.rows import EMPTY, SAME, Unfit, is_blank

_SIDES = ("chosen", "rejected")
_USED = {"prompt", "messages", "language", "sensitive"}


def _from_transcripts(values: Values) -> Shaped:
    told = [_transcript(values, side) for side in _SIDES]
    cut = _shared(*told).rfind(ANSWER)
    if cut < 0:
        raise Unfit("rejected", say("The two transcripts share no turns before an answer."))
    answers = [transcript[cut + len(ANSWER) :].strip() for transcript in told]
    if any(TURN.search(answer) for answer in answers):
        raise Unfit("rejected", say("The two transcripts differ before their last answer."))
    native = _pair(values, transcripts.turns(told[0][:cut], "chosen"), answers)
    return native, {"prompt": "chosen"}


def _transcript(values: Values, side: str) -> str:
    transcript = values.get(side)
    if not isinstance(transcript, str):
        raise Unfit(side, say('"%(side)s" must be a transcript.', side=side))
    return "\n\n" + transcript.lstrip()


def _shared(one: str, other: str) -> str:
    differences = (n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1])
    return one[: next(differences, min(len(one), len(other)))]


def _from_messages(values: Values) -> Shaped:
    chosen, rejected = (_messages(values, side) for side in _SIDES)
    prompt, names = chosen[:-1], {"prompt": "chosen"}
    if prompt != rejected[:-1]:
        raise Unfit("rejected", say("The two conversations differ before their last answer."))
    if not prompt:
        apart = values.get("prompt")
        prompt, names = user_turn(apart) if isinstance(apart, str) else apart or [], {}
    answers = [chosen[-1]["content"], rejected[-1]["content"]]
    return _pair(values, prompt, answers), names


def _messages(values: Values, side: str) -> list[Values]:
    messages = values.get(side)
    if not isinstance(messages, list) or not all(isinstance(turn, dict) for turn in messages):
        raise Unfit(side, say('"%(side)s" must be a list of messages.', side=side))
    turns = [{"role": turn.get("role"), "content": turn.get("content")} for turn in messages]
    if not turns or turns[-1]["role"] != "assistant" or not isinstance(turns[-1]["content"], str):
        raise Unfit(side, say('"%(side)s" must end in an answer of the assistant.', side=side))
    return turns


def _pair(values: Values, prompt: Sequence[Values], answers: Sequence[str]) -> Values:
    """Write the chosen and the rejected answer, in this order, as a row of the native layout."""
    for side, answer in zip(_SIDES, answers, strict=True):
        if is_blank(answer):
            raise Unfit(side, EMPTY)
    if answers[0].strip() == answers[1].strip():
        raise Unfit("rejected", SAME)
    told = [
        _said_of(side, values) | {"text": each} for side, each in zip(_SIDES, answers, strict=True)
    ]
    identity, responses, found = drawn(prompt, told, better(0))
    return {
        "id": identity,
        "prompt": prompt,
        "language": values.get("language"),
        "sensitive": values.get("sensitive"),
        "responses": responses,
        "gold": {"better": found.preferred},
        "metadata": {key: value for key, value in values.items() if not _is_used(key)},
    }


def _said_of(side: str, values: Values) -> Values:
    """Return what columns such as score_chosen say of one answer, as the answer's own."""
    return {
        key.replace(side, "").strip("_-"): value
        for key, value in values.items()
        if side in key and key != side
    }


def _is_used(key: str) -> bool:
    return key in _USED or any(side in key for side in _SIDES)


HH = Shape(_from_transcripts)
ULTRAFEEDBACK = Shape(_from_messages)
