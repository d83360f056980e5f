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
import httpx2

from labeler.endpoints import hosts
from labeler.endpoints.faults import Code, Failed, ours

CONNECT_S = 10.0
MOST_BYTES = 32 * 2**20
"""More than the longest answer, as a stream of tokens with all that servers say beside each."""
OWN_HEADERS = ("host", "content-length", "content-type", "accept", "transfer-encoding")
"""What a request keeps of the headers that a library gave it."""
HEADERS = {"accept-encoding": "identity", "user-agent": "labeler"}


class Leave(NamedTuple):
    """What a call may do."""

    hosts: Collection[str]
    on_premises: bool
    silence_s: float
    longest_s: float


def client(leave: Leave, headers: Mapping[str, str]) -> httpx2.Client:
    """Return a client for one call, which sends these headers; close it."""
    timeout = httpx2.Timeout(leave.silence_s, connect=min(CONNECT_S, leave.silence_s))
    return httpx2.Client(
        transport=_Transport(leave, headers),
        timeout=timeout,
        trust_env=False,
        follow_redirects=False,
    )


class _Transport(httpx2.BaseTransport):
    """Sends requests by connections that are checked when they are made."""

    def __init__(self, leave: Leave, headers: Mapping[str, str]) -> None:
        self._leave, self._headers = leave, {**HEADERS, **headers}
        self._until = time.monotonic() + leave.longest_s
        self._pool: httpcore2.ConnectionPool | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        if url.scheme not in hosts.PORTS:
            raise ours(Code.not_allowed, host=f"{url.scheme}://{url.host}")
        door = _Door(self._leave, url.scheme, self._until)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=_certificates() if url.scheme == "https" else None,
            max_connections=1,
            network_backend=door,
        )
        asked = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=self._sent(request),
            content=request.stream,
            extensions=request.extensions,
        )
        with self._in_words():
            answer = self._pool.handle_request(asked)
        return self._received(answer)

    def _sent(self, request: httpx2.Request) -> list[tuple[bytes, bytes]]:
        kept = [(n, v) for n, v in request.headers.raw if n.decode().lower() in OWN_HEADERS]
        return kept + [(n.encode(), v.encode()) for n, v in self._headers.items()]

    def _received(self, answer: httpcore2.Response) -> httpx2.Response:
        received = httpx2.Response(
            answer.status,
            headers=answer.headers,
            stream=_Stream(self, answer),
            extensions=answer.extensions,
        )
        if received.headers.get("content-encoding", "identity").lower() != "identity":
            raise ours(Code.encoded, status=answer.status)
        return received

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Say in words what went wrong with a connection that had been made."""
        try:
            yield
        except httpcore2.TimeoutException:
            if time.monotonic() >= self._until:
                raise ours(Code.too_slow, seconds=_figure(self._leave.longest_s)) from None
            raise ours(Code.silent, seconds=_figure(self._leave.silence_s)) from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise ours(Code.cut, raw=str(error)) from None

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()


class _Stream(httpx2.SyncByteStream):
    """Reads an answer as it comes."""

    def __init__(self, transport: _Transport, answer: httpcore2.Response) -> None:
        self._transport, self._answer = transport, answer

    def __iter__(self) -> Iterator[bytes]:
        with self._transport._in_words():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


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
        if not hosts.allows(self._leave.hosts, host, port):
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
    return httpx2.create_ssl_context()


def _figure(seconds: float) -> str:
    return f"{seconds:g}"
