"""Hosts: how the list is read, and which addresses may be called."""

import pytest

from labeler.endpoints import hosts
from labeler.errors import Invalid


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("", ()),
        (" api.mistral.ai , ,localhost:11434", ("api.mistral.ai", "localhost:11434")),
        ("API.OpenAI.com.", ("api.openai.com",)),
        ("api.openai.com:443", ("api.openai.com",)),
        ("[::1]:8080,[0:0::1]", ("[::1]:8080", "[::1]")),
        ("*.openai.azure.com", ("*.openai.azure.com",)),
        ("10.0.0.5:8000", ("10.0.0.5:8000",)),
    ],
)
def test_a_list_is_read(text: str, entries: tuple[str, ...]) -> None:
    assert hosts.read(text) == entries


@pytest.mark.parametrize(
    "text",
    [
        *(
            "*",
            "*.com",
            "*:443",
            "a.*.org",
            "*example.org",
            "**.example.org",
            "https://a.org",
            "a/b",
        ),
        *("a:0", "a:99999", "a:", "a:b", "::1", "[::g]", "-a.org", "a..org", "ä.org", "a b", "a@b"),
        *("127.1", "2130706433", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1", "1.2.3.4.5", "a.0x1"),
    ],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is no host"):
        hosts.read(f"api.mistral.ai,{text}")


@pytest.mark.parametrize(
    ("listed", "host", "port", "allowed"),
    [
        ("api.mistral.ai", "api.mistral.ai", 443, True),
        ("api.mistral.ai", "API.mistral.ai.", 443, True),
        ("api.mistral.ai", "api.mistral.ai", 8443, False),
        ("api.mistral.ai", "api.mistral.ai.evil.org", 443, False),
        ("api.mistral.ai", "evil-api.mistral.ai", 443, False),
        ("localhost", "localhost", 11434, False),
        ("localhost:11434", "localhost", 11434, True),
        ("localhost:11434", "127.0.0.1", 11434, False),
        ("*.openai.azure.com", "mine.openai.azure.com", 443, True),
        ("*.openai.azure.com", "openai.azure.com", 443, False),
        ("*.openai.azure.com", "a.mine.openai.azure.com", 443, False),
        ("*.openai.azure.com", "evilopenai.azure.com", 443, False),
        ("*.openai.azure.com:8443", "mine.openai.azure.com", 443, False),
        ("[::1]:8080", "0:0:0:0:0:0:0:1", 8080, True),
        ("", "api.mistral.ai", 443, False),
    ],
)
def test_what_the_list_allows(listed: str, host: str, port: int, allowed: bool) -> None:
    assert hosts.allows(hosts.read(listed), host, port) is allowed


NEVER = """0.0.0.0 0.1.2.3 169.254.169.254 169.254.170.2 100.100.100.200 168.63.129.16 192.0.2.1
    192.88.99.1 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255 :: ::127.0.0.1 ::8.8.8.8
    ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:a9fe:a9fe:: 2002:c0a8:101::
    fd00:ec2::254 fe80::1
    ::ffff:0:127.0.0.1 ::ffff:0:8.8.8.8 5f00::1 4000::1 3fff::1 2001::1 fe80::1%eth0
    fec0::1 ff02::1 2001:db8::1 100::1 nonsense 127.1""".split()
OWN = """127.0.0.1 127.9.9.9 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 ::1 fc00::1
    fd12:3456::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1""".split()
EVERYBODYS = """8.8.8.8 93.184.216.34 172.32.0.1 100.128.0.1 192.169.0.1 2606:4700::1111
    2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::808:808""".split()


@pytest.mark.parametrize("on_premises", [True, False])
def test_which_addresses_may_be_called(on_premises: bool) -> None:
    def called(addresses: list[str]) -> list[str]:
        return [a for a in addresses if hosts.may_be_called(a, on_premises=on_premises)]

    assert called(NEVER) == []
    assert called(OWN) == (OWN if on_premises else [])
    assert called(EVERYBODYS) == EVERYBODYS


def test_where_a_url_leads() -> None:
    assert hosts.target("https://API.mistral.ai./v1") == ("https", "api.mistral.ai", 443, "/v1")
    assert hosts.target("http://[::1]:8080").entry == "[::1]:8080"
