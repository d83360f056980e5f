"""The pinned requirements: every one with its hash, none with where to get it."""

import re
import tomllib

import pytest

from tests.house.source import ROOT

FILES = sorted((ROOT / "deploy").glob("requirements*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def pinned(text: str) -> dict[str, str]:
    """Return each requirement's name with its whole entry."""
    entries = re.split(r"\n(?=\S)", text.replace("\\\n", ""))
    named = [(re.match(r"([a-z0-9-]+)==\S+", entry), entry) for entry in entries]
    assert [entry for match, entry in named if not match] == []
    return {match[1]: entry for match, entry in named if match}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_requirement_has_a_hash_and_no_address(path) -> None:
    text = path.read_text("utf-8")
    assert "://" not in text and "index" not in text and "find-links" not in text
    assert [name for name, entry in pinned(text).items() if "--hash=sha256:" not in entry] == []


def test_everything_that_the_project_names_is_pinned() -> None:
    groups = PROJECT["dependency-groups"]
    needs = {
        "requirements.txt": PROJECT["project"]["dependencies"],
        "requirements-dev.txt": groups["dev"] + groups["build"] + groups["uv"],
        "requirements-build.txt": groups["build"],
        "requirements-uv.txt": groups["uv"],
        "requirements-consumers.txt": groups["consumers"],
        "requirements-loaders.txt": groups["loaders"],
    }
    assert {path.name for path in FILES} == set(needs)
    for path in FILES:
        names = {re.split(r"[^A-Za-z0-9-]", need)[0].lower() for need in needs[path.name]}
        assert names - set(pinned(path.read_text("utf-8"))) == set()


def test_the_files_agree_with_each_other() -> None:
    texts = {path.name: pinned(path.read_text("utf-8")) for path in FILES}
    for smaller in ("requirements.txt", "requirements-build.txt", "requirements-uv.txt"):
        for name, entry in texts[smaller].items():
            assert _version(texts["requirements-dev.txt"][name]) == _version(entry)


def _version(entry: str) -> str:
    return entry.split()[0]
