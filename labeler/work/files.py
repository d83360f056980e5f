"""Files of records: .jsonl, .jsonl.gz, .csv and .parquet, read row by row.

Memory stays bounded whatever a file holds. No line is read past the limit, nothing is unpacked
past a multiple of its packed size, and Parquet comes a few rows at a time.
"""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from pydantic_core import PydanticSerializationError, to_json

from labeler.errors import Invalid
from labeler.said import say
from labeler.work.records import ROW, Record, Refused, Values, checked, parsed

Numbered: TypeAlias = tuple[int, bytes | str]
"""A line's number and its bytes, or the reason for refusing it."""

KINDS = (".jsonl", ".jsonl.gz", ".csv", ".parquet")
BLOCK = 1 << 20
UNPACKED_FREE = 100_000_000
UNPACKED_TIMES = 100
"""Real text packs to a fifth; what unpacks to a hundred times its size is an attack."""
PARQUET_ROWS = 10_000_000
PARQUET_COLUMNS = 500
PARQUET_GROUP_BYTES = 2_000_000_000
PARQUET_DICTIONARY_BYTES = 64_000_000
"""In a row group; pandas writes 1,024 values into each before it asks how long they are."""
PARQUET_TEXT_FREE = 8_000_000
PARQUET_BATCH = 8
"""Few, because a value that is stored once may stand in every row of a batch."""
PARQUET_SHORT_BYTES = 4_000_000
"""With larger dictionaries than this a batch is one row."""
PARQUET_TIMES_JSON = 16
"""How much more than its JSON a row may take in Arrow, at the very most."""


