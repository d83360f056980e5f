"""The page about fair work names tests that exist, and every row names one or says that none is."""

import ast
import re

import pytest

from tests.house.source import ROOT

TEXT = (ROOT / "docs" / "fair-work.md").read_text("utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@pytest.mark.parametrize("path", sorted({path for path, _ in NAMED.findall(TEXT)}))
def test_every_test_that_is_named_exists(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert {name for named, name in NAMED.findall(TEXT) if named == path} <= there


def test_every_row_names_a_test_or_says_that_there_is_none() -> None:
    tables = re.findall(
        r"\| asked by \| what \| feature \| test \|\n\|---.*?\n(.*?)\n\n", TEXT, re.S
    )
    rows = "\n".join(tables).splitlines()
    assert len(rows) > 15
    assert [row for row in rows if not NAMED.search(row) and "**no evidence**" not in row] == []
