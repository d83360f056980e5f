"""Potato: the items that were annotated, and the folder with what each person said of them.

A person's folder holds user_state.json, or annotated_instances.jsonl as older versions write it.
Pairwise keeps "A", "B" or "tie", or a number of which a negative one is for A; other questions keep
the words that were chosen. Potato stores neither skips nor what stood left.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from labeler.errors import Invalid
from labeler.said import say
from labeler.work.assignments import SkipReason
from labeler.work.files import digest
from labeler.work.layouts.shapes import TIE, Label, by_sign
from labeler.work.migrated.given import Brought, Given
from labeler.work.records import Record, Refused, Values
from labeler.work.rows import Unfit
from labeler.work.sources import reading
from labeler.work.sources.reading import FILE_BYTES, Fields

STATE, INSTANCES = "user_state.json", "annotated_instances.jsonl"
_STEP = re.compile(r"-?[0-9]{1,3}")
_SPENT = re.compile(r"(?:(\d+)d )?(?:(\d+)h )?(?:(\d+)m )?(\d+)s")
_NO_FOLDERS = say("There is no folder of a person in %(folder)s: neither %(state)s nor %(lines)s.")
_NO_STATE = say("%(file)s is not what Potato writes.")
_NO_ITEM = say("%(who)s judged “%(item)s”, which is not among the items.")
_SEVERAL = say("More than one answer was chosen.")


def files(folder: Path) -> list[Path]:
    """Return the file of each person, by name of their folder; raises Invalid if there is none."""
    found = []
    for each in sorted(path for path in folder.iterdir() if path.is_dir()):
        known = [each / name for name in (STATE, INSTANCES) if (each / name).is_file()]
        found += known[:1]
    if not found:
        raise Invalid(say(_NO_FOLDERS, folder=str(folder), state=STATE, lines=INSTANCES))
    return found


def digest_of(items: Sequence[Path], folder: Path) -> str:
    """Return a hash of all that is read."""
    hashes = [
        *map(digest, items),
        *(f"{path.parent.name} {digest(path)}" for path in files(folder)),
    ]
    return sha256("\n".join(hashes).encode()).hexdigest()


def read(
    items: Sequence[Path], folder: Path, fields: Fields, schema: str
) -> Iterator[Brought | Refused]:
    """Yield the items with what was said of them under a schema.

    Raises Invalid if somebody judged what is not among the items.
    """
    told: defaultdict[str, list[tuple[str, Values, Values]]] = defaultdict(list)
    for path in files(folder):
        for who, item, labels, behaviour in _judged(path):
            told[item].append((who, _of(labels, schema), behaviour))
    for path in items:
        for record in reading.records(path):
            if isinstance(record, Refused):
                yield record
                continue
            said = told.pop(str(record.values.get(fields.id)), [])
            try:
                yield _brought(record, fields, said)
            except Unfit as unfit:
                yield Refused(record.line, unfit.field, unfit.reason)
    for item, (first, *_) in told.items():
        raise Invalid(say(_NO_ITEM, who=first[0], item=item))


def _brought(record: Record, fields: Fields, said: Sequence[tuple[str, Values, Values]]) -> Brought:
    values = record.values
    if not set(fields.responses) & values.keys() and {"left", "right"} <= values.keys():
        fields = replace(fields, responses=("left", "right"))
    given = [_given(*each, fields) for each in said if each[1]]
    return Brought(reading.row(record, values, fields), tuple(given))


def _given(who: str, answers: Values, behaviour: Values, fields: Fields) -> Given:
    label = _label(answers, fields, who)
    at = reading.moment(behaviour.get("session_end"), f"{who}.session_end")
    at = at or reading.moment(behaviour.get("session_start"), f"{who}.session_start")
    seconds = reading.seconds(behaviour.get("total_time_ms")) / 1000 or _spent(behaviour)
    if label is None:
        return Given(who, skipped=SkipReason.other, at=at, seconds=seconds, place=who)
    return Given(who, label, at=at, seconds=seconds, place=who)


def _label(answers: Values, fields: Fields, who: str) -> Label | None:
    if (step := answers.get("scale_value")) is not None:
        if _STEP.fullmatch(str(step)):
            return by_sign(int(step))
        raise Unfit(f"{who}.scale_value", say('"%(field)s" must be a whole number.', field=step))
    known = reading.letters(2) | {"tie": TIE}
    if "selection" in answers:
        return reading.label(answers["selection"], fields, known, f"{who}.selection")
    chosen = [name for name, value in answers.items() if value not in (None, False, "", "false")]
    if len(chosen) != 1:
        raise Unfit(who, _SEVERAL)
    return reading.label(chosen[0], fields, known, who)


def _of(labels: Any, schema: str) -> Values:
    """Return what was chosen under a schema, by label; older and newer files say it differently."""
    if isinstance(labels, dict):
        found = labels.get(schema)
        return found if isinstance(found, dict) else {}
    listed = labels if isinstance(labels, list) else []
    pairs = [pair for pair in listed if isinstance(pair, list) and len(pair) == 2]
    return {
        str(where.get("name")): value
        for where, value in pairs
        if isinstance(where, dict) and where.get("schema") == schema
    }


def _judged(path: Path) -> Iterator[tuple[str, str, Any, Values]]:
    """Yield who judged which item, with all labels and what is known of how it was done."""
    who = path.parent.name
    if path.name == INSTANCES:
        for record in reading.records(path):
            if isinstance(record, Refused):
                raise Invalid(say(_NO_STATE, file=str(path)))
            said = record.values
            yield who, str(said.get("id")), said.get("label_annotations"), _object(said, _BEHAVIOUR)
        return
    state = _state(path)
    behaviour = _object(state, "instance_id_to_behavioral_data")
    for item, labels in _object(state, "instance_id_to_label_to_value").items():
        yield str(state.get("user_id") or who), item, labels, _object(behaviour, item)


_BEHAVIOUR = "behavioral_data"


def _state(path: Path) -> Values:
    try:
        if path.stat().st_size <= FILE_BYTES:
            found = from_json(path.read_bytes(), allow_inf_nan=False)
            if isinstance(found, dict):
                return found
    except ValueError:
        pass
    raise Invalid(say(_NO_STATE, file=str(path)))


def _object(values: Values, key: str) -> Values:
    found = values.get(key)
    return found if isinstance(found, dict) else {}


def _spent(behaviour: Values) -> float:
    """Read "Time spent: 0d 0h 0m 12s", as older versions write it."""
    found = _SPENT.search(str(behaviour.get("time_string") or ""))
    if found is None:
        return 0.0
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
