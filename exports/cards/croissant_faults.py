"""What is wrong with croissant.json: the readers of that format let most of it pass in silence.

Looked at are what every description must have, the names that it uses, and whether it tells the
truth about the files and their columns.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from exports.cards import croissant, croissant_records
from exports.cards.croissant import CORE, MANY, NAME, ONE, PREFIXES, READ_AS, RESPONSIBLE
from exports.cards.croissant_records import SHARD
from exports.files.manifests import FileEntry, Manifest
from labeler.errors import Invalid

REQUIRED = ("name", "description", "url", "license", "creator", "datePublished")
_PREFIXED = re.compile(r"(?P<prefix>[a-z]+):(?P<name>\w+)")


def faults(folder: Path, text: str, manifest: Manifest) -> Iterator[str]:
    """Yield what is wrong with croissant.json, given the other files of the release."""
    try:
        said = json.loads(text)
    except ValueError:
        yield f"{NAME} is not JSON"
        return
    if not isinstance(said, dict):
        yield f"{NAME} describes nothing"
        return
    try:
        found = [
            *_missing(said),
            *_wrong_names(said),
            *_wrong_sentences(said),
            *_wrong_references(said),
            *_wrong_files(said, manifest),
            *_wrong_records(folder, said, manifest),
        ]
    except (AttributeError, KeyError, TypeError):
        found = ["is not built as a description of a dataset is"]
    yield from (f"{NAME} {fault}" for fault in found)


def _missing(said: dict[str, Any]) -> Iterator[str]:
    if said.get("@type") != "sc:Dataset":
        yield "is of no dataset"
    if not {CORE, RESPONSIBLE} <= set(said.get("conformsTo", [])):
        yield f"does not say that it conforms to {CORE} and {RESPONSIBLE}"
    for name in REQUIRED:
        if not said.get(name):
            yield f"has no {name}"
    if not said.get("creator", {}).get("name", "").strip():
        yield "has a creator without a name"
    try:
        date.fromisoformat(said.get("datePublished", ""))
    except ValueError:
        yield "says no day on which it was published"
    if not re.fullmatch(r"\d+\.\d+\.\d+", said.get("version", "")):
        yield "has no version of three numbers"


def _wrong_names(said: dict[str, Any]) -> Iterator[str]:
    context = said.get("@context", {})
    if context != dict(croissant.CONTEXT):
        for name in sorted(croissant.CONTEXT.keys() | context.keys()):
            if context.get(name) != croissant.CONTEXT.get(name):
                yield f"means something else by {name} in its @context"
    used = {found["prefix"] for key in _keys(said) if (found := _PREFIXED.fullmatch(key))}
    for prefix in sorted(used - PREFIXES.keys()):
        yield f"uses the prefix {prefix}, which is not explained"


def _keys(value: Any) -> Iterator[str]:
    """Yield every name that is used, and every type; not what stands in data."""
    if isinstance(value, list):
        for one in value:
            yield from _keys(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key not in ("@context", "data"):
                yield key
                yield from _keys(one)
            if key in ("@type", "dataType"):
                yield from [one] if isinstance(one, str) else one


def _wrong_sentences(said: dict[str, Any]) -> Iterator[str]:
    for key, value in said.items():
        if not key.startswith("rai:"):
            continue
        name = key.removeprefix("rai:")
        own = next((own for own, read in READ_AS.items() if read == name), name)
        if own not in ONE | MANY:
            yield f"has {key}, which RAI 1.0 does not know"
            continue
        if own in ONE and not isinstance(value, str):
            yield f"says {key} more than once"
        sentences = [value] if isinstance(value, str) else value
        if not sentences or not all(isinstance(one, str) and one.strip() for one in sentences):
            yield f"has {key} and says nothing"
        if said.get(f"rai:{own}") != value:
            yield f"says one thing as {key} and another as rai:{own}"


def _wrong_references(said: dict[str, Any]) -> Iterator[str]:
    parts = [*said.get("distribution", []), *said.get("recordSet", [])]
    defined = [one["@id"] for part in parts for one in nodes(part) if "@type" in one]
    for name in sorted({name for name in defined if defined.count(name) > 1}):
        yield f"calls two things {name}"
    for part in parts:
        for one in nodes(part):
            if set(one) == {"@id"} and one["@id"] not in defined:
                yield f"refers to {one['@id']}, which is not there"


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Yield everything in a description that has an id."""
    if isinstance(value, list):
        for one in value:
            yield from nodes(one)
    elif isinstance(value, dict):
        if "@id" in value:
            yield value
        for key, one in value.items():
            if key != "data":
                yield from nodes(one)


