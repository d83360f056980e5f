"""Writing: rows into files, Parquet with a fixed schema and JSON lines beside it.

The same rows give the same bytes: no file holds a time, a name of a machine or a random number.
pyarrow is imported here, so this module is imported only where files are written or checked.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self, get_args, get_origin, get_type_hints

import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq

from exports.formats.columns import Columns
from exports.records import encode
from exports.splits import SPLITS, Split
from labeler.errors import Invalid

GROUP = 1_000
"""Rows that are in memory at once, in each format and split."""
LOOKED_AT = 100
"""Rows of a file after which every column has been met."""
JSONL = "jsonl"


class Writer:
    """Writes the rows of one format into a folder, each into the files of its split, as they come.

    `schema` is that of the Parquet files; without one there are JSON lines alone, in a folder of
    the format's own. Parquet is made of the lines that are written, beside, while the next ones
    come.

    Call `finish` after the last row; what was not finished is for the folder's owner to remove.
    """

    def __init__(self, folder: Path, name: str, schema: Columns | None, beside: Executor) -> None:
        (folder / name).mkdir()
        self._splits = {
            split: _SplitWriter(folder, name, split, schema, beside) for split in SPLITS
        }

    def add(self, row: Mapping[str, Any], split: Split, shard: int = 0) -> None:
        """Write a row; each shard has a Parquet file of its own, and they come in order."""
        self._splits[split].add(row, shard)

    def finish(self) -> dict[Path, int]:
        """Complete the files and return how many rows each holds; raises Invalid.

        A split without rows has no files.
        """
        return {
            path: count
            for writer in self._splits.values()
            for path, count in writer.finish().items()
        }

    def close(self) -> None:
        """Let go of the files."""
        for writer in self._splits.values():
            writer.close()


class Writers:
    """Writers of several formats, by name."""

    def __init__(self, folder: Path, schemas: Mapping[str, Columns | None]) -> None:
        if any(schema is not None for schema in schemas.values()):
            (folder / JSONL).mkdir()
        self._beside = ThreadPoolExecutor(1)
        self._writers = {
            name: Writer(folder, name, schema, self._beside) for name, schema in schemas.items()
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._beside.shutdown()
        for writer in self._writers.values():
            writer.close()
        # It would keep what the largest group took, for as long as the server runs.
        pa.default_memory_pool().release_unused()

    def __getitem__(self, name: str) -> Writer:
        return self._writers[name]

    def finish(self) -> dict[Path, int]:
        """Complete all files and return how many rows each holds; raises Invalid."""
        return {
            path: count
            for writer in self._writers.values()
            for path, count in writer.finish().items()
        }


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


class _SplitWriter:
    def __init__(
        self, folder: Path, name: str, split: Split, schema: Columns | None, beside: Executor
    ) -> None:
        self._parquet, self._split = folder / name, split
        self._schema = None if schema is None else arrow(schema)
        self._lines = lines_of(folder, name, split, in_parquet=schema is not None)
        self._made: list[tuple[Path, int]] = []
        self._shard = -1
        self._waiting: list[bytes] = []
        self._rows = 0
        self._beside = beside
        self._writing: Future[None] | None = None
        self._file: Any = None
        self._open: Any = None
        self._dates = _Dates()

    def add(self, row: Mapping[str, Any], shard: int) -> None:
        self._dates.see(row)
        if shard != self._shard:
            self._flush()
            self._wait()
            self._begin(shard)
        self._waiting.append(encode(row))
        if len(self._waiting) == GROUP:
            self._flush()

    def finish(self) -> dict[Path, int]:
        self._flush()
        self._wait()
        self.close()
        self._dates.refuse(self._lines.name)
        made = {}
        for number, (path, count) in enumerate(self._made):
            name = f"{self._split}-{number:05d}-of-{len(self._made):05d}.parquet"
            made[path.rename(self._parquet / name)] = count
        return made | ({self._lines: self._rows} if self._rows else {})

    def close(self) -> None:
        for file in (self._file, self._open):
            if file is not None:
                file.close()

    def _begin(self, shard: int) -> None:
        self._shard = shard
        if self._schema is None:
            return
        if self._open is not None:
            self._open.close()
        path = self._parquet / f".{self._split}-{shard:05d}"
        self._made.append((path, 0))
        self._open = pq.ParquetWriter(path, self._schema, compression="zstd")

    def _flush(self) -> None:
        if not self._waiting:
            return
        if self._file is None:
            self._file = self._lines.open("wb")
        lines, count = b"\n".join([*self._waiting, b""]), len(self._waiting)
        self._file.write(lines)
        self._rows += count
        self._waiting = []
        self._wait()
        if self._schema is not None:
            self._writing = self._beside.submit(self._write, lines, count)

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()

    def _write(self, lines: bytes, count: int) -> None:
        self._open.write_table(_table(lines, self._schema))
        path, before = self._made[-1]
        self._made[-1] = path, before + count


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


_DATE = re.compile(
    r"\d{4}-\d\d-\d\d([ T]\d\d(:?\d\d(:?\d\d(\.\d+)?)?)?(Z|[+-]\d\d(:?\d\d)?)?)?", re.ASCII
)


class _Dates:
    """Watches for columns of JSON lines in which every text looks like a date.

    Loaders turn such a column into times, and what was written in it is lost. A column within a
    column is one by itself.
    """

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        """By column the first text in it, as long as all of them look like dates."""
        self._cleared: set[str] = set()
        self._seen = 0

    def see(self, row: Mapping[str, Any]) -> None:
        if self._seen >= LOOKED_AT and not self._first:
            return
        self._seen += 1
        for name, text in _leaves("", row):
            if name in self._cleared:
                continue
            if _DATE.fullmatch(text) is None:
                self._cleared.add(name)
                self._first.pop(name, None)
            else:
                self._first.setdefault(name, text)

    def refuse(self, file: str) -> None:
        """Raise Invalid if there is such a column."""
        for name, example in self._first.items():
            raise Invalid(
                f'In {file} every {name} would look like a date ("{example}"), and programs '
                "that read it would take them for dates. Nothing was written.",
                fields={name: "Release more pairs, or other languages or shares."},
            )


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts in a value, each with the column that it is in."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(f"{name}.{key}" if name else key, part)
    elif isinstance(value, Sequence):
        for part in value:
            yield from _leaves(name, part)
