"""Files for training: the same bytes for the same rows, and no trap for those who load them."""

import json
from pathlib import Path
from typing import Any

import pytest

from exports import rows
from exports.formats import dpo
from exports.rows import Row
from labeler.errors import Invalid


def row(number: int, **changes: Any) -> Row:
    given: dict[str, Any] = {
        "prompt": [{"role": "user", "content": f"Question {number}?"}],
        "chosen": [{"role": "assistant", "content": f"Answer {number}."}],
        "rejected": [{"role": "assistant", "content": "No idea."}],
        "pair_id": f"{number:032x}",
        "prompt_id": f"{number:032x}",
        "n_votes": 3,
        "agreement": 1.0,
        "strength": 2.0,
        "chosen_model": "x",
        "rejected_model": "",
        "language": "en",
        "adjudicated": False,
        "annotator_ids": ["a", "b", "c"],
    }
    return given | changes  # type: ignore[return-value]


def write(folder: Path, written: list[Row]) -> dict[Path, int]:
    folder.mkdir()
    with dpo.Writer(folder) as writer:
        for one in written:
            writer.add(json.dumps(one, ensure_ascii=False).encode(), "train")
        return writer.finish()


def test_the_columns_are_the_keys_of_a_row() -> None:
    assert dpo.SCHEMA.names == list(rows.Row.__annotations__) == list(row(1))


def test_numbers_with_a_point_keep_it(tmp_path: Path) -> None:
    """A column of whole numbers would become one of integers, and the next file not fit."""
    (_, lines) = write(tmp_path / "out", [row(1)])
    assert '"n_votes": 3, "agreement": 1.0, "strength": 2.0' in lines.read_text()


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    language = 'বাংলা \u2028 😀 "\\" \r\n\t\x01\x7f'
    written = [row(number, language=language, agreement=2 / 3) for number in range(3)]
    parquet, lines = write(tmp_path / "out", written)
    assert list(dpo.read_parquet(parquet)) == list(dpo.read_lines(lines)) == written


def test_files_are_as_if_written_from_the_rows_themselves(tmp_path: Path) -> None:
    """What they hold byte for byte: rows in order, a thousand of them in each group."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    written = [row(number, strength=number / 3, language="বাংলা") for number in range(2500)]
    parquet, lines = write(tmp_path / "out", written)
    with pq.ParquetWriter(tmp_path / "x.parquet", dpo.SCHEMA, compression="zstd") as file:
        for start in range(0, len(written), 1000):
            some = written[start : start + 1000]
            file.write_batch(pa.RecordBatch.from_pylist(some, schema=dpo.SCHEMA))
    assert parquet.read_bytes() == (tmp_path / "x.parquet").read_bytes()
    texts = [json.dumps(one, ensure_ascii=False) + "\n" for one in written]
    assert lines.read_text("utf-8") == "".join(texts)


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    written = [row(number) for number in range(2500)]
    made = [write(tmp_path / name, written) for name in ("one", "other")]
    assert [path.read_bytes() for path in made[0]] == [path.read_bytes() for path in made[1]]


@pytest.mark.parametrize(
    "changes",
    [
        {"chosen_model": "2026-01-05"},
        {"rejected_model": "2026-01-05T10:00:00Z"},
        {"prompt": [{"role": "user", "content": "2026-01-05 10:00"}]},
        {"annotator_ids": ["2026-01-05"]},
    ],
)
def test_a_column_that_would_be_read_as_times_is_refused(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(Invalid) as refusal:
        write(tmp_path / "out", [row(1, **changes), row(2, **changes)])
    assert list(refusal.value.fields) == list(changes)


def test_a_date_among_other_things_is_fine(tmp_path: Path) -> None:
    write(tmp_path / "out", [row(1, chosen_model="2026-01-05"), row(2)])


def test_another_schema_is_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"prompt": ["Hi"]}), tmp_path / "x.parquet")
    (tmp_path / "y.parquet").write_bytes(b"PAR1 and nothing else")
    for name in ("x", "y"):
        with pytest.raises(Invalid, match=name):
            list(dpo.read_parquet(tmp_path / f"{name}.parquet"))
