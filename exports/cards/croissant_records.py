"""Record sets of croissant.json: what is in the rows of a config, told from its columns.

A list of messages is a field with fields in it, each read by its place in the column (JSONPath).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from labeler.errors import Invalid

SHARD = re.compile(r"(?P<config>[a-z_]+)/(?P<split>[a-z]+)-\d{5}-of-\d{5}\.parquet")
"""The path of a Parquet file in a release."""
_MEANT = {"train": "cr:TrainingSplit", "validation": "cr:ValidationSplit", "test": "cr:TestSplit"}


def record_set(
    config: str, schema: pa.Schema, splits: Sequence[str], columns: Mapping[str, str]
) -> dict[str, Any]:
    """Describe the rows of a config: its split and its columns.

    Raises Invalid if a column holds what no column of a release does.
    """
    source = {
        "fileSet": {"@id": set_id(config)},
        "extract": {"fileProperty": "fullpath"},
        "transform": {"regex": _split_pattern(config, splits)},
    }
    split = {
        **_named(f"{config}/split", "split"),
        "dataType": "sc:Text",
        "source": source,
        "references": {"field": {"@id": "splits/name"}},
    }
    fields = [_column(config, one, columns) for one in schema]
    return {"@type": "cr:RecordSet", "@id": config, "name": config, "field": [split, *fields]}


def set_id(config: str) -> str:
    """Name the set of files of a config."""
    return f"{config}-parquet"


def splits(names: Sequence[str]) -> dict[str, Any]:
    """Describe the splits that there are."""
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [
            {**_named("splits/name", "name"), "dataType": "sc:Text"},
            {**_named("splits/url", "url"), "dataType": ["sc:URL", "cr:Split"]},
        ],
        "data": [
            {"splits/name": split, "splits/url": _MEANT.get(split, "cr:Split")} for split in names
        ],
    }


def split_order(split: str) -> tuple[int, str]:
    """Put splits into the order in which they are used."""
    known = list(_MEANT)
    return (known.index(split) if split in known else len(known), split)


def _split_pattern(config: str, splits: Sequence[str]) -> str:
    return rf"^(?:.*/)?{config}/({'|'.join(splits)})-\d+-of-\d+\.parquet$"


def _column(config: str, one: pa.Field, columns: Mapping[str, str]) -> dict[str, Any]:
    source = {"fileSet": {"@id": set_id(config)}, "extract": {"column": one.name}}
    said = _field(f"{config}/{one.name}", one.name, one.type, source, "$")
    described = {"description": columns[one.name]} if one.name in columns else {}
    return {**said, **described}


def _field(
    id_: str, name: str, kind: pa.DataType, source: dict[str, Any], at: str
) -> dict[str, Any]:
    """Describe a value; `at` is where it stands in its column, as JSONPath says it."""
    depth, whole = 0, at
    while pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind, depth, at = kind.value_type, depth + 1, f"{at}[*]"
    said = _named(id_, name)
    if depth:
        said |= {"isArray": True, "arrayShape": ",".join(["-1"] * depth)}
    if pa.types.is_struct(kind):
        parts = [
            _field(f"{id_}/{part.name}", part.name, part.type, source, f"{at}.{part.name}")
            for part in kind
        ]
        return {**said, "subField": parts}
    where = source if whole == "$" else {**source, "transform": {"jsonPath": whole}}
    if (data_type := _data_type(kind)) is None:
        raise Invalid(f"{name} holds {kind}")
    return {**said, "dataType": data_type, "source": where}


def _data_type(kind: pa.DataType) -> str | None:
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    if pa.types.is_floating(kind):
        return "sc:Float"
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return "sc:Text" if is_text else None


def _named(id_: str, name: str) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": id_, "name": name}
