"""Vendored files are the ones that were recorded, and carry their licences."""

import hashlib
import tomllib
from pathlib import Path

VENDOR = Path(__file__).parents[2] / "labeler" / "static" / "vendor"
RECORDS = tomllib.loads((VENDOR / "VENDOR.toml").read_text("utf-8"))["file"]


def test_every_file_has_the_recorded_hash() -> None:
    found = {
        r["file"]: hashlib.sha256((VENDOR / r["file"]).read_bytes()).hexdigest() for r in RECORDS
    }
    assert found == {record["file"]: record["sha256"] for record in RECORDS}


def test_every_file_names_its_version_and_carries_its_licence() -> None:
    for record in RECORDS:
        assert record["name"] and record["version"] and record["licence"]
        assert len((VENDOR / record["licence_file"]).read_text("utf-8")) > 500


def test_nothing_lies_there_unrecorded() -> None:
    recorded = {record[key] for record in RECORDS for key in ("file", "licence_file")}
    assert {path.name for path in VENDOR.iterdir()} == recorded | {"VENDOR.toml"}
