"""Rows: one pair as it is written for training, and what makes a pair unfit to be written.

Ids are hashes of what a row says. The same prompt and answers have the same ids in every release,
project and database, whichever answer came first and whichever was preferred.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypedDict

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports import selection
from exports.pairs import Majority, Reason
from exports.selection import Judged
from labeler.work.comparisons import Prompt, Response
from labeler.work.rows import is_blank

ROLES = frozenset({"system", "user", "assistant"})
ID_LENGTH = 32
LONG = 10
"""From this many characters on, a prompt at the head of an answer is no coincidence."""
_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
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
    adjudicated: bool
    annotator_ids: list[str]


class Written(NamedTuple):
    """A row, and the same in JSON as it stands in the files, without the line's end."""

    row: Row
    line: bytes


class Texts(NamedTuple):
    """What a comparison compares: the turns of its prompt, and its answers with their models."""

    prompt: list[Turn]
    answers: tuple[tuple[str, str], ...]


def texts(session: Session, judged: Sequence[Judged]) -> dict[int, Texts]:
    """Return the texts of comparisons by the comparisons' ids."""
    prompt_ids = {one.prompt_id for one in judged}
    prompts = selection.rows(
        session, sa.select(Prompt.id, Prompt.messages).where(Prompt.id.in_(prompt_ids))
    )
    turns = {prompt_id: _turns(messages) for prompt_id, messages in prompts}
    answers: dict[int, list[tuple[str, str]]] = {one.id: [] for one in judged}
    rows = selection.rows(
        session,
        sa.select(Response.comparison_id, Response.text, Response.model)
        .where(Response.comparison_id.in_(answers))
        .order_by(Response.comparison_id, Response.number),
    )
    for comparison_id, text, model in rows:
        # No column may be empty in one file and hold text in the next: loaders then disagree.
        answers[comparison_id].append((text, model or ""))
    return {one.id: Texts(turns[one.prompt_id], tuple(answers[one.id])) for one in judged}


def build(
    judged: Judged, texts: Texts, majority: Majority, names: Mapping[int, str]
) -> Written | Reason:
    """Write the row of a comparison, or return why it is unfit.

    `names` are pseudonyms by person; whoever has none was erased, and only counts.
    """
    if len(texts.answers) != 2:
        return Reason.not_a_pair
    chosen, chosen_model = texts.answers[majority.preferred]
    rejected, rejected_model = texts.answers[1 - majority.preferred]
    asked, quoted = prompt_id(texts.prompt), {text: _json(text) for text in (chosen, rejected)}
    row = Row(
        prompt=texts.prompt,
        chosen=[Turn(role="assistant", content=chosen)],
        rejected=[Turn(role="assistant", content=rejected)],
        pair_id=_pair_id(asked, [chosen, rejected], quoted),
        prompt_id=asked,
        n_votes=majority.n_votes,
        agreement=majority.agreement,
        strength=majority.strength,
        chosen_model=chosen_model,
        rejected_model=rejected_model,
        language=judged.language,
        adjudicated=majority.adjudicated,
        annotator_ids=sorted(
            names[voter.person_id] for voter in judged.votes.voters if voter.person_id in names
        ),
    )
    return fault(row) or Written(row, _line(row, quoted[chosen], quoted[rejected]))


def prompt_id(prompt: Sequence[Turn]) -> str:
    """Return the id of a prompt: a hash of its turns."""
    turns = (f"[{_json(turn['role'])}, {_json(turn['content'])}]" for turn in prompt)
    return _hash(f"[{', '.join(turns)}]")


def pair_id(prompt: Sequence[Turn], one: str, other: str) -> str:
    """Return the id of a pair: a hash of the prompt and both answers, in whatever order."""
    return _pair_id(prompt_id(prompt), [one, other], {text: _json(text) for text in (one, other)})


def fault(row: Row) -> Reason | None:
    """Return what a trainer would take without a word and learn wrongly from, if anything."""
    prompt, chosen, rejected = row["prompt"], row["chosen"], row["rejected"]
    turns = [*prompt, *chosen, *rejected]
    written = [turn["content"] for turn in turns]
    if not chosen or not rejected or any(map(is_blank, written)):
        return Reason.empty_text
    if _is_unreadable("".join([*written, row["chosen_model"], row["rejected_model"]])):
        return Reason.unreadable
    if not {turn["role"] for turn in turns} <= ROLES:
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


def _line(row: Row, chosen: str, rejected: str) -> bytes:
    """Write a row in JSON, as `_json` would but faster; the answers are quoted already."""
    return (
        f'{{"prompt": {_json(row["prompt"])}, '
        f'"chosen": [{{"role": "assistant", "content": {chosen}}}], '
        f'"rejected": [{{"role": "assistant", "content": {rejected}}}], '
        f'"pair_id": "{row["pair_id"]}", "prompt_id": "{row["prompt_id"]}", '
        f'"n_votes": {row["n_votes"]}, '
        f'"agreement": {row["agreement"]!r}, "strength": {row["strength"]!r}, '
        f'"chosen_model": {_json(row["chosen_model"])}, '
        f'"rejected_model": {_json(row["rejected_model"])}, '
        f'"language": {_json(row["language"])}, "adjudicated": {_json(row["adjudicated"])}, '
        f'"annotator_ids": {_json(row["annotator_ids"])}}}'
    ).encode()


def _pair_id(prompt_id: str, answers: Sequence[str], quoted: Mapping[str, str]) -> str:
    one, other = (quoted[text] for text in sorted(answers))
    return _hash(f'["{prompt_id}", {one}, {other}]')


def _hash(said: str) -> str:
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:ID_LENGTH]


def _is_unreadable(text: str) -> bool:
    try:
        return b"\x00" in text.encode()
    except UnicodeEncodeError:
        return True


def _repeats(answer: str, asked: str) -> bool:
    """Tell an answer that was glued to its prompt from one that merely begins alike.

    A greeting given back, or a sentence of the prompt that the answer carries on, is an answer.
    """
    if len(asked) < LONG or not answer.startswith(asked):
        return False
    rest = answer[len(asked) :]
    return not rest or rest.startswith("\n") or asked.endswith(_ENDS)
