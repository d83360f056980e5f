"""Archives: a release as one file to download, made while it is sent. The same bytes each time."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from exports.files import manifests
from exports.files.manifests import Manifest

CHUNK = 2**20
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip file can tell."""


def stream(folder: Path, manifest: Manifest, name: str) -> Iterator[bytes]:
    """Yield a zip file of the release, in which everything is inside a folder of this name."""
    sink = _Sink()
    unlisted = [path for path in manifests.UNLISTED if (folder / path).is_file()]
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for path in [*unlisted, *(entry.path for entry in manifest.files)]:
            info = zipfile.ZipInfo(f"{name}/{path}", _EPOCH)
            info.external_attr = 0o644 << 16
            info.file_size = (folder / path).stat().st_size
            with (folder / path).open("rb") as source, archive.open(info, "w") as target:
                while chunk := source.read(CHUNK):
                    target.write(chunk)
                    yield sink.take()
    yield sink.take()


def digest(folder: Path, name: str) -> str:
    """Return what tells archives apart, in hexadecimal: another one has other bytes.

    It follows from the manifest, which holds the hash of every file, and from what is beside it.
    """
    unlisted = (folder / path for path in manifests.UNLISTED if (folder / path).is_file())
    said = (name, *(manifests.digest(path) for path in unlisted))
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


class _Sink(io.RawIOBase):
    """Holds what was written until it is taken; cannot be rewound."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._held += data
        return len(data)

    def take(self) -> bytes:
        held, self._held = bytes(self._held), bytearray()
        return held
