"""Rows: one pair as it is written for training, and what makes a pair unfit to be written.

Ids are hashes of what a row says. The same prompt and answers have the same ids in every release,
project and database, whichever answer came first and whichever was preferred.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports.pairs import Majority, Reason
from exports.pseudonyms import pseudonym
from exports.selection import Judged
from labeler.work import comparisons
from labeler.work.comparisons import Response
from labeler.work.rows import is_blank

ROLES = frozenset({"system", "user", "assistant"})
ID_LENGTH = 32
LONG = 10
"""From this many characters on, a prompt at the head of an answer is no coincidence."""
_ENDS = (".", "?", "!", ":", "…", "।", "؟", "。", "？", "！")


class Turn(TypedDict):
    """One message of a conversation."""

    role: str
    content: str


class Row(TypedDict):
    """One pair, conversational, with the prompt apart; its keys are the columns of the files."""

    prompt: list[Turn]
    chosen: list[Turn]
    rejected: list[Turn]
    pair_id: str
    prompt_id: str
    n_votes: int
    agreement: float
    strength: float
    chosen_model: str
    rejected_model: str
    language: str
    annotator_ids: list[str]


@dataclass(frozen=True)
class Texts:
    """What a comparison compares: the turns of its prompt, and its answers with their models."""

    prompt: list[Turn]
    answers: tuple[tuple[str, str], ...]


def texts(session: Session, judged: Sequence[Judged]) -> dict[int, Texts]:
    """Return the texts of comparisons by the comparisons' ids."""
    prompts = comparisons.prompts(session, [one.prompt_id for one in judged])
    answers: dict[int, list[tuple[str, str]]] = {one.id: [] for one in judged}
    rows = session.execute(
        sa.select(Response.comparison_id, Response.text, Response.model)
        .where(Response.comparison_id.in_(list(answers)))
        .order_by(Response.comparison_id, Response.number)
    )
    for comparison_id, text, model in rows:
        # No column may be empty in one file and hold text in the next: loaders then disagree.
        answers[comparison_id].append((text, model or ""))
    return {
        one.id: Texts(_turns(prompts[one.prompt_id].messages), tuple(answers[one.id]))
        for one in judged
    }


def build(judged: Judged, texts: Texts, majority: Majority, key: str) -> Row | Reason:
    """Make the row of a comparison, or return why it is unfit. `key` makes the pseudonyms."""
    if len(texts.answers) != 2:
        return Reason.not_a_pair
    chosen, chosen_model = texts.answers[majority.preferred]
    rejected, rejected_model = texts.answers[1 - majority.preferred]
    row = Row(
        prompt=texts.prompt,
        chosen=[Turn(role="assistant", content=chosen)],
        rejected=[Turn(role="assistant", content=rejected)],
        pair_id=pair_id(texts.prompt, chosen, rejected),
        prompt_id=prompt_id(texts.prompt),
        n_votes=majority.n_votes,
        agreement=majority.agreement,
        strength=majority.strength,
        chosen_model=chosen_model,
        rejected_model=rejected_model,
        language=judged.language,
        annotator_ids=sorted(pseudonym(key, vote.person_id) for vote in judged.votes),
    )
    return fault(row) or row


def prompt_id(prompt: Sequence[Turn]) -> str:
    """Return the id of a prompt: a hash of its turns."""
    return _hash([[turn["role"], turn["content"]] for turn in prompt])


def pair_id(prompt: Sequence[Turn], one: str, other: str) -> str:
    """Return the id of a pair: a hash of the prompt and both answers, in whatever order."""
    return _hash([prompt_id(prompt), *sorted([one, other])])


def fault(row: Row) -> Reason | None:
    """Return what a trainer would take without a word and learn wrongly from, if anything."""
    prompt, chosen, rejected = row["prompt"], row["chosen"], row["rejected"]
    turns = [*prompt, *chosen, *rejected]
    written = [turn["content"] for turn in turns]
    if not chosen or not rejected or any(map(is_blank, written)):
        return Reason.empty_text
    if any(_is_unreadable(text) for text in (*written, row["chosen_model"], row["rejected_model"])):
        return Reason.unreadable
    if any(turn["role"] not in ROLES for turn in turns):
        return Reason.unknown_role
    if not prompt or prompt[-1]["role"] != "user":
        return Reason.no_user_turn
    sides = [side[-1]["content"].strip() for side in (chosen, rejected)]
    if sides[0] == sides[1]:
        return Reason.same_answers
    asked = prompt[-1]["content"].strip()
    return Reason.prompt_in_answer if any(_repeats(side, asked) for side in sides) else None


def _turns(messages: Sequence[Mapping[str, str]]) -> list[Turn]:
    return [Turn(role=turn["role"], content=turn["content"]) for turn in messages]


def _hash(said: object) -> str:
    text = json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:ID_LENGTH]


_UNREADABLE = re.compile("[\x00\ud800-\udfff]")


def _is_unreadable(text: str) -> bool:
    return _UNREADABLE.search(text) is not None


def _repeats(answer: str, asked: str) -> bool:
    """Tell an answer that was glued to its prompt from one that merely begins alike.

    A greeting given back, or a sentence of the prompt that the answer carries on, is an answer.
    """
    if len(asked) < LONG or not answer.startswith(asked):
        return False
    rest = answer[len(asked) :]
    return not rest or rest.startswith("\n") or asked.endswith(_ENDS)
