"""Writing: rows into files, Parquet with a fixed schema and JSON lines beside it.

The same rows give the same bytes: no file holds a time, a name of a machine or a random number.
pyarrow is imported here, so this module is imported only where files are written or checked.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self, get_args, get_origin, get_type_hints

import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq
from msgspec import Raw, Struct

from exports.choosing.dates import Watch
from exports.choosing.records import encode
from exports.choosing.splits import Split
from exports.files.tallies import Written
from exports.formats.columns import Columns
from labeler.errors import Invalid

GROUP = 1_000
"""Rows that are in memory at once, in each format and split."""
JSONL = "jsonl"


class Writers:
    """Writes rows of several formats into a folder, each into the files of its split.

    `schemas` are the columns of each format; one without comes in JSON lines alone. Parquet is
    made of the lines that are written, beside, while the next ones come. Call `finish` after the
    last row; what was not finished is for the folder's owner to remove.
    """

    def __init__(self, folder: Path, schemas: Mapping[str, Columns | None]) -> None:
        self._folder, self._schemas = folder, schemas
        self._beside = ThreadPoolExecutor(1)
        self._files: dict[tuple[str, Split], _File] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._beside.shutdown()
        for file in self._files.values():
            file.close()
        # It would keep what the largest group took, for as long as the server runs.
        pa.default_memory_pool().release_unused()

    def add(self, name: str, row: Mapping[str, Any] | Struct | Raw, split: Split) -> None:
        """Write a row, or one that is in JSON already."""
        file = self._files.get((name, split))
        if file is None:
            path = self._folder / f"{name}-{split}"
            file = self._files[name, split] = _File(path, self._schemas[name], self._beside)
        file.add(row)

    def finish(self) -> list[Written]:
        """Complete the files and return them; there is none without rows."""
        return [
            Written(name, split, file.finish(), file.dates.first, sorted(file.dates.cleared))
            for (name, split), file in sorted(self._files.items())
        ]


def require_no_dates(written: Sequence[Written]) -> None:
    """Raise Invalid if every text in a column of a file of JSON lines looks like a date.

    Loaders turn such a column into times, and what was written in it is lost.
    """
    cleared = {(one.name, one.split, column) for one in written for column in one.cleared}
    for one in written:
        for column, example in one.dates.items():
            if (one.name, one.split, column) not in cleared:
                raise Invalid(
                    f"In the {one.split} rows of {one.name} every {column} would look like a date "
                    f'("{example}"), and programs that read it would take them for dates. '
                    "Nothing was written.",
                    fields={column: "Release more pairs, or other languages or shares."},
                )


def arrow(columns: Columns) -> Any:
    """Return the schema of Parquet files with these columns: no column may hold another kind."""
    return pa.schema([(name, _arrow(kind)) for name, kind in columns.items()])


def _arrow(kind: Any) -> Any:
    if kind in _KINDS:
        return _KINDS[kind]
    if get_origin(kind) is list:
        # What Parquet calls a list's members, so that a file that is read has the very same schema.
        return pa.list_(pa.field("element", _arrow(get_args(kind)[0])))
    return pa.struct([(name, _arrow(part)) for name, part in get_type_hints(kind).items()])


_KINDS = {str: pa.string(), int: pa.int32(), float: pa.float64(), bool: pa.bool_()}


def lines_of(folder: Path, name: str, split: Split, *, in_parquet: bool) -> Path:
    """Return where the JSON lines of a format are."""
    return (
        folder / JSONL / f"{name}-{split}.jsonl" if in_parquet else folder / name / f"{split}.jsonl"
    )


class _File:
    """The rows of a format in a split: `path`.jsonl, and `path`.parquet where it has columns."""

    def __init__(self, path: Path, columns: Columns | None, beside: Executor) -> None:
        self.dates = Watch()
        self._schema = None if columns is None else arrow(columns)
        self._beside = beside
        self._waiting: list[bytes] = []
        self._rows = 0
        self._writing: Future[None] | None = None
        self._lines = path.with_name(f"{path.name}.jsonl").open("wb")
        self._parquet: Any = None
        if self._schema is not None:
            place = path.with_name(f"{path.name}.parquet")
            self._parquet = pq.ParquetWriter(place, self._schema, compression="zstd")

    def add(self, row: Mapping[str, Any] | Struct | Raw) -> None:
        line = encode(row)
        self.dates.see(line)
        self._waiting.append(line)
        if len(self._waiting) == GROUP:
            self._flush()

    def finish(self) -> int:
        self._flush()
        self._wait()
        self.close()
        return self._rows

    def close(self) -> None:
        self._lines.close()
        if self._parquet is not None:
            self._parquet.close()

    def _flush(self) -> None:
        if not self._waiting:
            return
        lines = b"\n".join([*self._waiting, b""])
        self._lines.write(lines)
        self._rows += len(self._waiting)
        self._waiting = []
        self._wait()
        if self._schema is not None:
            self._writing = self._beside.submit(self._write, lines)

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()

    def _write(self, lines: bytes) -> None:
        self._parquet.write_table(_table(lines, self._schema))


def _table(lines: bytes, schema: Any) -> Any:
    """Read rows in JSON lines."""
    found = pa.json.read_json(
        pa.BufferReader(lines),
        read_options=pa.json.ReadOptions(use_threads=False, block_size=len(lines)),
        parse_options=pa.json.ParseOptions(
            explicit_schema=schema, unexpected_field_behavior="error"
        ),
    )
    return found.combine_chunks().cast(schema)


def read_parquet(path: Path, columns: Columns) -> Iterator[Any]:
    """Yield the rows of a Parquet file, few in memory at once; raises Invalid if it is another."""
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            if not file.schema_arrow.equals(arrow(columns), check_metadata=True):
                raise Invalid(f"{path.name} does not have the columns of this format")
            for batch in file.iter_batches(batch_size=GROUP):
                yield from batch.to_pylist()
    except pa.ArrowException as error:
        raise Invalid(f"{path.name} cannot be read: {error}") from None


def read_lines(path: Path) -> Iterator[Any]:
    """Yield the rows of a file of JSON lines; raises Invalid naming a line that is none."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield json.loads(line)
            except ValueError:
                raise Invalid(f"{path.name}: line {number} is not JSON") from None
