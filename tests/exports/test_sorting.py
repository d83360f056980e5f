"""Records come back by key, together, in the order of cabinets and in which they came."""

import hashlib
import json
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from exports.files import sorting
from exports.files.sorting import Cabinet

keys = st.integers(0, 30).map(lambda number: hashlib.sha256(bytes([number])).hexdigest())
records = st.lists(st.tuples(keys, st.text()))


@given(records, records)
def test_as_if_all_were_sorted_at_once(
    first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    expected = sorted(first + second, key=lambda record: record[0])
    with TemporaryDirectory() as folder:
        places = [Path(folder) / name for name in ("first", "second")]
        for place, some in zip(places, (first, second), strict=True):
            with Cabinet(place) as cabinet:
                for key, record in some:
                    cabinet.add(key, json.dumps([key, record]).encode())
        groups = [
            [tuple(json.loads(found.record)) for found in group] for group in sorting.groups(places)
        ]
        halves = [*sorting.groups(places, range(128)), *sorting.groups(places, range(128, 256))]
        assert halves == list(sorting.groups(places))
    assert groups == [list(same) for _, same in groupby(expected, key=lambda one: one[0])]
