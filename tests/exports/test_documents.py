"""The description of the format names every column, reason and rule, and nothing else."""

import re
import tomllib
from pathlib import Path
from typing import get_type_hints

import pytest

from exports import formats
from exports.choosing import criteria
from exports.choosing.criteria import FORMATS, Criteria
from exports.choosing.pairs import Reason
from exports.choosing.records import JudgmentEntry, Rating, Record, SkipEntry
from exports.choosing.texts import Answer
from exports.files import manifests

TEXT = (Path(__file__).parents[2] / "docs" / "release-format.md").read_text("utf-8")


def section(heading: str) -> str:
    """Return what stands below a heading, up to the next one."""
    return re.split(r"\n##+ ", TEXT.split(f"# {heading}\n")[1])[0]


def tables(heading: str) -> list[list[str]]:
    """Return the names in the first column of each table below a heading."""
    found = []
    for table in section(heading).split("\n\n"):
        rows = [line for line in table.splitlines() if line.startswith("| `")]
        if rows:
            cells = (line.split("|")[1] for line in rows)
            found.append([name for cell in cells for name in re.findall(r"`(\w+)`", cell)])
    return found


def test_every_column_of_the_record() -> None:
    assert tables("comparisons") == [
        list(get_type_hints(Record)),
        list(get_type_hints(JudgmentEntry)),
    ]
    for parts in (Answer, Rating, SkipEntry):
        named = ", ".join(f"`{name}`" for name in get_type_hints(parts))
        assert f"{{{named}}}" in section("comparisons")


@pytest.mark.parametrize("name", sorted({*formats.IN_PARQUET} - {"comparisons"}))
def test_every_column_of_every_format(name: str) -> None:
    *_, listed = section(name).strip().splitlines()
    assert re.findall(r"`(\w+)`", listed) == list(formats.MODULES[name].SCHEMA)
    shared = {each for table in tables("Columns that formats share") for each in table}
    told = set(re.findall(r"`(\w+)`", section(name).replace(listed, "")))
    assert {*formats.MODULES[name].SCHEMA} <= shared | told


def test_every_format() -> None:
    (others,) = tables("For other programs")
    listed = re.findall(r"^##+ (\w+)$", TEXT, re.M)
    assert [name for name in listed if name in FORMATS] + others == list(FORMATS)


def test_every_reason_in_the_order_that_is_asked() -> None:
    assert tables("Which judgments count") == [[reason.value for reason in Reason]]


def test_every_rule_with_what_it_is_when_it_is_left_out() -> None:
    assert tables("Rules") == [list(Criteria.model_fields)]
    told = [line.split("|") for line in section("Rules").splitlines() if line.startswith("| `")]
    written = tomllib.loads(criteria.toml(Criteria()))
    for _, names, default, *_ in told:
        for name in re.findall(r"`(\w+)`", names):
            value = re.findall(r"`(.+)`", default)
            assert (tomllib.loads(f"x = {value[0]}")["x"] if value else None) == written.get(name)


def test_its_example_is_one(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(TEXT.split("```toml\n")[1].split("```")[0])
    assert criteria.read(criteria.read_toml(tmp_path / "rules.toml")).languages == ("sw", "bn")


def test_its_name() -> None:
    assert f"`{manifests.FORMAT}`" in TEXT
