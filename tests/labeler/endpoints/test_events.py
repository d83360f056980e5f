"""Events: what comes in pieces is read alike, wherever the pieces are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeler.endpoints import events

STREAM = (
    ': alive\r\n\r\nevent: message\nid: 7\ndata: {"é": 1}\n\n\n'
    "data:one\r\ndata:  two\r\n\r\nretry: 5\n\ndata\n\ndata: [DONE]"
).encode()
DATA = ['{"é": 1}', "one\n two", "", "[DONE]"]


@given(st.lists(st.integers(0, len(STREAM))))
def test_where_it_is_cut_is_all_the_same(cuts: list[int]) -> None:
    places = sorted({0, *cuts, len(STREAM)})
    pieces = [STREAM[a:b] for a, b in pairwise(places)]
    assert list(events.read(pieces)) == DATA


def test_nothing_is_no_event() -> None:
    assert list(events.read([])) == []
    assert list(events.read([b"\n\n", b": alive\n\n"])) == []


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        list(events.read([b"data: \xff\n\n"]))
