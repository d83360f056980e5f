"""The page about durability names tests that exist, and every promise names one."""

import ast
import re

import pytest

from tests.house.source import ROOT

TEXT = (ROOT / "docs" / "durability.md").read_text("utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@pytest.mark.parametrize(("path", "name"), NAMED.findall(TEXT))
def test_every_test_that_is_named_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_promise_names_a_test() -> None:
    _, table = TEXT.split("| promise | test |\n|---|---|\n")
    rows = table.split("\n\n")[0].splitlines()
    assert len(rows) > 10
    assert [row for row in rows if not NAMED.search(row)] == []
