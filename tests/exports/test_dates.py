"""Dates: which texts loaders take for moments, and names that they do not."""

import pytest

from exports.choosing import dates


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        ("2026-11-23", '"2026-11-23"'),
        ("2026-11-23 10:00", '"2026-11-23 10:00"'),
        ("2026-11-23T10:00:00.5+02:00", '"2026-11-23T10:00:00.5+02:00"'),
        ("pairs", "pairs"),
        ("2026-11", "2026-11"),
        ("2026-11-23.jsonl", "2026-11-23.jsonl"),
        ("২০২৬-১১-২৩", "২০২৬-১১-২৩"),
    ],
)
def test_a_name_like_a_date_is_put_in_quotes(name: str, marked: str) -> None:
    assert dates.marked(name) == marked
    assert not dates.is_one(dates.marked(name))