def digest(path: Path) -> str:
    """Return the SHA-256 of the file's bytes in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def kind(name: str) -> str:
    """Return the ending that says what a file of this name is; raises Invalid."""
    found = next((ending for ending in KINDS if name.lower().endswith(ending)), None)
    if found is None:
        raise Invalid("The name of the file must end in .jsonl, .jsonl.gz, .csv or .parquet.")
    return found


def read_records(path: Path, *, max_row_bytes: int) -> Iterator[Record | Refused]:
    """Read a .jsonl, .jsonl.gz, .csv or .parquet file record by record.

    Lines of JSON count from 1, blank ones are skipped; in CSV the header is row 1; in Parquet
    the first row is 1. Raises Invalid, at once or on the way, if the file as a whole is not what
    its name says, is damaged, or unpacks to absurd sizes.
    """
    return _reader(path)(path, max_row_bytes)


_Reader: TypeAlias = Callable[[Path, int], Iterator[Record | Refused]]

_UTF_16 = say("The name of the file ends in %(ending)s, but it is text in UTF-16.")
_FOREIGN_STARTS = {
    b"\x1f\x8b": say("The name of the file ends in %(ending)s, but it is compressed with gzip."),
    b"PAR1": say("The name of the file ends in %(ending)s, but it is Parquet."),
    b"PK\x03\x04": say(
        "The name of the file ends in %(ending)s, but it is a zip archive or a spreadsheet."
    ),
    b"\xff\xfe": _UTF_16,
    b"\xfe\xff": _UTF_16,
}
_STARTS = {".jsonl.gz": b"\x1f\x8b", ".parquet": b"PAR1"}


def _reader(path: Path) -> _Reader:
    suffix = kind(path.name)
    _check_start(path, suffix)
    readers: dict[str, _Reader] = {
        ".jsonl": _json_rows,
        ".jsonl.gz": _packed_json_rows,
        ".csv": _csv_rows,
        ".parquet": _parquet_rows,
    }
    return readers[suffix]


def _check_start(path: Path, suffix: str) -> None:
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise Invalid("The file is empty.")
    wanted = _STARTS.get(suffix)
    if wanted and start.startswith(wanted):
        return
    for foreign, says in _FOREIGN_STARTS.items():
        if start.startswith(foreign):
            raise Invalid(say(says, ending=suffix))
    if wanted:
        raise Invalid(
            say("The name of the file ends in %(ending)s, but it is something else.", ending=suffix)
        )


# Lines of JSON


def _json_rows(path: Path, limit: int) -> Iterator[Record | Refused]:
    with path.open("rb", buffering=BLOCK) as file:
        yield from _json_records(_lines(file, limit))


def _packed_json_rows(path: Path, limit: int) -> Iterator[Record | Refused]:
    with path.open("rb") as packed, io.BufferedReader(_Unpacked(packed, path), BLOCK) as file:
        yield from _json_records(_lines(file, limit))


def _lines(stream: BinaryIO | io.BufferedReader, limit: int) -> Iterator[Numbered]:
    number = 0
    while line := stream.readline(limit + 1):
        number += 1
        if len(line) <= limit or line.endswith(b"\n"):
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        else:
            while line and not line.endswith(b"\n"):
                line = stream.readline(BLOCK)
            yield number, _too_long(limit)


def _json_records(lines: Iterable[Numbered]) -> Iterator[Record | Refused]:
    for number, line in lines:
        if isinstance(line, str):
            yield Refused(number, ROW, line)
        elif line and not line.isspace():
            yield parsed(number, line)


@cache
def _too_long(limit: int) -> str:
    return say("This row is longer than %(limit)s bytes.", limit=limit)


class _Unpacked(io.RawIOBase):
    """The unpacked bytes of a gzip file, up to a multiple of its size."""

    def __init__(self, packed: BinaryIO, path: Path) -> None:
        self._stream = gzip.GzipFile(fileobj=packed)
        self._left = _allowed(path)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        try:
            block = self._stream.read(len(buffer))
        except (EOFError, OSError, zlib.error):
            raise Invalid("The compressed file is damaged: it cannot be unpacked.") from None
        self._left -= len(block)
        if self._left < 0:
            raise _bomb()
        buffer[: len(block)] = block
        return len(block)


def _allowed(path: Path) -> int:
    return max(UNPACKED_FREE, UNPACKED_TIMES * path.stat().st_size)


def _bomb() -> Invalid:
    return Invalid(
        say("The file unpacks to more than %(times)s times its size.", times=UNPACKED_TIMES)
    )


# Rows of CSV

_NOT_UTF_8 = say("This row is not text in UTF-8.")
_OUT_OF_PLACE = say("This row is not valid CSV: a quotation mark is out of place.")


def _csv_rows(path: Path, limit: int) -> Iterator[Record | Refused]:
    csv.field_size_limit(max(csv.field_size_limit(), limit))
    with path.open("rb", buffering=BLOCK) as file:
        rows = _csv_lines(file, limit)
        header = _csv_header(next(rows)[1])
        for number, row in rows:
            if isinstance(row, str):
                yield Refused(number, ROW, row)
            elif not row.isspace():
                yield _csv_record(number, row, header)


def _csv_lines(stream: BinaryIO, limit: int) -> Iterator[Numbered]:
    """Join lines for as long as a quotation mark is open; a pair of marks opens nothing."""
    number, size, marks = 1, 0, 0
    pieces: list[bytes] = []
    while piece := stream.readline(limit):
        size, marks = size + len(piece), marks + piece.count(b'"')
        if size <= limit:
            pieces.append(piece)
        if marks % 2 == 0 and piece.endswith(b"\n"):
            yield number, b"".join(pieces) if size <= limit else _too_long(limit)
            number, size, marks, pieces = number + 1, 0, 0, []
    if marks % 2:
        yield number, say("A quotation mark is opened in this row and never closed.")
    elif size:
        yield number, b"".join(pieces) if size <= limit else _too_long(limit)


def _cells(row: bytes) -> list[str]:
    return next(csv.reader([row.decode()], strict=True))


def _csv_header(row: bytes | str) -> list[str]:
    try:
        names = [] if isinstance(row, str) else _cells(row.removeprefix(b"\xef\xbb\xbf"))
    except (csv.Error, UnicodeDecodeError):
        names = []
    header = [name.strip() for name in names]
    if len(header) < 2:
        raise Invalid("The first row must name the columns, in UTF-8, with commas between them.")
    if len(set(header)) < len(header):
        raise Invalid("Two columns have the same name.")
    return header


def _csv_record(number: int, row: bytes, header: list[str]) -> Record | Refused:
    try:
        cells = _cells(row)
    except UnicodeDecodeError:
        return Refused(number, ROW, _NOT_UTF_8)
    except csv.Error:
        return Refused(number, ROW, _OUT_OF_PLACE)
    if len(cells) != len(header):
        reason = say(
            "This row has %(cells)s cells and the header %(names)s. "
            "A text with a comma needs quotation marks.",
            cells=len(cells),
            names=len(header),
        )
        return Refused(number, ROW, reason)
    return checked(number, dict(zip(header, cells, strict=True)), len(row))


# Rows of Parquet

_WORDLESS = say("This row holds text that is not UTF-8, or a value that JSON cannot say.")


def _parquet_rows(path: Path, limit: int) -> Iterator[Record | Refused]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=BLOCK) as file:
            size = _check_parquet(file, path)
            for batch in file.iter_batches(size, use_threads=False):
                for values in _plain(batch, limit):
                    number += 1
                    yield _parquet_record(number, values, limit)
    except (pa.ArrowException, OSError) as error:
        fault = say("The Parquet file cannot be read after row %(row)s.", row=number)
        raise Invalid(fault) from error
    finally:
        pa.default_memory_pool().release_unused()


def _check_parquet(file: Any, path: Path) -> int:
    """Raise Invalid if the file is out of bounds; return how many rows to read at once."""
    names = file.schema_arrow.names
    footer = file.metadata
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    if len(set(names)) < len(names):
        raise Invalid("Two columns have the same name.")
    if footer.num_columns > PARQUET_COLUMNS or footer.num_rows > PARQUET_ROWS:
        raise Invalid(
            say(
                "The file is too large: at most %(columns)s columns and %(rows)s rows are read.",
                columns=PARQUET_COLUMNS,
                rows=PARQUET_ROWS,
            )
        )
    if sum(group.total_byte_size for group in groups) > _allowed(path):
        raise _bomb()
    with path.open("rb") as pages:
        largest = max((_check_group(group, pages) for group in groups), default=0)
    return PARQUET_BATCH if largest <= PARQUET_SHORT_BYTES else 1


def _check_group(group: Any, pages: BinaryIO) -> int:
    """Raise Invalid if a row group is out of bounds; return the size of its dictionaries."""
    if group.total_byte_size > PARQUET_GROUP_BYTES:
        raise Invalid("A row group of the file is larger than 2 GB; write smaller ones.")
    columns = [group.column(number) for number in range(group.num_columns)]
    texts = [column for column in columns if column.physical_type == "BYTE_ARRAY"]
    for column in texts:
        packed, unpacked = column.total_compressed_size, column.total_uncompressed_size
        if unpacked > max(PARQUET_TEXT_FREE, UNPACKED_TIMES * packed):
            raise _bomb()
    dictionaries = sum(_dictionary_bytes(column, pages) for column in texts)
    if dictionaries > PARQUET_DICTIONARY_BYTES:
        raise Invalid(
            say(
                "The file keeps its texts in dictionaries, which are too large to be held in "
                "memory: at most %(most)s MB in a row group. Please write it without them; in "
                "pandas that is to_parquet(…, use_dictionary=False).",
                most=PARQUET_DICTIONARY_BYTES // 10**6,
            )
        )
    return dictionaries


def _dictionary_bytes(column: Any, pages: BinaryIO) -> int:
    """Return how large the column's dictionary unpacks; 0 if its first page is none."""
    pages.seek(min(column.dictionary_page_offset or 2**62, column.data_page_offset))
    kind, size = _page_header(pages.read(16))
    return size if kind == 2 else 0


