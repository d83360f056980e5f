"""Fitting: a project whose form can say all that was said in a release.

A release does not hold its guidelines and its form: they are made to fit what people said. Its
title and its question it has.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exports import loading
from exports.files import manifests
from exports.loading import Compared, Judged
from labeler.errors import Invalid
from labeler.said import say
from labeler.work import drafts
from labeler.work.drafts import ProjectDraft
from labeler.work.files import read_records
from labeler.work.questions.pairwise import Verdict
from labeler.work.records import Record
from labeler.work.rows import Unfit

MOST_STEPS, MOST_POINTS = 9, 10
_GUIDELINES = (
    "Loaded from a release, which does not hold the guidelines that people had. Write yours here "
    "before anybody judges more."
)
_UNREADABLE = say("Line %(line)s, %(field)s: %(reason)s")


@dataclass
class Seen:
    """What there is in a release."""

    languages: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    judgments: Counter[int] = field(default_factory=Counter)
    """How many comparisons have so many judgments."""
    strength: int = 1
    points: dict[str, int] = field(default_factory=lambda: defaultdict(lambda: 2))
    strengths: dict[str, int] = field(default_factory=lambda: defaultdict(lambda: 1))
    has_edits: bool = False


def draft(folder: Path) -> ProjectDraft:
    """Write a project for a release; raises Invalid."""
    seen = _look(_rows(loading.files(folder)))
    ((usual, _),) = seen.judgments.most_common(1) or [(1, 0)]
    return drafts.read(
        {
            **_called(folder),
            "guidelines": _GUIDELINES,
            "languages": sorted(seen.languages) or ["und"],
            "judgments_per_comparison": min(100, max(1, usual)),
            "rubric": {"questions": list(_questions(seen))},
        }
    )


def _called(folder: Path) -> dict[str, str]:
    """Return what the project is called that the release was cut from, and what it asked."""
    if not (folder / manifests.NAME).exists():
        return {"title": folder.absolute().name}
    project = manifests.read(folder).project
    return {"title": project.title, "question": project.question}


def _rows(parts: Sequence[Path]) -> Iterable[Compared]:
    for part in parts:
        for record in read_records(part, max_row_bytes=loading.ROW_BYTES):
            try:
                if isinstance(record, Record):
                    yield loading.parsed(record)
                    continue
                line, where, reason = record.line, record.field, record.reason
            except Unfit as unfit:
                line, where, reason = record.line, unfit.field, unfit.reason
            raise Invalid(say(_UNREADABLE, line=str(line), field=where, reason=reason))


def _look(rows: Iterable[Compared]) -> Seen:
    seen = Seen()
    for row in rows:
        seen.languages[row.language] += 1
        seen.judgments[len(row.judgments)] += 1
        for judgment in row.judgments:
            _add(seen, judgment)
    return seen


def _add(seen: Seen, said: Judged) -> None:
    seen.verdicts[said.verdict] += 1
    seen.has_edits |= said.edited >= 0 and bool(said.edit)
    if said.verdict is Verdict.preference:
        seen.strength = max(seen.strength, said.strength, said.scale_max)
    for each in said.criteria:
        if each.response >= 0:
            seen.points[each.name] = max(seen.points[each.name], each.points)
        else:
            seen.strengths[each.name] = max(seen.strengths[each.name], each.strength)


def _questions(seen: Seen) -> Iterable[dict[str, Any]]:
    ranks = bool(seen.verdicts[Verdict.ranking])
    alone = seen.verdicts.keys() == {Verdict.criteria}
    if ranks:
        yield {"kind": "ranking", "ties": True, "partial": True, "none": True}
    elif not alone:
        yield {"kind": "pairwise", "steps": min(MOST_STEPS, 2 * seen.strength + 1)}
    if seen.points or seen.strengths:
        yield {"kind": "criteria", "criteria": list(_criteria(seen))}
    yield {"kind": "reason"}
    if seen.has_edits:
        yield {"kind": "edit"}


def _criteria(seen: Seen) -> Iterable[dict[str, Any]]:
    for name, strength in sorted(seen.strengths.items()):
        points = min(MOST_POINTS, 2 * strength + 1)
        yield {"name": name, "asks": "comparison", "points": points, "required": False}
    for name, points in sorted(seen.points.items()):
        if name not in seen.strengths:
            most = min(MOST_POINTS, points)
            yield {"name": name, "asks": "rating", "points": most, "required": False}
