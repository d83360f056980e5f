"""Hosts: which ones may be called at all, and which addresses they may turn out to have.

Nothing here opens a connection. A host is called if it is on the list of this installation, and
only at addresses that are open to its kind: of the internet, or of one's own network for an
endpoint on one's own machines. Addresses that nobody serves a model at, such as those where a
cloud tells its machines their secrets, are never called.
"""

import ipaddress
import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple
from urllib.parse import urlsplit

from labeler.errors import Invalid
from labeler.said import say

Address = IPv4Address | IPv6Address

PORTS = {"https": 443, "http": 80}
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")
_FIGURES = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
"""What programs take for an address in figures; there is one way to write one."""
_ENTRY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[*a-z0-9._-]+)(:(?P<port>[0-9]{1,5}))?")
_FORM = re.compile(rf"\*(\.{_LABEL}){{2,}}")

# Where clouds tell a machine its secrets, though the address looks like one that may be called.
_SECRETS = ("100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254")
# What looks like an address of the internet to Python and is none.
_NOT_QUITE = ("192.88.99.0/24", "2002::/16", "3fff::/20")
_OWN = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8"),
    *("::1/128", "fc00::/7"),
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NEVER = tuple(map(ipaddress.ip_address, _SECRETS))
_NO_INTERNET = tuple(map(ipaddress.ip_network, _NOT_QUITE))
_INTERNET6 = ipaddress.IPv6Network("2000::/3")
"""The addresses of IPv6 that anybody has been given; the rest are ways to dress others up."""
_ONES_OWN = tuple(map(ipaddress.ip_network, _OWN))


class Target(NamedTuple):
    """Where a URL leads."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def entry(self) -> str:
        """Return how this host is written on the list."""
        return written(self.host, self.port)


def written(host: str, port: int) -> str:
    """Write a host as it stands on the list: without the port of https, with any other."""
    name = f"[{host}]" if ":" in host else host
    return name if port == PORTS["https"] else f"{name}:{port}"


def target(url: str) -> Target:
    """Take a URL apart; raises ValueError, in words, for one that cannot be called.

    Names are plain ASCII, so that two programs cannot read one differently.
    """
    try:
        parts = urlsplit(url)
        host, port = _canonical(parts.hostname or ""), parts.port
    except ValueError:
        raise ValueError(say("This is no address of a server.")) from None
    if parts.scheme not in PORTS or not host:
        raise ValueError(say("This must begin with https:// or http:// and name a server."))
    if "@" in parts.netloc or parts.query or parts.fragment or "?" in url or "#" in url:
        raise ValueError(say("This must be without a user, a question mark or a #."))
    return Target(parts.scheme, host, PORTS[parts.scheme] if port is None else port, parts.path)


def _canonical(host: str) -> str:
    """Return the host in one way of writing; raises ValueError for what is none."""
    if ":" in host and "%" not in host:
        return str(ipaddress.IPv6Address(host))
    name = host.lower().removesuffix(".")
    if _FIGURES.fullmatch(name):
        return str(IPv4Address(name))
    if not _NAME.fullmatch(name):
        raise ValueError(host)
    return name


def read(text: str) -> tuple[str, ...]:
    """Read a list of hosts that may be called, parted by commas; raises Invalid.

    An entry is `host`, which stands for its port 443, or `host:port`; `*.name.tld` stands for all
    names right below one.
    """
    return tuple(_entry(part.strip().lower()) for part in text.split(",") if part.strip())


def _entry(text: str) -> str:
    match = _ENTRY.fullmatch(text)
    try:
        if match is None or not 0 < int(match["port"] or 443) < 65536:
            raise ValueError(text)
        host = match["host"].strip("[]")
        name = host if _FORM.fullmatch(host) else _canonical(host)
    except ValueError:
        raise Invalid(
            say("%(host)s is no host, such as api.example.org or localhost:8080.", host=repr(text))
        ) from None
    return written(name, int(match["port"] or 443))


def allows(hosts: Collection[str], host: str, port: int) -> bool:
    """Tell whether the list, as `read` returns it, has this host with this port."""
    try:
        name = _canonical(host)
    except ValueError:
        return False
    _, _, rest = name.partition(".")
    return written(name, port) in hosts or written(f"*.{rest}", port) in hosts


def is_own(address: str) -> bool:
    """Tell whether an address is of one's own machine or network."""
    return any(_real(address) in network for network in _ONES_OWN)


def may_be_called(address: str, *, on_premises: bool) -> bool:
    """Tell whether an address may be called: of the internet, or one's own if so declared."""
    try:
        real = _real(address)
    except ValueError:
        return False
    if real in _NEVER:
        return False
    if any(real in network for network in _ONES_OWN):
        return on_premises
    if isinstance(real, IPv6Address) and real not in _INTERNET6:
        return False
    odd = real.is_multicast or any(real in network for network in _NO_INTERNET)
    return real.is_global and not odd


def _real(address: str) -> Address:
    """Return the address that is reached in the end: IPv4 can be dressed as IPv6."""
    given = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(given, IPv4Address):
        return given
    if given.ipv4_mapped:
        return given.ipv4_mapped
    if given in _NAT64:
        return IPv4Address(int(given) & 0xFFFFFFFF)
    return given
