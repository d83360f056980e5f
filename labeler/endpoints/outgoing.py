"""The one way out: no other module opens a connection to anywhere but the database.

A connection is made only to a host on the list, only to addresses that may be called, and to the
very address that was checked: the name is resolved once. Certificates are checked against the
name. No answer sends a call elsewhere, no variable of the environment does, and the only headers
that leave are those that are named here and those of the caller. What is read is bounded, in bytes
and in time. Whatever goes wrong is a `Failed`, in words.
"""

import os
import socket
import ssl
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import httpcore2

from labeler.endpoints import hosts
from labeler.endpoints.faults import Code, Failed, ours
from labeler.endpoints.hosts import Target

CONNECT_S = 10.0
MOST_BYTES = 32 * 2**20
"""More than the longest answer, as a stream of tokens with all that servers say beside each."""
HEADERS = {
    "accept": "text/event-stream, application/json",
    "accept-encoding": "identity",
    "content-type": "application/json",
    "user-agent": "labeler",
}


class Leave(NamedTuple):
    """What a call may do."""

    hosts: Collection[str]
    on_premises: bool
    silence_s: float
    longest_s: float


class Arriving(NamedTuple):
    """What a server answers, while it does; `headers` are named in small letters."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


@contextmanager
def posted(
    leave: Leave, target: Target, headers: Mapping[str, str], body: bytes
) -> Iterator[Arriving]:
    """Send a body of JSON and lend what comes back, as it comes; raises Failed."""
    if target.scheme not in hosts.PORTS or not _is_allowed(leave, target.host, target.port):
        raise ours(Code.not_allowed, host=hosts.written(target.host, target.port))
    until = time.monotonic() + leave.longest_s
    silence = dict.fromkeys(("read", "write", "pool"), leave.silence_s)
    pool = httpcore2.ConnectionPool(
        ssl_context=_certificates() if target.scheme == "https" else None,
        network_backend=_Door(leave, target.scheme, until),
    )
    asked = httpcore2.Request(
        "POST",
        httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path),
        headers=_sent(target, headers, body),
        content=body,
        extensions={"timeout": {**silence, "connect": min(CONNECT_S, leave.silence_s)}},
    )
    with pool:
        with _in_words(leave, until):
            answer = pool.handle_request(asked)
        yield _arriving(answer, leave, until)


def _is_allowed(leave: Leave, host: str, port: int) -> bool:
    return hosts.allows(leave.hosts, host, port)


def _sent(target: Target, headers: Mapping[str, str], body: bytes) -> list[tuple[str, str]]:
    name = f"[{target.host}]" if ":" in target.host else target.host
    is_usual = hosts.PORTS[target.scheme] == target.port
    host = name if is_usual else f"{name}:{target.port}"
    own = {"host": host, "content-length": str(len(body))}
    return list({**own, **HEADERS, **headers}.items())


def _arriving(answer: httpcore2.Response, leave: Leave, until: float) -> Arriving:
    headers = {n.decode("latin-1").lower(): v.decode("latin-1") for n, v in answer.headers}
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise ours(Code.encoded, status=answer.status)
    return Arriving(answer.status, headers, _chunks(answer, leave, until))


def _chunks(answer: httpcore2.Response, leave: Leave, until: float) -> Iterator[bytes]:
    with _in_words(leave, until):
        yield from answer.iter_stream()


@contextmanager
def _in_words(leave: Leave, until: float) -> Iterator[None]:
    """Say in words what went wrong with a connection that had been made."""
    try:
        yield
    except httpcore2.TimeoutException:
        if time.monotonic() >= until:
            raise ours(Code.too_slow, seconds=_figure(leave.longest_s)) from None
        raise ours(Code.silent, seconds=_figure(leave.silence_s)) from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        raise ours(Code.cut, raw=str(error)) from None


class _Door(httpcore2.NetworkBackend):
    """Makes connections, after it looked where they lead."""

    def __init__(self, leave: Leave, scheme: str, until: float) -> None:
        self._leave, self._scheme, self._until = leave, scheme, until

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        if not _is_allowed(self._leave, host, port):
            raise ours(Code.not_allowed, host=hosts.written(host, port))
        addresses = self._checked(host, port)
        stream = _connected(host, addresses, port, timeout or CONNECT_S)
        return _Bounded(stream, self._until, host)

    def _checked(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host, in turn; all of them may be called."""
        found = _resolved(host, port)
        for address in found:
            if not hosts.may_be_called(address, on_premises=self._leave.on_premises):
                raise ours(Code.private, host=host, address=address)
            if self._scheme != "https" and not hosts.is_own(address):
                raise ours(Code.not_https, host=host)
        return found


class _Bounded(httpcore2.NetworkStream):
    """A connection that is read for so long and so much, and no more."""

    def __init__(self, stream: httpcore2.NetworkStream, until: float, host: str) -> None:
        self._stream, self._until, self._host, self._read = stream, until, host, 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        got = self._stream.read(max_bytes, self._left(timeout))
        self._read += len(got)
        if self._read > MOST_BYTES:
            raise ours(Code.too_large)
        return got

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout))

    def _left(self, timeout: float | None) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left if timeout is None else min(left, timeout)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, self._left(timeout))
        except httpcore2.ConnectError as error:
            distrusted = isinstance(error.__cause__, ssl.SSLCertVerificationError)
            code = Code.tls if distrusted else Code.no_tls
            raise ours(code, host=self._host, reason=_reason(error)) from None
        return _Bounded(stream, self._until, self._host)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()


def _resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host, as the system finds them; raises Failed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        away = error.errno == socket.EAI_AGAIN
        raise ours(Code.names_away if away else Code.no_such_host, host=host) from None
    except (OSError, UnicodeError):
        raise ours(Code.no_such_host, host=host) from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _connected(
    host: str, addresses: Iterable[str], port: int, timeout: float
) -> httpcore2.NetworkStream:
    """Return a connection to the first of the addresses that takes one; raises Failed."""
    failed = ours(Code.no_such_host, host=host)
    for address in addresses:
        try:
            return httpcore2.SyncBackend().connect_tcp(address, port, timeout, socket_options=())
        except httpcore2.ConnectTimeout:
            failed = ours(Code.unreachable, host=host, reason=f"{_figure(timeout)} s")
        except httpcore2.ConnectError as error:
            failed = _unmade(host, error)
    raise failed


def _unmade(host: str, error: httpcore2.ConnectError) -> Failed:
    if isinstance(error.__cause__, ConnectionRefusedError):
        return ours(Code.refused_connection, host=host)
    return ours(Code.unreachable, host=host, reason=_reason(error))


def _reason(error: Exception) -> str:
    cause = error.__cause__
    words = getattr(cause, "verify_message", "") or getattr(cause, "strerror", "")
    return str(words or cause or error)


def _certificates() -> ssl.SSLContext:
    """Return whom to trust: what the system trusts, or the authority that an operator names."""
    return _trusted(tuple(os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")))


@lru_cache(maxsize=1)
def _trusted(_named: tuple[str | None, ...]) -> ssl.SSLContext:
    """Read the authorities, which takes a moment, so once."""
    return httpcore2.default_ssl_context()


def _figure(seconds: float) -> str:
    return f"{seconds:g}"
