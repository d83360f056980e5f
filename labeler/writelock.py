"""The turn to write to an SQLite file: one writer at a time, in the order in which they came.

SQLite's own busy handler lets late writers overtake early ones for seconds. Threads queue here
instead; other processes (commands beside the server) meet at a lock file.
"""

import fcntl
import os
import threading
import time
from collections import deque
from pathlib import Path

from labeler.errors import Busy

PATIENCE_S = 15.0


class WriteLock:
    """A first-come, first-served lock between threads, and an flock between processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self.start_anew()

    def start_anew(self) -> None:
        """Forget who holds the turn and who waits: in a forked child those are the parent's."""
        if self._file is not None:
            os.close(self._file)
        self._file = None
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    def acquire(self, patience_s: float = PATIENCE_S) -> None:
        """Wait for the turn; raises Busy when it does not come in time."""
        until = time.monotonic() + patience_s
        turn = threading.Event()
        with self._mutex:
            self._waiting.append(turn)
            if self._waiting[0] is turn:
                turn.set()
        try:
            if not turn.wait(patience_s):
                raise Busy("Too many people are saving at once. Please try again in a moment.")
            self._file = self._lock_file(until)
        except BaseException:
            self._leave(turn)
            raise

    def release(self) -> None:
        """Give the turn to whoever waits longest."""
        if self._file is not None:
            # Closing alone would leave it locked while a child forked meanwhile has it open.
            fcntl.flock(self._file, fcntl.LOCK_UN)
            os.close(self._file)
            self._file = None
        self._leave(self._waiting[0])

    def _leave(self, turn: threading.Event) -> None:
        with self._mutex:
            self._waiting.remove(turn)
            if self._waiting:
                self._waiting[0].set()

    def _lock_file(self, until: float) -> int:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return file
            except BlockingIOError:
                if time.monotonic() > until:
                    os.close(file)
                    raise Busy("Another program is writing. Please try again shortly.") from None
                time.sleep(0.002)
