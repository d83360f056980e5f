"""Small disks: a tmpfs that can be filled up and given more room, where the system allows it."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MIB = 2**20


@dataclass(frozen=True)
class Volume:
    """A disk of its own; what is on it is gone with it."""

    path: Path

    def leave(self, room: int) -> None:
        """Make the disk as large as what is on it and so many bytes more."""
        _mount("-o", f"remount,size={shutil.disk_usage(self.path).used + room}", self.path)


@contextmanager
def mounted() -> Iterator[Volume]:
    """Mount a disk that anybody may use; skips the test where that is not allowed."""
    with tempfile.TemporaryDirectory(prefix="labeler-disk-", dir="/tmp") as folder:
        path = Path(folder) / "disk"
        path.mkdir()
        Path(folder).chmod(0o755)
        try:
            _mount("-t", "tmpfs", "-o", f"size={256 * MIB},mode=1777", "labeler-test", path)
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"To fill up a disk takes the right to mount one: {error}")
        try:
            yield Volume(path)
        finally:
            subprocess.run(["umount", "--lazy", path], check=True)


def _mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)
