"""The one way out: where it leads, and that nobody can bend it to lead elsewhere."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from labeler.endpoints import client, hosts, outgoing, profiles
from labeler.endpoints.faults import Failed, Fault
from labeler.endpoints.hosts import Target
from labeler.errors import Invalid
from tests import stubs
from tests.dialects import Turn

QUESTION = [{"role": "user", "content": "Why?"}]
REFUSED = {"not_allowed", "private", "not_https", "no_such_host", "names_away"}
LOOPBACK = [
    *("127.0.0.1", "127.1", "127.0.1", "127.0.0.2", "127.255.255.254", "127.0.0.1."),
    *("2130706433", "0x7f000001", "0X7F000001", "0x7f.1", "0x7f.0.0.1", "0x7f.0x0.0x0.0x1"),
    *("017700000001", "0177.0.0.1", "0177.1", "00000177.0.0.1", "0", "0.0.0.0"),
    *("localhost", "LOCALHOST", "localhost.", "ip6-localhost", "127.0.0.1%00.example.org"),
    *("[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[::1%25lo]"),
    *("[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"),
    *("①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.０.０.１", "ⓛocalhost", "example.org@127.0.0.1"),
    *("127.0.0.1#@example.org", "127.0.0.1?@example.org", "example.org\\@127.0.0.1"),
]


class Listener:
    """Listens on loopback; the system takes connections, which are counted afterwards."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]

    def connections(self) -> int:
        count = 0
        while True:
            try:
                self._socket.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    opened = Listener()
    yield opened
    opened.close()


def profile(base_url: str, place: str = "elsewhere") -> profiles.Profile:
    limits = {"timeout_s": 2, "longest_s": 3}
    given = {"name": "a", "provider": "vllm", "model": "m", "place": place, "limits": limits}
    return profiles.read(given | {"base_url": base_url})


def fail(asked: profiles.Profile, *listed: str) -> Fault:
    with pytest.raises(Failed) as failed:
        client.ask(asked, "", QUESTION, hosts=listed)
    return failed.value.fault


def test_the_listener_counts(listener: Listener) -> None:
    socket.create_connection(("127.0.0.1", listener.port)).close()
    assert listener.connections() == 1


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_loopback_is_not_called_however_it_is_written(listener: Listener, scheme: str) -> None:
    for host in LOOPBACK:
        for listed in ((), (*entries(f"{host}:{listener.port}"), f"127.0.0.1:{listener.port}")):
            target = Target(scheme, host.strip("[]"), listener.port, "/v1/chat/completions")
            assert posted(target, *listed).code in REFUSED, host
    assert listener.connections() == 0


def posted(target: Target, *listed: str) -> Fault:
    leave = outgoing.Leave(listed, on_premises=False, silence_s=1, longest_s=2)
    with pytest.raises(Failed) as failed, outgoing.posted(leave, target, {}, b"{}"):
        pass
    return failed.value.fault


def entries(text: str) -> tuple[str, ...]:
    """Return a list of hosts as an operator may have written it; most of these are none."""
    try:
        return hosts.read(text)
    except Invalid:
        return ()


