"""Intake: rows of a file become prompts, comparisons, responses and gold, and can be undone.

What is done here is done in the project's turn: see `batches`.
"""

import hashlib
import json
import os
from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from random import SystemRandom
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import bulk, clock
from labeler.people.accounts import Person
from labeler.said import say
from labeler.schema import changed
from labeler.text import sensitive
from labeler.work import lanes
from labeler.work.assignments import Assignment
from labeler.work.comparisons import EVERYBODY, Comparison, Prompt, Response
from labeler.work.gold import Gold, GoldSource
from labeler.work.layouts import Message, Refused, Row
from labeler.work.projects import Project

COLUMNS = (
    *("id", "project_id", "batch_id", "lane_id", "prompt_id", "external_id", "language"),
    *("is_gold", "is_adaptive", "shuffle", "wanted", "surplus", "taken", "judged", "votes"),
    "details",
)
_random = SystemRandom()
_unescaped = json.JSONEncoder(ensure_ascii=False).encode
_IN_LINE = say("The id %(id)s is in line %(line)s of this file already.")
_FURTHER_UP = say("The id %(id)s is further up in this file already.")
_LOADED = say("The id %(id)s is in the project already, from another file.")


class Kind(NamedTuple):
    """How many judgments are wanted on a comparison, and whether they may become more."""

    wanted: int
    is_adaptive: bool = False


def split_known(
    session: Session, project: Project, batch_id: int, rows: Sequence[Row]
) -> tuple[list[Row], list[Refused]]:
    """Part the rows with new ids from those whose id the project, or a row before, has."""
    ids = (row.id for row in rows)
    mine = Comparison.project_id == project.id
    loaded = bulk.find(session, Comparison.batch_id, Comparison.external_id, ids, mine)
    lines: dict[str, int] = {}
    fresh: list[Row] = []
    known: list[Refused] = []
    for row in rows:
        if row.id in lines:
            reason = say(_IN_LINE, id=row.id, line=str(lines[row.id]))
        elif row.id in loaded:
            reason = say(_FURTHER_UP if loaded[row.id] == batch_id else _LOADED, id=row.id)
        else:
            lines[row.id] = row.line
            fresh.append(row)
            continue
        known.append(Refused(row.line, "id", reason))
    return fresh, known


def store(
    session: Session,
    project: Project,
    batch_id: int,
    rows: Sequence[Row],
    *,
    by: Person,
    source: GoldSource = GoldSource.loaded,
    wanted: int | None = None,
) -> Sequence[int]:
    """Store rows with new ids as comparisons of a batch; return the comparisons' ids.

    `wanted` is how many judgments are wanted on each, if that is not what the project says.
    """
    if not rows:
        return ()
    kinds = [_kind(project, row) if wanted is None or row.gold else Kind(wanted) for row in rows]
    ids = _store_comparisons(session, project, batch_id, rows, kinds)
    columns = ("project_id", "comparison_id", "number", "text", "model", "provenance")
    bulk.append(session, Response, columns, _responses(project, ids, rows))
    if golds := list(_golds(project, ids, rows, by=by, source=source)):
        session.execute(sa.insert(Gold), golds)
    return ids


def remove(session: Session, batch_id: int, *, at_most: int) -> bool:
    """Remove comparisons of a batch that nobody saw; False when there are none left.

    Their prompts go with them, unless other comparisons have the same.
    """
    prompts = dict(
        session.execute(
            sa.select(Comparison.id, Comparison.prompt_id)
            .where(Comparison.batch_id == batch_id)
            .order_by(Comparison.id)
            .limit(at_most)
        ).all()
    )
    session.execute(sa.delete(Gold).where(Gold.comparison_id.in_(prompts)))
    session.execute(sa.delete(Response).where(Response.comparison_id.in_(prompts)))
    session.execute(sa.delete(Comparison).where(Comparison.id.in_(prompts)))
    _remove_unused(session, set(prompts.values()))
    return bool(prompts)


def prompt_digest(row: Row) -> str:
    """Hash a prompt's turns; the same words in the same roles are the same prompt."""
    turns = [
        [turn.role, turn.content, *([turn.language] if turn.language else [])]
        for turn in row.messages
    ]
    return hashlib.sha256(_unescaped(turns).encode()).hexdigest()


def _store_comparisons(
    session: Session, project: Project, batch_id: int, rows: Sequence[Row], kinds: Sequence[Kind]
) -> Sequence[int]:
    prompt_ids = _store_prompts(session, project, rows)
    if project.support_contact:  # without one there is nothing such
        rows = _as_hard_as_prompts(session, rows, prompt_ids)
    lane_ids = _lengthen_lanes(session, project.id, batch_id, rows, kinds)
    ids = bulk.reserve(session, Comparison, len(rows))
    shuffles = array("Q", os.urandom(8 * len(rows)))
    bulk.append(
        session,
        Comparison,
        COLUMNS,
        (
            (
                each,
                project.id,
                batch_id,
                lane_ids[row.language, row.gold is not None, row.sensitive],
                prompt_id,
                row.id,
                row.language,
                row.gold is not None,
                kind.is_adaptive,
                shuffle >> 2,
                kind.wanted,
                *(0, 0, 0, 0),
                _json(row.metadata),
            )
            for each, row, kind, prompt_id, shuffle in zip(
                ids, rows, kinds, prompt_ids, shuffles, strict=True
            )
        ),
    )
    return ids


def _kind(project: Project, row: Row) -> Kind:
    """Say how often a comparison is to be judged; chance makes it one of the audit slice."""
    adaptive = project.adaptive
    if row.gold:
        return Kind(EVERYBODY)
    if adaptive is None:
        return Kind(project.judgments_per_comparison)
    if _random.random() < adaptive.audit_share:
        return Kind(adaptive.audit_judgments)
    return Kind(project.judgments_per_comparison, is_adaptive=True)