def _wrong_files(said: dict[str, Any], manifest: Manifest) -> Iterator[str]:
    listed = {entry.path: entry for entry in manifest.files if entry.path != NAME}
    described = {}
    for one in said.get("distribution", []):
        if one.get("@type") == "cr:FileObject":
            described[one.get("contentUrl")] = one
        elif one.get("@type") == "cr:FileSet":
            yield from _wrong_set(one, listed)
        else:
            yield f"lists {one.get('@id')}, which is neither a file nor a set of files"
    for path, one in described.items():
        if path not in listed:
            yield f"describes {path}, which is no file of the release"
        else:
            yield from _wrong_file(one, listed[path])
    for path in listed.keys() - described.keys():
        yield f"does not describe {path}"


def _wrong_file(one: Mapping[str, Any], entry: FileEntry) -> Iterator[str]:
    if one.get("sha256") != entry.sha256:
        yield f"has another hash for {entry.path} than the manifest"
    if one.get("contentSize") != f"{entry.bytes} B":
        yield f"has another size for {entry.path} than the manifest"


def _wrong_set(one: Mapping[str, Any], listed: Mapping[str, FileEntry]) -> Iterator[str]:
    if "containedIn" in one:
        yield f"has {one.get('@id')} contained in something: nobody can read it then"
    if not any(fnmatchcase(path, one.get("includes", "")) for path in listed):
        yield f"has no file for {one.get('@id')}"


def _wrong_records(folder: Path, said: dict[str, Any], manifest: Manifest) -> Iterator[str]:
    """Compare the record sets with those that the files themselves would give."""
    shards = [found for entry in manifest.files if (found := SHARD.fullmatch(entry.path))]
    names = sorted({found["split"] for found in shards}, key=croissant_records.split_order)
    sets = {one["@id"]: one for one in said.get("recordSet", [])}
    if shards and sets.get("splits") != croissant_records.splits(names):
        yield "does not name the splits that there are"
    there = {found["config"] for found in shards}
    for config in sorted(sets.keys() - there - {"splits"}):
        yield f"describes rows of {config}, of which there are no files"
    for config in sorted(there - sets.keys()):
        yield f"does not describe the rows of {config}"
    for config in sorted(there & sets.keys()):
        paths = [found[0] for found in shards if found["config"] == config]
        yield from _wrong_config(folder, sets[config], names, paths)


def _wrong_config(
    folder: Path, said: dict[str, Any], splits: Sequence[str], paths: Sequence[str]
) -> Iterator[str]:
    schemas = {path: _schema(folder / path) for path in paths}
    yield from (
        f"describes {path}, which cannot be read" for path in paths if schemas[path] is None
    )
    for schema in dict.fromkeys(schema for schema in schemas.values() if schema is not None):
        try:
            right = croissant_records.record_set(said["@id"], schema, splits, {})
        except Invalid as refusal:
            yield f"describes rows in which {refusal.message}"
        else:
            yield from _wrong_columns(said, right)


def _schema(path: Path) -> pa.Schema | None:
    try:
        return pq.read_schema(path)
    except (OSError, pa.ArrowException):
        return None


def _wrong_columns(said: dict[str, Any], right: dict[str, Any]) -> Iterator[str]:
    here, there = ({one["@id"]: one for one in each["field"]} for each in (said, right))
    for name in sorted(here.keys() | there.keys()):
        if name not in here:
            yield f"does not describe the column {name}"
        elif name not in there:
            yield f"describes {name}, which is no column"
        elif {key: one for key, one in here[name].items() if key != "description"} != there[name]:
            yield f"describes {name} as something that it is not"
