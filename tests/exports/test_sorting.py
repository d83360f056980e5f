"""Records come back by key, together, in the order in which they came; nothing stays on disk."""

import hashlib
import json
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from exports.sorting import Sorter

keys = st.integers(0, 30).map(lambda number: hashlib.sha256(bytes([number])).hexdigest())


@given(st.lists(st.tuples(keys, st.text())))
def test_as_if_all_were_sorted_at_once(records: list[tuple[str, str]]) -> None:
    expected = sorted(records, key=lambda record: record[0])
    with TemporaryDirectory() as folder:
        with Sorter(Path(folder) / "sorted") as sorter:
            for key, record in records:
                sorter.add(key, json.dumps(record).encode())
            groups = [[json.loads(record) for record in group] for group in sorter.groups()]
        assert list(Path(folder).iterdir()) == []
    assert groups == [
        [record for _, record in same] for _, same in groupby(expected, key=lambda one: one[0])
    ]
