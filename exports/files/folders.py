"""Folders that are there whole or not at all, whatever happens while they are written."""

import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labeler.errors import Conflict


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `target`, on disk to stay, when the block ends well.

    If anything fails nothing is left; what a crash leaves is beside the target, under a name that
    begins with a dot. Raises Conflict if there is something at the target.
    """
    target = target.absolute()
    if target.is_symlink() or (target.exists() and not _is_empty(target)):
        raise Conflict(f"There is something at {target} already. Choose another place.")
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = target.parent / f".{target.name}.{secrets.token_hex(4)}"
    folder.mkdir()
    try:
        yield folder
        _keep(folder)
        folder.rename(target)  # over an empty folder too, but never over a full one
        _sync(target.parent)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def once(target: Path) -> Iterator[Path | None]:
    """Yield an empty folder that becomes `target`, or None if that is there already.

    Several may do the same at once: the first one who is done counts, and each of them is whole.
    """
    if target.exists():
        yield None
        return
    folder = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    folder.mkdir()
    try:
        yield folder
        with suppress(OSError):  # somebody else was done before
            folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(target: Path) -> None:
    """Remove what a crash left beside a target. Nobody may be writing there."""
    target = target.absolute()
    for left in target.parent.glob(f".{glob.escape(target.name)}.{'[0-9a-f]' * 8}"):
        shutil.rmtree(left, ignore_errors=True)


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _keep(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
