"""Diffs: what became of each comparison from one release to the next, counted by reason."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from exports.choosing import texts
from exports.choosing.pairs import UNCOUNTED, Reason
from exports.choosing.records import NOBODY
from exports.choosing.splits import SPLITS
from exports.files import manifests, sorting, writing
from exports.files.manifests import Manifest
from exports.files.sorting import Cabinet
from labeler.errors import Invalid
from labeler.said import say

ABSENT = "absent"
"""What became of a comparison of which a release tells nothing."""
SHOWN = 20
_UNRECORDED = {reason.value for reason in (*UNCOUNTED, Reason.held_back, Reason.unreadable)}
_UNTOLD = say("Only releases that hold the comparisons themselves can be compared.")


@dataclass
class Diff:
    """What changed between two releases."""

    unchanged: int = 0
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many comparisons went from one outcome to another."""
    examples: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """The ids of some of them."""
    criteria: dict[str, tuple[object, object]] = field(default_factory=dict)
    """Rules that are others."""


def diff(before: Path, after: Path) -> Diff:
    """Compare two releases in their folders, of a project or of two; raises Invalid.

    An outcome is why a comparison makes no pair, or which answer is the better one, by its text.
    Memory stays the same however many there are.
    """
    manifest, other = manifests.read(before), manifests.read(after)
    found = Diff(criteria=_rules(manifest, other))
    with TemporaryDirectory() as place:
        cabinets = [Path(place) / name for name in ("before", "after")]
        for cabinet, folder, told in zip(cabinets, (before, after), (manifest, other), strict=True):
            with Cabinet(cabinet) as outcomes:
                for comparison_id, outcome in _outcomes(folder, told):
                    said = json.dumps([comparison_id, outcome]).encode()
                    outcomes.add(texts.digest(comparison_id), said)
        for group in sorting.groups(cabinets):
            _count(found, [(one.cabinet, *json.loads(one.record)) for one in group])
    return found


def _count(found: Diff, told: list[tuple[int, str, str]]) -> None:
    sides = {side: outcome for side, _, outcome in told}
    change = (_words(sides.get(0, ABSENT)), _words(sides.get(1, ABSENT)))
    if sides.get(0) == sides.get(1):
        found.unchanged += 1
        return
    found.changes[change] += 1
    examples = found.examples.setdefault(change, [])
    if len(examples) < SHOWN:
        examples.append(told[0][1])


def _words(outcome: str) -> str:
    """Return an outcome without the text that it is about."""
    return outcome.partition(" ")[0]


def _outcomes(folder: Path, manifest: Manifest) -> Iterator[tuple[str, str]]:
    if "comparisons" not in manifest.counts.formats:
        raise Invalid(_UNTOLD)
    for split in SPLITS:
        path = writing.lines_of(folder, "comparisons", split, in_parquet=True)
        for record in writing.read_lines(path) if path.exists() else ():
            outcome = record["outcome"]
            if record["preferred"] != NOBODY:
                chosen = record["responses"][record["preferred"]]["content"]
                outcome += f" {texts.digest(chosen)}"
            yield record["comparison_id"], outcome
    for one, reason in _left_out(folder, manifest):
        if reason in _UNRECORDED:
            yield one, reason


def _left_out(folder: Path, manifest: Manifest) -> Iterator[tuple[str, str]]:
    if manifest.left_out_file is None:
        for entry in manifest.left_out or ():
            yield entry.id, entry.reason.value
        return
    for told in writing.read_lines(folder / manifest.left_out_file):
        yield told["id"], told["reason"]


def _rules(before: Manifest, after: Manifest) -> dict[str, tuple[object, object]]:
    one, other = (each.criteria.model_dump(mode="json") for each in (before, after))
    return {name: (one[name], other[name]) for name in one if one[name] != other[name]}