def _page_header(header: bytes) -> tuple[int, int]:
    """Return a page's kind and size: the first two fields of its header, Thrift's compact i32."""
    found = []
    for _ in range(2):
        mark, number, shift, byte = header[:1], 0, 0, 0x80
        header = header[1:]
        while byte & 0x80 and header:
            byte, header = header[0], header[1:]
            number, shift = number | (byte & 0x7F) << shift, shift + 7
        if mark != b"\x15" or byte & 0x80:
            raise OSError("There is no page header where the footer says.")
        found.append(number >> 1 ^ -(number & 1))
    return found[0], found[1]


def _plain(batch: Any, limit: int) -> Iterator[Values | str]:
    """Yield the rows of a batch, or why one cannot be said in Python."""
    too_long = batch.nbytes > PARQUET_TIMES_JSON * limit
    try:
        if not too_long:
            yield from batch.to_pylist()
            return
    except (ValueError, OverflowError):
        pass
    if batch.num_rows == 1:
        yield _too_long(limit) if too_long else _WORDLESS
        return
    for number in range(batch.num_rows):
        yield from _plain(batch.slice(number, 1), limit)


def _parquet_record(number: int, values: Values | str, limit: int) -> Record | Refused:
    if isinstance(values, str):
        return Refused(number, ROW, values)
    try:
        line = to_json(values, inf_nan_mode="null")
    except PydanticSerializationError:
        return Refused(number, ROW, _WORDLESS)
    if len(line) > limit:
        return Refused(number, ROW, _too_long(limit))
    record = parsed(number, line)
    if isinstance(record, Refused):
        return record
    return record._replace(values=_present(record.values))


def _present(value: Any) -> Any:
    """Leave out what is null: in a table that is how a key is absent."""
    if isinstance(value, dict):
        return {key: _present(part) for key, part in value.items() if part is not None}
    return [_present(part) for part in value] if isinstance(value, list) else value
