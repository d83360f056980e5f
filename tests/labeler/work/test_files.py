"""The four kinds of files, whole and hostile ones, and the memory that reading them takes."""

import gzip
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labeler.errors import Invalid
from labeler.work.layouts import Refused, Row, digest, read

GOOD = {
    "id": "pair-1",
    "prompt": "Name a river.",
    "language": "en",
    "responses": [{"text": "The Nile.", "model": "x"}, {"text": "The Oder.", "model": "y"}],
}
LINE = json.dumps(GOOD).encode() + b"\n"
CSV = "id,prompt,language,response_a,response_b,model_a,model_b,gold,topic\n"


@pytest.fixture
def load(tmp_path: Path):
    """Write a file as it is given and read it."""

    def write_and_read(name: str, content: bytes | str, **options: Any) -> list[Row | Refused]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read(path, **options))

    return write_and_read


def texts(row: Row) -> list[tuple[str, str | None]]:
    return [(response.text, response.model) for response in row.responses]


# Kinds and names


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("pairs.json", LINE, "must end in .jsonl, .jsonl.gz, .csv or .parquet"),
        ("pairs.jsonl", b"", "is empty"),
        ("pairs.jsonl", gzip.compress(LINE), "ends in .jsonl, but it is compressed with gzip"),
        ("pairs.csv", b"PK\x03\x04", "ends in .csv, but it is a zip archive or a spreadsheet"),
        ("pairs.csv", CSV.encode("utf-16"), "text in UTF-16"),
        ("pairs.jsonl.gz", LINE, "ends in .jsonl.gz, but it is something else"),
        ("pairs.parquet", LINE, "ends in .parquet, but it is something else"),
        ("pairs.jsonl", b"PAR1", "ends in .jsonl, but it is Parquet"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(load, name, content, complaint) -> None:
    with pytest.raises(Invalid, match=complaint):
        load(name, content)


def test_a_wrong_file_is_refused_before_the_first_row_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(gzip.compress(LINE))
    with pytest.raises(Invalid):
        read(path)


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(LINE * 3)
    assert digest(path) == hashlib.sha256(LINE * 3).hexdigest()


# Lines of JSON


def test_lines_end_in_a_newline_only_and_blank_ones_count(load) -> None:
    # U+2028 and U+0085 end no line; a byte order mark, \r\n and a missing last \n are fine.
    odd = json.dumps(GOOD | {"prompt": "a\u2028b\u0085c"}, ensure_ascii=False).encode()
    content = b"\xef\xbb\xbf" + LINE + b"\n \r\n" + odd + b"\r\n" + b"nonsense\n" + LINE.strip()
    found = load("pairs.jsonl", content)
    assert [row.line for row in found] == [1, 4, 5, 6]
    assert [type(row) for row in found] == [Row, Row, Refused, Row]
    assert found[1].messages[0].content == "a\u2028b\u0085c"


HOSTILE = {
    "nonsense": (b"nonsense", "row", "not valid JSON"),
    "cut off": (LINE[:-30], "row", "not valid JSON"),
    "two objects": (LINE[:-1] + LINE[:-1], "row", "not valid JSON"),
    "a list": (b"[1, 2]", "row", "not a JSON object"),
    "a text": (b'"pair"', "row", "not a JSON object"),
    "null": (b"null", "row", "not a JSON object"),
    "not UTF-8": (LINE.replace(b"Nile", b"N\xefle"), "row", "not text in UTF-8"),
    "surrogate in bytes": (LINE.replace(b"Nile", b"\xed\xa0\x80"), "row", "not text in UTF-8"),
    "surrogate": (LINE.replace(b"Nile", b"\\ud800"), "responses.0.text", "surrogate"),
    "low surrogate": (LINE.replace(b"river", b"\\udc00"), "prompt", "surrogate"),
    "surrogate in a key": (LINE.replace(b'"model": "x"', b'"\\ud8ff": 1'), "responses.0", "surrog"),
    "NUL": (LINE.replace(b"Oder", b"O\\u0000r"), "responses.1.text", "NUL"),
    "NUL in an id": (LINE.replace(b"pair-1", b"\\u0000"), "id", "NUL"),
    "NUL byte": (LINE.replace(b"Oder", b"O\0r"), "row", "not valid JSON"),
    "NaN": (LINE.replace(b'"x"', b'"x", "score": NaN'), "responses.0.score", "NaN"),
    "Infinity": (LINE.replace(b'{"id"', b'{"a": -Infinity, "id"'), "a", "NaN"),
    "beyond every number": (LINE.replace(b'{"id"', b'{"metadata": {"a": 1e999}, "id"'), "meta", ""),
    "endless integer": (LINE.replace(b'"en"', b"9" * 5000), "row", "not valid JSON"),
    "deep": (b'{"a":' * 100_000, "row", "nested too deeply"),
    "deep and closed": (b'{"a":' + b"[" * 400 + b"]" * 400 + b"}", "row", "nested too deeply"),
    "ten megabytes": (LINE.replace(b"Nile", b"N" * 10_000_000), "row", "longer than 1,000,000"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_lines_are_refused_by_line_and_field(load, case: str) -> None:
    line, field, reason = HOSTILE[case]
    found = load("pairs.jsonl", LINE + line.removesuffix(b"\n") + b"\n" + LINE)
    assert [row.line for row in found] == [1, 2, 3]
    assert [type(row) for row in found] == [Row, Refused, Row]
    assert found[1].field.startswith(field)
    assert reason in found[1].reason


def test_what_is_named_in_a_complaint_is_short_and_printable(load) -> None:
    [refused] = load("pairs.jsonl", json.dumps(GOOD | {"x" * 5000: "\0", "\n\0": "\0"}))
    assert len(refused.field) <= 100
    [refused] = load("pairs.jsonl", json.dumps(GOOD | {"\n\0": 1}))
    assert refused.field.isprintable()


def test_a_row_may_be_as_long_as_the_limit_and_no_longer(load) -> None:
    assert isinstance(load("pairs.jsonl", LINE, max_row_bytes=len(LINE) - 1)[0], Row)
    [refused] = load("pairs.jsonl", LINE, max_row_bytes=len(LINE) - 2)
    assert refused == Refused(1, "row", f"This row is longer than {len(LINE) - 2} bytes.")


def test_packed_lines(load) -> None:
    found = load("pairs.JSONL.GZ", gzip.compress(LINE + b"{}\n") + gzip.compress(LINE))
    assert [type(row) for row in found] == [Row, Refused, Row]


@pytest.mark.parametrize(("kept", "tail"), [(-9, b""), (-8, b"12345678"), (40, b"x" * 80)])
def test_a_packed_file_that_is_damaged(load, kept: int, tail: bytes) -> None:
    with pytest.raises(Invalid, match="damaged"):
        load("pairs.jsonl.gz", gzip.compress(LINE * 500)[:kept] + tail)


# CSV


def test_csv_has_the_two_answers_in_columns(load) -> None:
    conversation = json.dumps([{"role": "user", "content": 'Say "hi"'}]).replace('"', '""')
    content = (
        "\ufeff" + CSV + 'r1,"Name a river,\nplease",en,Nile,Oder,x,,B,water\n'
        "\n"
        f'r2,"{conversation}",,"say ""a""",b,,,,\r\n'
        "r3,[1] and [2]?,sw,a,b,x,y,0,\n"
    )
    one, two, three = load("pairs.csv", content, language="fr")
    assert (one.line, two.line, three.line) == (2, 4, 5)
    assert (one.id, one.language, one.messages[0].content) == ("r1", "en", "Name a river,\nplease")
    assert (texts(one), one.gold.better) == ([("Nile", "x"), ("Oder", None)], 1)
    assert one.metadata == {"topic": "water"}
    assert (two.language, two.messages[0].content, two.gold) == ("fr", 'Say "hi"', None)
    assert (texts(two)[0], two.metadata) == (('say "a"', None), {})
    assert (three.messages[0].content, three.gold.better) == ("[1] and [2]?", 0)


CSV_REFUSED = {
    "empty id": (",Hi,en,a,b,,,,", "id", "The id is empty."),
    "empty prompt": ("r,,en,a,b,,,,", "prompt", "The text is empty."),
    "empty answer": ("r,Hi,en,a,,,,,", "response_b", "The text is empty."),
    "same answers": ("r,Hi,en,a,a,,,,", "response_b", "The two answers are the same."),
    "language": ("r,Hi,?,a,b,,,,", "language", '"?" is not a language tag'),
    "gold": ("r,Hi,en,a,b,,,c,", "gold", "The better answer must be"),
    "gold too high": ("r,Hi,en,a,b,,,2,", "gold", "The better answer must be"),
    "model too long": (f"r,Hi,en,a,b,{'m' * 201},,,", "model_a", "longer than 200"),
    "too few cells": ("r,Hi,en,a,b", "row", "This row has 5 cells and the header 9."),
    "too many cells": ("r,Hi, there,en,a,b,,,,", "row", "This row has 10 cells"),
    "quotation mark": ('r,"Hi" there,en,a,b,,,,', "row", "out of place"),
    "NUL": ("r,Hi\0,en,a,b,,,,", "prompt", "NUL"),
    "bad conversation": ("r,\"[{'role': 'user'}]\",en,a,b,,,,", "prompt", "begins like JSON"),
    "surrogate": (
        'r,"[{""role"":""user"",""content"":""\\ud800""}]",en,a,b,,,,',
        "prompt.0",
        "surr",
    ),
    "no user": ('r,"[{""role"":""system"",""content"":""a""}]",en,a,b,,,,', "prompt", "not end in"),
    "too long": (f'r,Hi,en,a,"{"b " * 600_000}",,,,', "row", "longer than 1,000,000 bytes"),
}


@pytest.mark.parametrize("case", CSV_REFUSED)
def test_csv_refused_by_row_and_column(load, case: str) -> None:
    line, field, reason = CSV_REFUSED[case]
    found = load("pairs.csv", f"{CSV}r1,Hi,en,a,b,,,,\n{line}\nr3,Hi,en,a,b,,,,\n")
    assert [row.line for row in found] == [2, 3, 4]
    assert [type(row) for row in found] == [Row, Refused, Row]
    assert found[1].field.startswith(field)
    assert reason in found[1].reason


def test_csv_that_is_not_utf8_is_refused_by_row(load) -> None:
    content = CSV.encode() + "r,Où,fr,a,b,,,,\n".encode("latin-1") + b"r,Hi,en,a,b,,,,"
    refused, row = load("pairs.csv", content)
    assert refused == Refused(2, "row", "This row is not text in UTF-8.")
    assert row.line == 3


def test_a_quotation_mark_that_is_never_closed_is_refused_where_it_opens(load) -> None:
    row, refused = load("pairs.csv", CSV + 'r,Hi,en,a,b,,,,\nr,"Hi,en,a,b,,,,\nr,Hi,en,a,b,,,,\n')
    assert isinstance(row, Row)
    assert refused == Refused(3, "row", "A quotation mark is opened in this row and never closed.")


@pytest.mark.parametrize(
    "header", ["id;prompt;response_a;response_b", "id,id,prompt", "id", "ü,b".encode("latin-1")]
)
def test_csv_needs_a_header(load, header) -> None:
    with pytest.raises(Invalid):
        load("pairs.csv", header if isinstance(header, bytes) else header + "\n1;2;3;4\n")


def test_transcripts_may_come_as_csv(load) -> None:
    content = 'chosen,rejected\n"Human: Hi\n\nAssistant: a","Human: Hi\n\nAssistant: b"\n'
    [row] = load("pairs.csv", content)
    assert {response.text for response in row.responses} == {"a", "b"}


# Parquet


def parquet(tmp_path: Path, columns: dict[str, Any], **options: Any) -> Path:
    path = tmp_path / "pairs.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_parquet_with_lists_of_structs(tmp_path: Path) -> None:
    responses = GOOD["responses"]
    chat = [{"role": "user", "content": "Hi", "name": None}]
    path = parquet(
        tmp_path,
        {
            "id": [1, 2],
            "prompt": [chat, chat],
            "language": ["en", None],
            "responses": [responses, [{"text": "a", "model": None}, {"text": "a"}]],
            "gold": [1.0, None],
            "when": pa.array([0, None], pa.timestamp("s")),
        },
    )
    row, refused = read(path)
    assert (row.line, row.id, row.messages[0].content, row.gold.better) == (1, "1", "Hi", 1)
    assert texts(row) == [("The Nile.", "x"), ("The Oder.", "y")]
    assert row.metadata == {"when": "1970-01-01T00:00:00"}
    assert refused == Refused(2, "responses", "The two answers are the same.")


def test_parquet_with_columns_and_many_row_groups(tmp_path: Path) -> None:
    numbers = range(100)
    path = parquet(
        tmp_path,
        {
            "id": [f"r{n}" for n in numbers],
            "prompt": ["Hi"] * 100,
            "response_a": [f"a{n}" for n in numbers],
            "response_b": ["b" if n != 70 else "\0" for n in numbers],
            "score": [float("nan")] * 100,
        },
        row_group_size=7,
    )
    found = list(read(path))
    assert [row.line for row in found] == [n + 1 for n in numbers]
    assert found[70] == Refused(71, "response_b", "The text contains a NUL character.")
    assert found[99].id == "r99"
    assert found[99].metadata == {}


def test_parquet_text_that_is_not_utf8_and_rows_that_are_too_long(tmp_path: Path) -> None:
    prompts = pa.array([b"Hi", b"\xff", b"Hi " * 400_000, b"Ho"])
    columns = {"id": list("abcd"), "response_a": ["a"] * 4, "response_b": ["b"] * 4}
    for kind in (pa.binary(), pa.string()):
        prompt = pa.Array.from_buffers(kind, 4, prompts.buffers())
        found = list(read(parquet(tmp_path, columns | {"prompt": prompt})))
        assert [type(row) for row in found] == [Row, Refused, Refused, Row]
        assert "text that is not UTF-8" in found[1].reason
        assert "longer than 1,000,000 bytes" in found[2].reason


def test_parquet_with_values_that_have_no_words(tmp_path: Path) -> None:
    columns = {"id": ["a"], "prompt": ["Hi"], "response_a": ["a"], "response_b": ["b"]}
    path = parquet(tmp_path, columns | {"when": pa.array([2**60], pa.timestamp("ms"))})
    [refused] = read(path)
    assert refused.field == "row"


def test_damaged_parquet(tmp_path: Path) -> None:
    columns = {"id": ["a"] * 50, "prompt": ["Hi"] * 50}
    path = parquet(tmp_path, columns)
    whole = path.read_bytes()
    for broken in (whole[:-20], whole[:4] + b"\xff" * 60 + whole[64:], b"PAR1PAR1"):
        path.write_bytes(broken)
        with pytest.raises(Invalid, match="cannot be read"):
            list(read(path))


def test_parquet_that_stores_far_more_rows_than_bytes(tmp_path: Path) -> None:
    zeros = pa.Array.from_buffers(pa.int8(), 11_000_000, [None, pa.py_buffer(bytes(11_000_000))])
    path = parquet(tmp_path, {"id": zeros}, row_group_size=11_000_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(Invalid, match="too large"):
        list(read(path))


def test_parquet_that_unpacks_to_far_more_than_its_size(tmp_path: Path) -> None:
    path = parquet(tmp_path, {"id": ["a" * 9_000_000]}, compression="zstd")
    with pytest.raises(Invalid, match="unpacks to more than 100 times its size"):
        list(read(path))


# Memory

MEASURE = """
import json, sys
from pathlib import Path
from labeler.errors import Invalid
from labeler.work.layouts import Row, read
for name in sys.argv[1:]:
    taken = refused = 0
    try:
        for row in read(Path(name)):
            taken, refused = taken + isinstance(row, Row), refused + (not isinstance(row, Row))
    except Invalid as invalid:
        print(invalid.message)
    print(taken, refused)
status = Path("/proc/self/status").read_text()
print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
"""


def measure(*paths: Path) -> tuple[list[str], int]:
    """Read files in a process of their own; return what it says and its memory's peak in MB."""
    command = [sys.executable, "-c", MEASURE, *map(str, paths)]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root)
    *said, peak = done.stdout.splitlines()
    return said, int(peak)


def prose(random: Random, words: int) -> str:
    return " ".join(f"{random.randrange(10**5):05}" for _ in range(words))


def write_large(path: Path, megabytes: int) -> int:
    """Write about so many megabytes of rows; return how many."""
    random = Random(5)
    ends = [
        json.dumps({"prompt": prose(random, 50), "responses": [
            {"text": prose(random, 150), "model": "x"}, {"text": prose(random, 150), "model": "y"}
        ]})[1:] + "\n"
        for _ in range(300)
    ]  # fmt: skip
    count = megabytes * 10**6 // len(ends[0])
    with path.open("w") as file:
        file.writelines(f'{{"id": "r{n}", {ends[n % 300]}' for n in range(count))
    return count


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells the peak here")
def test_large_and_hostile_files_are_read_in_little_memory(tmp_path: Path) -> None:
    large, line, bomb = (tmp_path / name for name in ("a.jsonl", "b.jsonl", "c.jsonl.gz"))
    cell, shared, vast = (tmp_path / name for name in ("d.csv", "e.parquet", "f.parquet"))
    count = write_large(large, megabytes=150)
    with line.open("wb") as file:
        file.truncate(1_000_000_000)  # one line of a gigabyte
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        file.writelines([bytes(1_000_000)] * 101)
    cell.write_text(CSV + 'r,"' + "word " * 4_000_000 + '",en,a,b,,,,\n' + "r,Hi,en,a,b,,,,\n")
    for path, size in ((shared, 25_000_000), (vast, 70_000_000)):
        write_once(path, Random(1).randbytes(size // 4).hex())
    said, peak = measure(large, line, bomb, cell, shared, vast)
    assert said[:2] == [f"{count} 0", "0 1"]
    assert said[2:4] == ["The file unpacks to more than 100 times its size.", "0 0"]
    assert said[4:6] == ["1 1", "0 200"]
    assert "dictionaries, which are too large" in said[6]
    assert "to_parquet(…, use_dictionary=False)" in said[6]
    assert peak < 300


def write_once(path: Path, text: str) -> None:
    """Write a text once in two columns, and have it stand in 200 rows of both."""
    once = pa.DictionaryArray.from_arrays([0] * 200, [text])
    columns = {"id": once.indices, "prompt": once, "response_a": once, "response_b": ["b"] * 200}
    pq.write_table(pa.table(columns), path, dictionary_pagesize_limit=10**9, compression="zstd")


RELEASED = """
import sys
from pathlib import Path
from tests.exports.test_writing import row, write
from labeler.work.layouts import read
import pyarrow as pa

def held():
    return int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0]) / 1024

folder = Path(sys.argv[1])
answer = [{"role": "assistant", "content": "word " * 1000}]
pair = row(1, chosen=answer)
write(folder / "out", [pair] * 3000)
parquet = next((folder / "out").rglob("*.parquet"))
for _ in read(parquet):
    pass
before = held()
pa.default_memory_pool().release_unused()
print(before - held())
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells the memory here")
def test_what_arrow_took_is_given_back(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RELEASED, str(tmp_path)]
    root = Path(__file__).parents[3]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root)
    assert float(told.stdout) < 2


def test_what_pandas_writes_of_long_answers_is_read(tmp_path: Path) -> None:
    random, path = Random(3), tmp_path / "long.parquet"
    answers = [[{"text": prose(random, 2_200)} for _ in "ab"] for _ in range(1_200)]
    frame = pd.DataFrame({"prompt": "Why?", "responses": answers})
    frame.assign(id=frame.index.astype(str)).to_parquet(path)
    text = pq.ParquetFile(path).metadata.row_group(0).column(1)
    assert text.data_page_offset - text.dictionary_page_offset > 5_000_000
    said, peak = measure(path)
    assert said == ["1200 0"]
    assert peak < 300