def _lengthen_lanes(
    session: Session, project_id: int, batch_id: int, rows: Sequence[Row], kinds: Sequence[Kind]
) -> dict[lanes.Kind, int]:
    added: Counter[lanes.Kind] = Counter()
    wanted: Counter[lanes.Kind] = Counter()
    for row, kind in zip(rows, kinds, strict=True):
        lane = row.language, row.gold is not None, row.sensitive
        added[lane] += 1
        wanted[lane] += 0 if row.gold else kind.wanted
    longer = {lane: (number, wanted[lane]) for lane, number in added.items()}
    return lanes.lengthen(session, project_id, batch_id, longer)


def _store_prompts(session: Session, project: Project, rows: Sequence[Row]) -> list[int]:
    """Store what prompts are new; return the prompt of each row."""
    digests = [prompt_digest(row) for row in rows]
    wanted = dict(zip(digests, rows, strict=True))
    mine = Prompt.project_id == project.id
    known = bulk.find(session, Prompt.id, Prompt.digest, wanted, mine)
    missing = [digest for digest in wanted if digest not in known]
    hard = _hard(digests, rows)
    _note_hard(session, {known[each]: hard[each] for each in hard if each in known})
    known |= dict(zip(missing, bulk.reserve(session, Prompt, len(missing)), strict=True))
    bulk.append(
        session,
        Prompt,
        ("id", "project_id", "digest", "messages", "language", "sensitive"),
        (
            (
                *(known[each], project.id, each, _messages(wanted[each])),
                *(wanted[each].language, hard.get(each, "")),
            )
            for each in missing
        ),
    )
    return [known[digest] for digest in digests]


def _hard(digests: Sequence[str], rows: Sequence[Row]) -> dict[str, str]:
    """Return what may be hard to read, by prompt; those where nothing may are left out."""
    found: dict[str, str] = {}
    for digest, row in zip(digests, rows, strict=True):
        if row.sensitive:
            found[digest] = sensitive.joined(found.get(digest, ""), row.sensitive)
    return found


def _as_hard_as_prompts(
    session: Session, rows: Sequence[Row], prompt_ids: Sequence[int]
) -> list[Row]:
    """Say of rows what is said of their prompts: whoever is given the one reads the other."""
    hard = sa.select(Prompt.id, Prompt.sensitive).where(Prompt.sensitive != "")
    found = dict(session.execute(hard.where(Prompt.id.in_(set(prompt_ids)))).all())
    return [
        replace(row, sensitive=found.get(prompt_id, ""))
        for row, prompt_id in zip(rows, prompt_ids, strict=True)
    ]


def _note_hard(session: Session, hard: dict[int, str]) -> None:
    """Say of prompts that were there before what else may be hard to read."""
    if not hard:
        return
    before = sa.select(Prompt.id, Prompt.sensitive).where(Prompt.id.in_(hard)).order_by(Prompt.id)
    for prompt_id, content in session.execute(before).all():
        raised = sensitive.joined(content, hard[prompt_id])
        if raised != content:
            mine = sa.update(Prompt).where(Prompt.id == prompt_id)
            session.execute(mine.values(sensitive=raised))
            _move(session, prompt_id, raised)


def _move(session: Session, prompt_id: int, content: str) -> None:
    """Let what nobody was given yet of a prompt be given only to whom this content is for."""
    had = sa.exists().where(Assignment.comparison_id == Comparison.id)
    waiting = sa.select(Comparison).where(Comparison.prompt_id == prompt_id, ~had)
    for each in session.scalars(waiting.order_by(Comparison.id)).all():
        kind = each.language, each.is_gold, content
        (lane_id,) = lanes.lengthen(
            session, each.project_id, each.batch_id, {kind: (0, 0)}
        ).values()
        was, wanted = each.lane_id, 0 if each.is_gold else each.wanted
        still = Comparison.id == each.id, Comparison.lane_id == was, Comparison.taken == 0
        if was != lane_id and changed(
            session, sa.update(Comparison).where(*still).values(lane_id=lane_id)
        ):
            lanes.lengthen(session, each.project_id, each.batch_id, {kind: (1, wanted)})
            lanes.shorten(session, was, 1, wanted)


def _messages(row: Row) -> str:
    return _json([_message(turn) for turn in row.messages])


def _message(turn: Message) -> dict[str, str]:
    message = {"role": turn.role, "content": turn.content}
    return message | {"language": turn.language} if turn.language else message


def _responses(
    project: Project, ids: Sequence[int], rows: Sequence[Row]
) -> Iterator[tuple[object, ...]]:
    for comparison_id, row in zip(ids, rows, strict=True):
        for number, response in enumerate(row.responses):
            origin = _json(response.provenance)
            yield project.id, comparison_id, number, response.text, response.model, origin


def _json(value: object) -> str:
    return json.dumps(value) if value else "{}"


def _golds(
    project: Project, ids: Sequence[int], rows: Sequence[Row], *, by: Person, source: GoldSource
) -> Iterator[dict[str, object]]:
    for comparison_id, row in zip(ids, rows, strict=True):
        if row.gold:
            yield {
                "comparison_id": comparison_id,
                "project_id": project.id,
                "better": row.gold.better,
                "why": row.gold.why,
                "source": source,
                "created_by": by.id,
                "created_at": clock.now(),
            }


def _remove_unused(session: Session, prompt_ids: Collection[int]) -> None:
    used = sa.select(Comparison.prompt_id).where(Comparison.prompt_id.in_(prompt_ids))
    session.execute(sa.delete(Prompt).where(Prompt.id.in_(prompt_ids), Prompt.id.not_in(used)))
