"""Texts: the words of a comparison, their ids, and what makes them unfit to be written.

Ids are hashes of what is said. The same prompt and answers have the same ids in every release,
project and database, whichever answer came first and whichever was preferred.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypedDict

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports.choosing import selection
from exports.choosing.pairs import Reason
from exports.choosing.selection import Judged
from labeler.errors import Invalid
from labeler.work.comparisons import Prompt, Response
from labeler.work.rows import is_blank

ROLES = frozenset({"system", "user", "assistant"})
ID_LENGTH = 32
LONG = 10
"""From this many characters on, a prompt at the head of an answer is no coincidence."""
BYTES_PER_TOKEN = 4
"""What tokens are estimated by: bytes of UTF-8, of which a token has about four in any script."""
FORBIDDEN = frozenset({"no-competing", "no-other-models", "research-only"})
"""What terms say of an answer (`output_use`) that nobody may train another model on."""
_ENDS = (".", "?", "!", ":", "…", "।", "؟", "。", "？", "！")


class Turn(TypedDict):
    """One message of a conversation."""

    role: str
    content: str


class Answer(TypedDict):
    """A response, with the model that gave it and, in JSON, where else it comes from."""

    content: str
    model: str
    provenance: str


class Texts(NamedTuple):
    """What a comparison compares."""

    prompt: list[Turn]
    answers: list[Answer]

    @property
    def characters(self) -> int:
        """How many there are in prompt and answers."""
        said = sum(len(turn["content"]) for turn in self.prompt)
        return said + sum(len(answer["content"]) for answer in self.answers)

    @property
    def words(self) -> list[str]:
        """Every text in it, the names of models too."""
        said = [turn["content"] for turn in self.prompt]
        return said + [answer[key] for answer in self.answers for key in ("content", "model")]


def of(session: Session, judged: Sequence[Judged]) -> dict[int, Texts]:
    """Return the texts of comparisons by the comparisons' ids."""
    prompt_ids = {one.prompt_id for one in judged}
    prompts = selection.rows(
        session,
        sa.select(Prompt.id, sa.cast(Prompt.messages, sa.Text)).where(Prompt.id.in_(prompt_ids)),
    )
    turns = {prompt_id: _turns(messages) for prompt_id, messages in prompts}
    answers: dict[int, list[Answer]] = {one.id: [] for one in judged}
    told = sa.cast(Response.provenance, sa.Text)
    found = selection.rows(
        session,
        sa.select(Response.comparison_id, Response.text, Response.model, told)
        .where(Response.comparison_id.in_(answers))
        .order_by(Response.comparison_id, Response.number),
    )
    for comparison_id, text, model, provenance in found:
        # No column may be empty in one file and hold text in the next: loaders then disagree.
        made = Answer(content=text, model=model or "", provenance=_provenance(provenance))
        answers[comparison_id].append(made)
    return {one.id: Texts(turns[one.prompt_id], answers[one.id]) for one in judged}


def prompt_id(prompt: Sequence[Turn]) -> str:
    """Return the id of a prompt: a hash of its turns."""
    return _id(part for turn in prompt for part in (turn["role"], turn["content"]))


def pair_id(prompt_id: str, answers: Sequence[str]) -> str:
    """Return the id of answers to a prompt: a hash of them all, in whatever order."""
    return _id([prompt_id, *sorted(answers)])


def digest(text: str) -> str:
    """Return the hash of any text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def tokens(texts: Sequence[str]) -> int:
    """Estimate how many tokens some texts are, from the length of their UTF-8."""
    return -(-sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) // BYTES_PER_TOKEN)


def is_unreadable(texts: Sequence[str]) -> bool:
    """Tell whether readers of files would choke on one of these."""
    try:
        return b"\x00" in "".join(texts).encode()
    except UnicodeEncodeError:
        return True


def prompt_fault(prompt: Sequence[Turn]) -> Reason | None:
    """Return what a trainer would take of a prompt without a word and learn wrongly from."""
    for turn in prompt:
        if is_blank(turn["content"]):
            return Reason.empty_text
    for turn in prompt:
        if turn["role"] not in ROLES:
            return Reason.unknown_role
    if not prompt or prompt[-1]["role"] != "user":
        return Reason.no_user_turn
    return None


def fault(prompt: Sequence[Turn], answers: Sequence[str], most: int | None) -> Reason | None:
    """Return why a prompt with one or several answers, no two alike, is unfit, if it is.

    `most` bounds the tokens of the prompt with any one of the answers.
    """
    if found := prompt_fault(prompt):
        return found
    for answer in answers:
        if is_blank(answer):
            return Reason.empty_text
    bare, asked = [answer.strip() for answer in answers], prompt[-1]["content"].strip()
    if len(set(bare)) < len(bare):
        return Reason.same_answers
    for answer, text in zip(bare, answers, strict=True):
        if repeats(answer, asked):
            return Reason.prompt_in_answer
        if most is not None and tokens([*(turn["content"] for turn in prompt), text]) > most:
            return Reason.too_long
    return None


def output_use(provenance: str) -> str:
    """Return what an answer's terms say of training on it; empty if that is not known."""
    return str(_told(provenance, "output_use") or "")


def is_transcript(provenance: str) -> bool:
    """Tell a whole conversation from an answer to the prompt (see `labeler.arena.votes`)."""
    return _told(provenance, "transcript") is not None


def are_held_back(answers: Iterable[Answer]) -> bool:
    """Tell whether nobody may train another model on one of these answers."""
    return any(output_use(each["provenance"]) in FORBIDDEN for each in answers)


def are_transcripts(answers: Iterable[Answer]) -> bool:
    """Tell whether one of these is a whole conversation."""
    return any(is_transcript(each["provenance"]) for each in answers)


def repeats(answer: str, asked: str) -> bool:
    """Tell an answer that was glued to its prompt from one that merely begins alike.

    A greeting given back, or a sentence of the prompt that the answer carries on, is an answer.
    """
    if len(asked) < LONG or not answer.startswith(asked):
        return False
    rest = answer[len(asked) :]
    return not rest or rest.startswith("\n") or asked.endswith(_ENDS)


def _told(provenance: str, name: str) -> Any:
    """Return what an answer's provenance says of something; None where it does not."""
    if name not in provenance:
        return None
    try:
        return msgspec.json.decode(provenance).get(name)
    except (msgspec.DecodeError, AttributeError):
        raise Invalid("An answer's provenance cannot be read.") from None


def _turns(messages: str) -> list[Turn]:
    return [Turn(role=turn["role"], content=turn["content"]) for turn in json.loads(messages)]


def _provenance(stored: str) -> str:
    """Write where an answer comes from in one form, whatever a database makes of JSON."""
    told = json.loads(stored) if stored != "{}" else {}
    return msgspec.json.encode(told, order="sorted").decode() if told else ""


def _id(parts: Iterable[str]) -> str:
    """Return a hash of texts, none of which holds what stands between them."""
    return digest("\0".join(parts))[:ID_LENGTH]
