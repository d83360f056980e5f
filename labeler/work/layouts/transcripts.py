"""Transcripts: a conversation in one text, in turns that begin with "Human:" and "Assistant:"."""

import re

from labeler.said import say
from labeler.work.records import Values
from labeler.work.rows import Unfit, is_blank

ANSWER = "\n\nAssistant:"
TURN = re.compile(r"\n\n(Human|Assistant):")
_ROLES = {"Human": "user", "Assistant": "assistant"}


def turns(transcript: str, field: str) -> list[Values]:
    """Part a transcript into turns; raises Unfit if something stands before the first one."""
    before, *parts = TURN.split(transcript)
    if not is_blank(before):
        raise Unfit(field, say('The transcript does not begin with "Human:".'))
    return [
        {"role": _ROLES[who], "content": said.strip()}
        for who, said in zip(parts[::2], parts[1::2], strict=True)
    ]
