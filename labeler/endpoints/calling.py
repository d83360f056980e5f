"""Calling: calls that are due are taken, made while no transaction is open, and written down.

One caller takes; a thread for each call waits for its answer. So an endpoint that is slow holds up
nobody else, as long as it cannot have all the threads.
"""

import logging
import os
import socket
import threading
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from labeler.endpoints import client, keys, taking
from labeler.endpoints.calls import Messages
from labeler.endpoints.client import Reply
from labeler.endpoints.faults import OURS, Failed, Fault
from labeler.endpoints.profiles import Profile, Sampling
from labeler.endpoints.taking import Taken
from labeler.errors import Busy, Invalid
from labeler.jobs import Write
from labeler.said import say
from labeler.schema import Reading

MOST = 64
"""How many calls one caller makes at once."""
MOST_OF_LINE = 16
"""How many of those lead to one endpoint."""
LOOK_S = 0.25
"""Between two looks at whether a call is due: somebody may wait for a chat."""
BEAT_S = 5.0
"""How often it is said that somebody is at the calls."""
GRACE_S = 5.0
"""How long a caller that is stopped waits for answers that are paid for already."""
PAUSE_S = 1.0
"""How long a caller waits when the database is away."""
_BUG = say("Something went wrong that should not have. Whoever runs this site finds it in its log.")
_QUESTION = [{"role": "user", "content": "Please answer with one word: are you there?"}]
_log = logging.getLogger(__name__)

Outcome = Reply | Fault


@dataclass(frozen=True)
class Place:
    """What a caller may use: the database to read and to write, and the hosts it may call."""

    reading: Reading
    write: Write
    hosts: Collection[str]


class Caller:
    """Makes calls until it is told to stop, or there have been none for a while."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._lock = threading.Lock()
        self._under_way: dict[int, Taken] = {}
        self._wake = threading.Event()
        self._is_over = threading.Event()
        self._last = time.monotonic()

    def run(self, linger_s: float | None, is_wanted: Callable[[], bool] = lambda: True) -> None:
        """Make what is due; end when nothing has been for so long, or when nobody wants it.

        Whatever ends it, what is still under way is given back.
        """
        threading.Thread(target=self._beat, daemon=True).start()
        try:
            while is_wanted() and (linger_s is None or self._is_busy(linger_s)):
                if not self._begin_all():
                    self._wake.wait(LOOK_S)
                    self._wake.clear()
        finally:
            self._end()

    def _is_busy(self, linger_s: float) -> bool:
        lingers = time.monotonic() - self._last < linger_s
        return bool(self._under_way) or lingers or self._is_due()

    def _is_due(self) -> bool:
        try:
            with self._place.reading() as session:
                return taking.due(session)
        except (Busy, DBAPIError) as error:
            _log.warning("the calls that wait cannot be seen: %s", error)
            time.sleep(PAUSE_S)
            return True

    def _begin_all(self) -> bool:
        """Begin all calls that can be begun; tell whether there were any."""
        begun = False
        while len(self._under_way) < MOST and self._is_due() and (taken := self._take()):
            with self._lock:
                self._under_way[taken.call_id] = taken
            name = f"call {taken.call_id}"
            threading.Thread(target=self._make, args=(taken,), name=name, daemon=True).start()
            begun = True
        return begun

    def _take(self) -> Taken | None:
        with self._lock:
            busy = Counter(taken.line for taken in self._under_way.values())
        full = [line for line, calls in busy.items() if calls >= MOST_OF_LINE]
        try:
            return self._place.write(lambda session: taking.take(session, self.name, full))
        except (Busy, DBAPIError) as error:
            _log.warning("no call could be taken: %s", error)
            time.sleep(PAUSE_S)
            return None

    def _make(self, taken: Taken) -> None:
        try:
            self._keep(taken, self._outcome(taken))
        finally:
            with self._lock:
                self._under_way.pop(taken.call_id, None)
            self._last = time.monotonic()
            self._wake.set()

    def _outcome(self, taken: Taken) -> Outcome:
        """Make the call: return its answer, or what went wrong. No transaction is open."""
        try:
            return _asked(taken.profile, self._place.hosts, taken.messages, taken.sampling)
        except Exception as error:  # its words may hold anything, so only its kind is told
            _tell(error, taken)
            return _ours("bug", _BUG)

    def _keep(self, taken: Taken, outcome: Outcome) -> None:
        """Write down what came of a call, however long the database is away: it is paid for.

        When this caller is over, once more at most: the call has been given back by then.
        """
        while True:
            try:
                self._place.write(_end_of(taken, outcome))
                return
            except (Busy, OperationalError, InterfaceError) as error:
                _log.warning("the end of call %s cannot be kept yet: %s", taken.call_id, error)
                if self._is_over.wait(PAUSE_S):
                    return
            except Exception as error:
                _tell(error, taken)
                if isinstance(outcome, Fault):
                    return  # it is taken up again when it has been silent
                outcome = _ours("bug", _BUG)

    def _beat(self) -> None:
        while not self._is_over.wait(BEAT_S):
            with self._lock:
                ids = list(self._under_way)
            try:
                if ids:
                    self._place.write(partial(taking.beat, by=self.name, call_ids=ids))
            except Exception as error:  # a database that is away for a while
                _log.warning("nobody could be told of the calls under way: %s", error)

    def _end(self) -> None:
        """Give what is under way a moment to end, and give back the rest."""
        until = time.monotonic() + GRACE_S
        try:
            while self._under_way and time.monotonic() < until:
                time.sleep(LOOK_S)
        finally:
            self._is_over.set()
            with suppress(Busy, DBAPIError):  # without it they are taken up after a silence
                self._place.write(lambda session: taking.lay_down(session, self.name))


def tried(profile: Profile, hosts: Collection[str]) -> Outcome:
    """Ask an endpoint one short question; return its answer, or what went wrong."""
    return _asked(profile, hosts, _QUESTION, None)


def _asked(
    profile: Profile, hosts: Collection[str], messages: Messages, sampling: Sampling | None
) -> Outcome:
    try:
        key = keys.read(profile)
        return client.ask(profile, key, messages, hosts=hosts, sampling=sampling)
    except Failed as failed:
        return failed.fault
    except Invalid as refusal:
        return _ours("key", refusal.message)


def _end_of(taken: Taken, outcome: Outcome) -> Callable[[Session], bool]:
    if isinstance(outcome, Fault):
        return lambda session: taking.fail(session, taken, outcome)
    return lambda session: taking.finish(session, taken, outcome)


def _ours(code: str, message: str) -> Fault:
    return Fault(status=None, code=code, type=OURS, message=message, retryable=False)


def _tell(error: Exception, taken: Taken) -> None:
    """Put a bug into the log without its words, which may hold anything: a key, a text."""
    trace = "".join(traceback.format_tb(error.__traceback__))
    _log.error("call %s ended by a %s:\n%s", taken.call_id, type(error).__name__, trace)
