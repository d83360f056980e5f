"""A socket between the application and PostgreSQL, which breaks at a word of one's choice."""

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SOCKET = ".s.PGSQL.5432"
BLOCK = 65536


class Wiretap:
    """Passes everything on until it is to cut a connection."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._open: list[socket.socket] = []
        self._unheard: list[socket.socket] = []
        self.before: bytes | None = None
        """Cut the connection in place of sending the message that holds these words, once."""
        self.after: bytes | None = None
        """Send it, wait until the server has answered, and cut before the answer is told, once."""
        self.silent = False
        """Take new connections, and say nothing on them."""

    def cut(self) -> None:
        """Cut every connection."""
        while self._open:
            with suppress(OSError):
                self._open.pop().shutdown(socket.SHUT_RDWR)
        while self._unheard:
            self._unheard.pop().close()

    def serve(self, listening: socket.socket) -> None:
        """Take connections until nobody listens any more."""
        with suppress(OSError):
            while True:
                ours, _ = listening.accept()
                if self.silent:
                    self._unheard.append(ours)
                    continue
                theirs = socket.socket(socket.AF_UNIX)
                theirs.connect(str(self._server / SOCKET))
                self._open += [ours, theirs]
                for pump in (self._ask, self._tell):
                    threading.Thread(target=pump, args=(ours, theirs), daemon=True).start()

    def _ask(self, ours: socket.socket, theirs: socket.socket) -> None:
        with suppress(OSError), ours, theirs:
            while said := ours.recv(BLOCK):
                if self.before and self.before in said:
                    self.before = None
                    break
                theirs.sendall(said)
            self._hang_up(ours, theirs)

    def _tell(self, ours: socket.socket, theirs: socket.socket) -> None:
        with suppress(OSError):
            while said := theirs.recv(BLOCK):
                if self.after and self.after in said:
                    self.after = None
                    break
                ours.sendall(said)
            self._hang_up(ours, theirs)

    def _hang_up(self, *ends: socket.socket) -> None:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def tapped(server: Path) -> Iterator[tuple[Path, Wiretap]]:
    """Listen in a folder of its own for the server whose socket is in `server`."""
    with (
        tempfile.TemporaryDirectory(prefix="labeler-tap-", dir="/tmp") as folder,
        socket.socket(socket.AF_UNIX) as listening,
    ):
        listening.bind(str(Path(folder) / SOCKET))
        listening.listen()
        tap = Wiretap(server)
        thread = threading.Thread(target=tap.serve, args=(listening,))
        thread.start()
        try:
            yield Path(folder), tap
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            tap.cut()
            thread.join()
