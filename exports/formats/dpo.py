"""Files for direct preference optimisation: Parquet with a fixed schema, and JSON lines beside it.

The same rows give the same bytes: no file holds a time, a name of a machine or a random number.
pyarrow is imported here, so this module is imported only where files are written or checked.
"""

import json
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq

from exports.rows import Row, Turn
from exports.splits import SPLITS, Split
from labeler.errors import Invalid

SHARD = 50_000
"""Most rows of a Parquet file."""
GROUP = 1_000
"""Rows that are in memory at once."""

# What Parquet calls a list's members, so that a file that is read has the very same schema.
_MEMBER = "element"
_TURN = pa.struct([pa.field("role", pa.string(), False), pa.field("content", pa.string(), False)])
_TURNS = pa.list_(pa.field(_MEMBER, _TURN))
SCHEMA = pa.schema(
    [
        ("prompt", _TURNS),
        ("chosen", _TURNS),
        ("rejected", _TURNS),
        ("pair_id", pa.string()),
        ("prompt_id", pa.string()),
        ("n_votes", pa.int32()),
        ("agreement", pa.float64()),
        ("strength", pa.float64()),
        ("chosen_model", pa.string()),
        ("rejected_model", pa.string()),
        ("language", pa.string()),
        ("adjudicated", pa.bool_()),
        ("annotator_ids", pa.list_(pa.field(_MEMBER, pa.string()))),
    ]
)
assert SCHEMA.names == list(Row.__annotations__), "the columns are the keys of a row"

_TEXTS = [field.name for field in SCHEMA if not pa.types.is_primitive(field.type)]

# Trainers give these a meaning of their own, whatever is in them.
RESERVED = frozenset(
    """image images prompt_ids chosen_ids rejected_ids completion_ids KL_completion_ids
    ref_chosen_logps ref_rejected_logps reference_logps input_ids labels attention_mask
    completion_mask assistant_masks seq_lengths chosen_input_ids rejected_input_ids tools
    chat_template_kwargs margin label messages completion text conversations""".split()
)
assert RESERVED.isdisjoint(SCHEMA.names)


class Writer:
    """Writes rows into a folder, each into the files of its split, in the order in which they come.

    Parquet is made of the lines that are written, beside, while the next ones come.

    Call `finish` after the last row; what was not finished is for the folder's owner to remove.
    """

    def __init__(self, folder: Path) -> None:
        for name in ("dpo", "jsonl"):
            (folder / name).mkdir()
        self._beside = ThreadPoolExecutor(1)
        self._splits = {split: _SplitWriter(folder, split, self._beside) for split in SPLITS}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._beside.shutdown()
        for writer in self._splits.values():
            writer.close()
        # It would keep what the largest group took, for as long as the server runs.
        pa.default_memory_pool().release_unused()

    def add(self, line: bytes, split: Split) -> None:
        """Write a row, which comes in JSON, in one line without its end."""
        self._splits[split].add(line)

    def finish(self) -> dict[Path, int]:
        """Complete the files and return how many rows each holds; raises Invalid.

        A split without rows has no files.
        """
        return {
            path: count
            for writer in self._splits.values()
            for path, count in writer.finish().items()
        }


class _SplitWriter:
    def __init__(self, folder: Path, split: Split, beside: Executor) -> None:
        self._parquet = folder / "dpo"
        self._lines = folder / "jsonl" / f"dpo-{split}.jsonl"
        self._split = split
        self._shards: list[int] = []
        self._waiting: list[bytes] = []
        self._beside = beside
        self._writing: Future[None] | None = None
        self._file: Any = None
        self._shard: Any = None
        self._dates = _Dates()

    def add(self, line: bytes) -> None:
        if self._dates.suspects:
            self._dates.see(json.loads(line))
        self._waiting.append(line)
        if len(self._waiting) == GROUP:
            self._flush()

    def finish(self) -> dict[Path, int]:
        self._flush()
        self._wait()
        self.close()
        self._dates.refuse(self._lines.name)
        made = {}
        for number, count in enumerate(self._shards):
            name = f"{self._split}-{number:05d}-of-{len(self._shards):05d}.parquet"
            made[self._unnumbered(number).rename(self._parquet / name)] = count
        return made | ({self._lines: sum(self._shards)} if made else {})

    def close(self) -> None:
        for file in (self._file, self._shard):
            if file is not None:
                file.close()

    def _flush(self) -> None:
        if not self._waiting:
            return
        if self._file is None:
            self._file = self._lines.open("wb")
        lines = b"\n".join([*self._waiting, b""])
        self._file.write(lines)
        self._wait()
        self._writing = self._beside.submit(self._write, lines, len(self._waiting))
        self._waiting = []

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()

    def _write(self, lines: bytes, count: int) -> None:
        if not self._shards or self._shards[-1] == SHARD:
            self._next_shard()
        self._shard.write_table(_table(lines))
        self._shards[-1] += count

    def _next_shard(self) -> None:
        if self._shard is not None:
            self._shard.close()
        self._shards.append(0)
        path = self._unnumbered(len(self._shards) - 1)
        self._shard = pq.ParquetWriter(path, SCHEMA, compression="zstd")

    def _unnumbered(self, number: int) -> Path:
        return self._parquet / f".{self._split}-{number:05d}"


def _table(lines: bytes) -> Any:
    """Read rows in JSON lines."""
    found = pa.json.read_json(
        pa.BufferReader(lines),
        read_options=pa.json.ReadOptions(use_threads=False, block_size=len(lines)),
        parse_options=pa.json.ParseOptions(
            explicit_schema=SCHEMA, unexpected_field_behavior="error"
        ),
    )
    assert found.column(0).num_chunks == 1, "all lines are one block"
    columns = [_typed(found.column(field.name).chunk(0), field.type) for field in SCHEMA]
    return pa.table(columns, schema=SCHEMA)


def _typed(column: Any, kind: Any) -> Any:
    """Say again what the reader forgets: that no turn is without role and content."""
    if kind != _TURNS:
        return column
    turns = pa.StructArray.from_arrays(column.values.flatten(), fields=list(_TURN))
    return pa.ListArray.from_arrays(column.offsets, turns, type=_TURNS)


def read_parquet(path: Path) -> Iterator[Any]:
    """Yield the rows of a Parquet file, few in memory at once; raises Invalid if it is another."""
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            if not file.schema_arrow.equals(SCHEMA, check_metadata=True):
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

    Loaders turn such a column into times, and what was written in it is lost.
    """

    def __init__(self) -> None:
        self.suspects: dict[str, str] = dict.fromkeys(_TEXTS, "")

    def see(self, row: Row) -> None:
        for name in list(self.suspects):
            found = list(_leaves(row[name]))  # type: ignore[literal-required]
            if any(_DATE.fullmatch(text) is None for text in found):
                del self.suspects[name]
            elif found:
                self.suspects[name] = found[0]

    def refuse(self, file: str) -> None:
        """Raise Invalid if there is such a column."""
        for name, example in self.suspects.items():
            if example:
                raise Invalid(
                    f'In {file} every {name} would look like a date ("{example}"), and programs '
                    "that read it would take them for dates. Nothing was written.",
                    fields={name: "Release more pairs, or other languages or shares."},
                )


def _leaves(value: str | float | Iterable[Turn | str]) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield part if isinstance(part, str) else part["content"]
