"""Events: what a server sends in pieces (text/event-stream), read as it comes. Pure.

Only the data of events is read; names, numbers and comments that keep a connection open are not.
"""

from collections.abc import Iterable, Iterator


def read(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the data of each event; raises ValueError for what is not UTF-8.

    An event ends with an empty line, and the last one with the stream.
    """
    data: list[str] = []
    for line in _lines(chunks):
        name, _, value = line.partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []
    if data:
        yield "\n".join(data)


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield whole lines; what a line is made of is joined once, however small its pieces are."""
    pieces: list[bytes] = []
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        pieces.append(first)
        for other in others:
            yield b"".join(pieces).decode().removesuffix("\r")
            pieces = [other]
    yield b"".join(pieces).decode().removesuffix("\r")
