"""Who has a long version asks the fixture `soak` for it, or `make soak` does not find it."""

import re

from tests.house.source import ROOT

ASKS = re.compile(r"""["']LABELER_SOAK["']""")


def test_one_reader_of_how_much_time_there_is() -> None:
    paths = sorted((ROOT / "tests").rglob("*.py"))
    asking = [path.relative_to(ROOT) for path in paths if ASKS.search(path.read_text("utf-8"))]
    assert [str(path) for path in asking] == ["tests/conftest.py"]
