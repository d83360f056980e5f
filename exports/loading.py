"""Loading a release: its comparisons, with all judgments and skips, into another project.

People come as the release calls them. A release tells days and no moments: each judgment is of the
beginning of its day. Known answers are in no release, so what was gold there is a comparison like
any other here.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.orm import Session

from labeler.errors import Invalid
from labeler.people.accounts import Person
from labeler.said import say
from labeler.work.assignments import SkipReason
from labeler.work.files import digest, read_records
from labeler.work.judgments import JudgmentState
from labeler.work.layouts import Refused
from labeler.work.layouts.shapes import Label
from labeler.work.migrated import storing
from labeler.work.migrated.given import Brought, Given
from labeler.work.migrated.storing import Moved
from labeler.work.projects import Project
from labeler.work.questions import ranking
from labeler.work.questions.pairwise import Verdict
from labeler.work.records import Record
from labeler.work.rows import Unfit, build_row

ROW_BYTES = 50_000_000
_NOTHING = say("There are no comparisons in %(folder)s: jsonl/comparisons-train.jsonl is missing.")
_UNKNOWN = say("This is not what a release says here.")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Turn(_Part):
    """One turn of a prompt."""

    role: str
    content: str


class Answer(_Part):
    """A response."""

    content: str
    model: str = ""
    provenance: str = ""


class Criterion(_Part):
    """What was said of one criterion: points of one response, or which one is better."""

    name: str
    response: int = -1
    points: int = 0
    preferred: int = -1
    strength: int = 0


class Judged(_Part):
    """A judgment."""

    annotator: str
    verdict: Verdict
    preferred: int = -1
    strength: int = 0
    scale_max: int = 0
    ranking: tuple[tuple[int, ...], ...] = ()
    criteria: tuple[Criterion, ...] = ()
    edited: int = -1
    edit: str = ""
    reason: str = ""
    shown: tuple[int, ...] = ()
    seconds: float = 0.0
    day: int
    state: JudgmentState = JudgmentState.accepted


class Skipped(_Part):
    """A comparison that was handed back."""

    annotator: str
    reason: SkipReason
    shown: tuple[int, ...] = ()
    day: int


class Compared(_Part):
    """A row of the configuration `comparisons`."""

    comparison_id: str
    pair_id: str = ""
    prompt: tuple[Turn, ...]
    responses: tuple[Answer, ...]
    language: str
    batch: str = ""
    judgments: tuple[Judged, ...] = ()
    skips: tuple[Skipped, ...] = ()


def files(folder: Path) -> list[Path]:
    """Return the files of a release's comparisons; raises Invalid if there are none."""
    lines = sorted((folder / "jsonl").glob("comparisons-*.jsonl"))
    found = [path for path in lines if path.stat().st_size]
    if not found:
        raise Invalid(say(_NOTHING, folder=str(folder)))
    return found


def load(
    session: Session, project: Project, folder: Path, *, by: Person, skip_bad: bool = False
) -> Moved:
    """Store what is in a release, whole or not at all; whether it is a whole one is not looked at.

    Raises as `storing.load` does.
    """
    parts = files(folder)
    told = sha256("".join(map(digest, parts)).encode()).hexdigest()
    return storing.load(
        session,
        project,
        read(parts),
        # Nobody has the same pseudonym in two releases.
        source=f"release {told[:24]}",
        name=folder.absolute().name,
        digest=told,
        by=by,
        skip_bad=skip_bad,
    )


def read(parts: Sequence[Path]) -> Iterator[Brought | Refused]:
    """Yield the comparisons of a release, with what was said of them."""
    for part in parts:
        for record in read_records(part, max_row_bytes=ROW_BYTES):
            if isinstance(record, Refused):
                yield record
                continue
            try:
                yield brought(record)
            except Unfit as unfit:
                yield Refused(record.line, unfit.field, unfit.reason)


def brought(record: Record) -> Brought:
    """Read one row; raises Unfit."""
    compared = parsed(record)
    values = {
        "id": compared.comparison_id,
        "prompt": [turn.model_dump() for turn in compared.prompt],
        "language": compared.language,
        "responses": [_response(answer) for answer in compared.responses],
        "metadata": {"batch": compared.batch, "pair_id": compared.pair_id},
    }
    names = {"id": "comparison_id"}
    row = build_row(record, values, names, language=compared.language)
    judgments = [_judgment(each, n) for n, each in enumerate(compared.judgments)]
    return Brought(row, (*judgments, *(_skip(each, n) for n, each in enumerate(compared.skips))))


def parsed(record: Record) -> Compared:
    """Return a row as its parts; raises Unfit."""
    try:
        return Compared.model_validate(record.values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise Unfit(".".join(map(str, first["loc"])), _UNKNOWN) from None


def _response(answer: Answer) -> dict[str, Any]:
    try:
        known = json.loads(answer.provenance) if answer.provenance else {}
    except ValueError:
        known = {}
    known = known if isinstance(known, dict) else {}
    return known | {"text": answer.content, "model": answer.model or None}


def _judgment(said: Judged, number: int) -> Given:
    place = f"judgments.{number}"
    return Given(
        said.annotator,
        _label(said),
        reason=said.reason,
        criteria=_criteria(said.criteria),
        # The text of an edit is in a release only if free text is.
        edit=(said.edited, said.edit) if said.edited >= 0 and said.edit else None,
        shown=said.shown,
        at=_day(said.day, f"{place}.day"),
        seconds=said.seconds,
        state=said.state,
        place=place,
    )


def _label(said: Judged) -> Label:
    if said.verdict is Verdict.ranking:
        tiers = [list(tier) for tier in said.ranking]
        return Label(said.verdict, ranking.top(tiers), None, said.ranking)
    if said.verdict is Verdict.preference:
        return Label(said.verdict, said.preferred, said.strength)
    return Label(said.verdict)


def _criteria(said: Sequence[Criterion]) -> dict[str, dict[str, Any]]:
    found: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for each in said:
        if each.response >= 0:
            found[each.name].setdefault("points", {})[str(each.response)] = each.points
        else:
            better = each.preferred if each.preferred >= 0 else None
            strength = each.strength if better is not None else None
            found[each.name] |= {"preferred": better, "strength": strength}
    return dict(found)


def _skip(said: Skipped, number: int) -> Given:
    place = f"skips.{number}"
    return Given(
        said.annotator,
        skipped=said.reason,
        shown=said.shown,
        at=_day(said.day, f"{place}.day"),
        place=place,
    )


def _day(said: int, place: str) -> datetime:
    """Return the beginning of a day that is written as one number, such as 20261128."""
    try:
        return datetime.strptime(str(said), "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        raise Unfit(place, _UNKNOWN) from None