def test_a_profile_that_leads_to_loopback_is_refused_or_fails(listener: Listener) -> None:
    for host in LOOPBACK:
        try:
            asked = profile(f"https://{host}:{listener.port}/v1")
        except Invalid as refused:
            assert list(refused.fields) == ["base_url"]
        else:
            assert fail(asked).code == "not_allowed"
            assert fail(asked, asked.target.entry).code in REFUSED, host
    assert listener.connections() == 0


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO", "ftp://127.0.0.1/", "//127.0.0.1"),
        *(
            "dict://127.0.0.1:11211/stats",
            "unix:///run/docker.sock",
            "data:text/plain,x",
            "127.0.0.1",
        ),
        *("https://", "https:///v1", "https://a:b@example.org/v1", "https://example.org:0x50/v1"),
        *(
            "https://example.org:99999/v1",
            "http+unix://x",
            "https://exa mple.org",
            "https://ex\tample",
        ),
    ],
)
def test_only_servers_of_the_web_are_called(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        profile(url, "on_premises")
    assert list(refused.value.fields) == ["base_url"]


@pytest.mark.parametrize("scheme", ["file", "gopher", "ftp", "ws", "unix", "http+unix", ""])
def test_no_other_protocol_is_spoken(listener: Listener, scheme: str) -> None:
    target = Target(scheme, "127.0.0.1", listener.port, "/etc/passwd")
    assert posted(target, f"127.0.0.1:{listener.port}").code == "not_allowed"
    assert listener.connections() == 0


class Names:
    """What the system says of names, and where connections are then made; none is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.asked: list[str] = []
        self.called: list[str] = []
        self._answers, self._real = iter(answers), socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._resolve)
        monkeypatch.setattr(socket, "create_connection", self._connect)

    def _resolve(self, host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        self.asked.append(host)
        found = next(self._answers)
        return [one for address in found for one in self._real(address, port, *args, **kwargs)]

    def _connect(self, address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        self.called.append(address[0])
        raise ConnectionRefusedError


PUBLIC = "93.184.216.34"


def test_a_name_is_resolved_once_and_that_address_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = Names(monkeypatch, [PUBLIC], ["127.0.0.1"], ["127.0.0.1"])
    fault = fail(profile("https://models.example.org/v1"), "models.example.org")
    assert fault.code == "refused_connection"
    assert (names.asked, names.called) == (["models.example.org"], [PUBLIC])


@pytest.mark.parametrize(
    ("address", "place"),
    [
        *(("127.0.0.1", "elsewhere"), ("10.0.0.1", "eu"), ("::1", "elsewhere"), ("fd12::1", "eu")),
        *(("169.254.169.254", "elsewhere"), ("169.254.169.254", "on_premises")),
        *(("fd00:ec2::254", "on_premises"), ("168.63.129.16", "on_premises")),
        *(("0.0.0.0", "on_premises"), ("fe80::1", "on_premises"), ("224.0.0.1", "on_premises")),
    ],
)
def test_one_bad_address_among_good_ones_is_enough(
    monkeypatch: pytest.MonkeyPatch, address: str, place: str
) -> None:
    names = Names(monkeypatch, [PUBLIC, address])
    fault = fail(profile("https://models.example.org/v1", place), "models.example.org")
    assert (fault.code, fault.retryable) == ("private", False)
    assert address in fault.message
    assert names.called == []


def test_a_key_never_crosses_the_internet_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(monkeypatch, [PUBLIC])
    asked = profile("http://models.example.org:8000/v1", "on_premises")
    assert fail(asked, "models.example.org:8000").code == "not_https"
    assert names.called == []


@pytest.mark.parametrize(
    ("number", "code", "again"),
    [(socket.EAI_AGAIN, "names_away", True), (socket.EAI_NONAME, "no_such_host", False)],
)
def test_a_name_that_is_unknown_is_told_from_one_that_cannot_be_asked_for(
    monkeypatch: pytest.MonkeyPatch, number: int, code: str, again: bool
) -> None:
    def resolve(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(number, "no")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    fault = fail(profile("https://models.example.org/v1"), "models.example.org")
    assert (fault.code, fault.retryable) == (code, again)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nobody_is_followed(model_server: stubs.Server, listener: Listener, status: int) -> None:
    for address in ("169.254.169.254", f"127.0.0.1:{listener.port}"):
        model_server.next(Turn(status=status, headers={"location": f"http://{address}/latest"}))
        asked = model_server.profile("vllm")
        assert fail(asked, model_server.host, f"127.0.0.1:{listener.port}").code == "redirected"
    assert listener.connections() == 0
    assert len(model_server.asked) == 2


def test_a_server_that_is_not_started_refuses_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    asked = profile(f"http://127.0.0.1:{port}/v1", "on_premises")
    fault = fail(asked, f"127.0.0.1:{port}")
    assert (fault.code, fault.retryable) == ("refused_connection", True)
    assert str(port) not in fault.raw


def certificate(folder: Path, host: str) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate for a host, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "models")])
    begun = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begun)
        .not_valid_after(begun + timedelta(days=3))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path, own = folder / "certificate.pem", folder / "key.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    formats = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    own.write_bytes(key.private_bytes(*formats, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, own)
    return path, context


def test_certificates_are_checked_against_the_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, context = certificate(tmp_path, "models.example.org")
    real = socket.getaddrinfo
    here = lambda _host, *args, **kwargs: real("127.0.0.1", *args, **kwargs)  # noqa: E731
    monkeypatch.setattr(socket, "getaddrinfo", here)

    def ask(server: stubs.Server, name: str) -> str:
        url = f"https://{name}:{server.port}/vllm/v1"
        try:
            asked = client.ask(
                profile(url, "on_premises"), "", QUESTION, hosts=(f"{name}:{server.port}",)
            )
        except Failed as failed:
            return failed.fault.code
        return asked.finish_reason

    with stubs.serving(context) as server:
        assert ask(server, "models.example.org") == "tls"
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        assert ask(server, "models.example.org") == "stop"
        assert ask(server, "others.example.org") == "tls"
        assert len(server.asked) == 1
    with stubs.serving() as server:
        assert ask(server, "models.example.org") == "no_tls"
        assert server.asked == []
