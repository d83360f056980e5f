"""Files for training: the same bytes for the same rows, and no trap for those who load them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from exports import formats
from exports.choosing.criteria import FORMATS
from exports.files import writing
from exports.files.tallies import Written
from exports.files.writing import Writers
from exports.formats import comparisons, dpo
from exports.formats.columns import RESERVED, Columns, Row
from labeler.errors import Invalid
from tests.exports.made import record, rows, told


def row(number: int, **changes: Any) -> Row:
    given: dict[str, Any] = {
        "prompt": [{"role": "user", "content": f"Question {number}?"}],
        "chosen": [{"role": "assistant", "content": f"Answer {number}."}],
        "rejected": [{"role": "assistant", "content": "No idea."}],
        "pair_id": f"{number:032x}",
        "prompt_id": f"{number:032x}",
        "language": "en",
        "n_votes": 3,
        "agreement": 1.0,
        "adjudicated": False,
        "strength": 2.0,
        "posterior": 0.9,
        "weight": 1.0,
        "chosen_model": "x",
        "rejected_model": "",
        "annotator_ids": ["a", "b", "c"],
    }
    return given | changes


def write(
    folder: Path, written: Sequence[Row], name: str = "dpo", schema: Columns | None = dpo.SCHEMA
) -> list[Path]:
    """Write rows for training and return the files: Parquet, if there are any, and lines."""
    folder.mkdir()
    with Writers(folder, {name: schema}) as writers:
        for one in written:
            writers.add(name, one, "train")
        made = writers.finish()
    writing.require_no_dates(made)
    assert [(one.name, one.split, one.rows) for one in made] == [(name, "train", len(written))]
    return sorted(folder.iterdir(), reverse=True)


def test_every_format_is_there_and_has_columns_of_fixed_types() -> None:
    assert tuple(formats.MODULES) == FORMATS
    for name in formats.IN_PARQUET:
        columns = formats.MODULES[name].SCHEMA
        assert writing.arrow(columns).names == list(columns)
    assert {*formats.MODULES} - {*formats.WITH_ROWS} == {"axolotl", "openrlhf"}
    assert {*formats.WITH_ROWS} - {*formats.IN_PARQUET} == {"openai", "llamafactory", "nemo"}


def test_no_name_is_one_that_trainers_give_another_meaning() -> None:
    """`margin`, `label` and `completion` are there where the trainers' own meaning is meant."""
    taken = {
        name: RESERVED & {*formats.MODULES[name].SCHEMA}
        for name in formats.IN_PARQUET
        if RESERVED & {*formats.MODULES[name].SCHEMA}
    }
    assert taken == {
        "reward": {"margin"},
        "kto": {"completion", "label"},
        "sft": {"completion"},
        "criteria": {"margin"},
    }


def test_the_columns_are_the_keys_of_a_row() -> None:
    assert list(dpo.SCHEMA) == list(row(1)) == list(rows("dpo", told("0+1"))[0])


def test_numbers_with_a_point_keep_it(tmp_path: Path) -> None:
    """A column of whole numbers would become one of integers, and the next file not fit."""
    (_, lines) = write(tmp_path / "out", [row(1)])
    assert '"n_votes":3,"agreement":1.0,"adjudicated":false,"strength":2.0' in lines.read_text()


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    language = 'বাংলা \u2028 😀 "\\" \r\n\t\x01\x7f'
    written = [row(number, language=language, agreement=2 / 3) for number in range(3)]
    parquet, lines = write(tmp_path / "out", written)
    assert list(writing.read_parquet(parquet, dpo.SCHEMA)) == written
    assert list(writing.read_lines(lines)) == written


def test_files_are_as_if_written_from_the_rows_themselves(tmp_path: Path) -> None:
    """What they hold byte for byte: rows in order, a thousand of them in each group."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    written = [row(number, strength=number / 3, language="বাংলা") for number in range(2500)]
    parquet, lines = write(tmp_path / "out", written)
    schema = writing.arrow(dpo.SCHEMA)
    with pq.ParquetWriter(tmp_path / "x.parquet", schema, compression="zstd") as file:
        for start in range(0, len(written), 1000):
            some = written[start : start + 1000]
            file.write_batch(pa.RecordBatch.from_pylist(some, schema=schema))
    assert parquet.read_bytes() == (tmp_path / "x.parquet").read_bytes()
    texts = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in written]
    assert lines.read_text("utf-8") == "\n".join([*texts, ""])


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    written = [row(number) for number in range(2500)]
    made = [write(tmp_path / name, written) for name in ("one", "other")]
    assert [path.read_bytes() for path in made[0]] == [path.read_bytes() for path in made[1]]


@pytest.mark.parametrize(
    "changes",
    [
        {"chosen_model": "2026-01-05"},
        {"rejected_model": "2026-01-05T10:00:00Z"},
        {"language": "2026-01-05 10:00:00.123+02:00"},
        {"annotator_ids": ["2026-01-05"]},
    ],
)
def test_a_column_that_would_be_read_as_times_is_refused(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(Invalid) as refusal:
        write(tmp_path / "out", [row(1, **changes), row(2, **changes)])
    assert list(refusal.value.fields) == list(changes)


def test_a_column_within_a_column_is_one_by_itself(tmp_path: Path) -> None:
    """That of the roles is none of dates, and that of what was said beside it is one."""
    asked = {"prompt": [{"role": "user", "content": "2026-01-05 10:00"}]}
    with pytest.raises(Invalid) as refusal:
        write(tmp_path / "out", [row(1, **asked), row(2, **asked)])
    assert list(refusal.value.fields) == ["prompt.content"]
    deep = {**record(told("0+1", "0+1"))}
    deep["judgments"] = [{**one, "annotator": "2026-01-05"} for one in deep["judgments"]]
    with pytest.raises(Invalid) as refusal:
        write(tmp_path / "deep", [deep], "comparisons", comparisons.SCHEMA)
    assert list(refusal.value.fields) == ["judgments.annotator"]


def test_formats_without_a_schema_are_lines_alone(tmp_path: Path) -> None:
    (lines,) = write(tmp_path / "out", [{"any": [1, {"thing": None}]}], "openai", None)
    assert list(writing.read_lines(lines)) == [{"any": [1, {"thing": None}]}]


def test_a_column_of_dates_in_one_shard_is_none_if_another_shard_has_other_texts() -> None:
    dates = Written("dpo", "train", 1, {"chosen_model": "2026-01-05"}, ["language"])
    others = Written("dpo", "train", 1, {}, ["chosen_model", "language"])
    writing.require_no_dates([dates, others])
    elsewhere = others._replace(split="test")
    with pytest.raises(Invalid, match="train rows of dpo every chosen_model"):
        writing.require_no_dates([dates, elsewhere])


def test_a_line_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"a": 1}\n{"a": \n')
    with pytest.raises(Invalid, match="line 2 is not JSON"):
        list(writing.read_lines(tmp_path / "x.jsonl"))


def test_a_date_among_other_things_is_fine(tmp_path: Path) -> None:
    write(tmp_path / "out", [row(1, chosen_model="2026-01-05"), row(2)])


def test_another_schema_is_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"prompt": ["Hi"]}), tmp_path / "x.parquet")
    (tmp_path / "y.parquet").write_bytes(b"PAR1 and nothing else")
    for name in ("x", "y"):
        with pytest.raises(Invalid, match=name):
            list(writing.read_parquet(tmp_path / f"{name}.parquet", dpo.SCHEMA))
