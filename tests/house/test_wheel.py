"""The built wheel carries everything that labeler needs when there is no checkout beside it."""

from configparser import ConfigParser
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.house.source import PACKAGES, ROOT
from tests.house.wheel import build


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    return ZipFile(build(tmp_path_factory.mktemp("wheel")))


def test_every_file_of_both_packages_is_in_it(wheel: ZipFile) -> None:
    files = {name for package in PACKAGES for name in _files(ROOT / package)}
    assert {Path(name).suffix for name in files} >= {
        ".py",
        ".html",
        ".css",
        ".js",
        ".json",
        ".jsonl",
    }
    assert files - set(wheel.namelist()) == set()


def test_what_lies_beside_the_packages_moved_into_labeler(wheel: ZipFile) -> None:
    migrations = {f"labeler/{name}" for name in _files(ROOT / "migrations")}
    assert "labeler/migrations/env.py" in migrations
    assert migrations | {"labeler/wsgi.py"} <= set(wheel.namelist())


def test_nothing_else_is_in_it(wheel: ZipFile) -> None:
    roots = {name.split("/")[0] for name in wheel.namelist()}
    assert {root for root in roots if not root.endswith(".dist-info")} == set(PACKAGES)
    assert [name for name in wheel.namelist() if name.endswith((".pyc", ".db", ".po~"))] == []


def test_its_metadata_names_the_command_and_carries_the_licence(wheel: ZipFile) -> None:
    parser = ConfigParser()
    parser.read_string(_read(wheel, "entry_points.txt"))
    assert parser["console_scripts"]["labeler"] == "labeler.cli:main"
    assert parser["labeler.commands"]["release"] == "exports.cli:release"
    assert "License-Expression: Apache-2.0" in _read(wheel, "METADATA")
    assert "Apache License" in _read(wheel, "licenses/LICENSE")


def _files(folder: Path) -> set[str]:
    paths = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return {path.relative_to(ROOT).as_posix() for path in paths}


def _read(wheel: ZipFile, name: str) -> str:
    (found,) = [n for n in wheel.namelist() if n.endswith(f".dist-info/{name}")]
    return wheel.read(found).decode()
