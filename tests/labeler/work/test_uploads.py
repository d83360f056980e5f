"""Uploads: on disk while they are read, and no longer."""

import io
import os
from pathlib import Path

import pytest

from labeler import clock
from labeler.work import uploads


def test_an_upload_is_a_file_until_it_was_read(tmp_path: Path) -> None:
    with uploads.kept(io.BytesIO(b"{}\n"), tmp_path / "new", ".jsonl") as path:
        assert (path.suffix, path.read_bytes()) == (".jsonl", b"{}\n")
    assert list((tmp_path / "new").iterdir()) == []
    with pytest.raises(ZeroDivisionError), uploads.kept(io.BytesIO(), tmp_path, ".csv") as path:
        _ = 1 / 0
    assert not path.exists()


def test_what_a_killed_process_left_goes_after_a_day(tmp_path: Path) -> None:
    now = clock.now().timestamp()
    for name, hours in (("left.jsonl", 25), ("busy.jsonl", 23)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (now - hours * 3600,) * 2)
    with uploads.kept(io.BytesIO(), tmp_path, ".csv"):
        assert sorted(path.name for path in tmp_path.glob("*.jsonl")) == ["busy.jsonl"]
