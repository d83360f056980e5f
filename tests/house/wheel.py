"""Builds the wheel, once, from what is in the checkout and without the network."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.house.source import ROOT

LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "labeler-*", "build", "dist")


def build(folder: Path) -> Path:
    """Build the wheel in `folder`, by way of the source archive, and return its path."""
    # From a copy, so that workers that test at the same time do not meet in one build folder.
    source = shutil.copytree(ROOT, folder / "source", ignore=LEFT_OUT)
    shutil.copy(ROOT / ".gitignore", source)
    options = ["--no-build-isolation", "--offline", "--out-dir", str(folder)]
    uv("build", str(source), "--python", sys.executable, *options)
    (wheel,) = folder.glob("labeler-*.whl")
    return wheel


def uv(*arguments: str) -> None:
    """Run uv as `make` does; raise with what it said if it fails."""
    command = [str(ROOT / "deploy" / "uv.sh"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
