"""One way out: no module but one opens a connection to anything that is not ours.

What a person or a file names is never called by anything else, so that the list of hosts, the look
at addresses and the refusal to be sent elsewhere hold for all of it.
"""

import re
from collections.abc import Iterator

from tests.house.source import PACKAGES, ROOT

WAY_OUT = "labeler/endpoints/outgoing.py"
SPEAKERS = frozenset(
    """aiohttp asyncio boto3 botocore ftplib httpcore httpcore2 httpx httpx2 imaplib nntplib openai
    paramiko poplib pycurl requests smtplib socket socketserver socks ssl telnetlib urllib3
    websockets xmlrpc http.client urllib.request""".split()
)
IMPORTS = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+)?import[ \t]+(\([^)]*\)|.+)$", re.MULTILINE
)
OPENERS = re.compile(
    r"\b(create_connection|create_unix_connection|open_connection|open_unix_connection|socketpair"
    r"|create_datagram_endpoint|SOCK_DGRAM|SOCK_RAW|urlopen|urlretrieve|connect_ex)\b"
)
SOCKETS = re.compile(r"(?<![.\w])socket\.\w+|\w+\.connect\(")
MAY = {
    ("labeler/cli/demonstration.py", "socket"): "It listens for a moment, to find a free port.",
    ("labeler/demo/answering.py", "socket"): "It answers in the demo's chat: it only listens.",
    ("labeler/endpoints/calling.py", "socket"): "It asks what this machine is called.",
}
SOCKETS_OF = {
    "labeler/cli/demonstration.py": {"socket.socket", "socket.SOL_SOCKET", "socket.SO_REUSEADDR"},
    "labeler/demo/answering.py": {"socket.create_server", "socket.socket"},
    "labeler/endpoints/calling.py": {"socket.gethostname"},
}


def sources() -> Iterator[tuple[str, str]]:
    """Yield every module's path and text."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


def imported(text: str) -> set[str]:
    """Return what speaks to servers of all that a module imports, wherever in it."""
    found: set[str] = set()
    for origin, names in IMPORTS.findall(text):
        each = [name.split()[0] for name in names.strip("()").split(",") if name.strip()]
        for name in [origin, *(f"{origin}.{n}" for n in each)] if origin else each:
            found |= {name, name.partition(".")[0]} & SPEAKERS
    return found


def test_what_speaks_to_servers_is_found() -> None:
    text = "import os, httpx as h\nif x:\n    from urllib import (\n    parse,\n    request,\n)\n"
    assert imported(text + "from http.client import A\n") == {
        *("httpx", "urllib.request", "http.client")
    }
    assert imported("from labeler import socket_names\nimport labeler.requests\n") == set()


def test_no_other_module_speaks_to_servers() -> None:
    found = {(path, name) for path, text in sources() for name in imported(text)}
    own = {(path, name) for path, name in found if path == WAY_OUT}
    assert {name for _, name in own} == {"httpcore2", "socket", "ssl"}
    assert found - own == set(MAY)


def test_no_other_module_opens_a_connection() -> None:
    others = [(path, text) for path, text in sources() if path != WAY_OUT]
    assert [path for path, text in others if OPENERS.search(text)] == []
    for path, names in SOCKETS_OF.items():
        assert set(SOCKETS.findall(dict(others)[path])) == names
