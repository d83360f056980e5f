"""One way out: no module but one opens a connection to anything that is not ours.

What a person or a file names is never called by anything else, so that the list of hosts, the look
at addresses and the refusal to be sent elsewhere hold for all of it.
"""

import ast
import re
from collections.abc import Iterator

from tests.house.source import Module, modules

WAY_OUT = "labeler.endpoints.outgoing"
SPEAKERS = re.compile(
    r"^(aiohttp|boto3|botocore|ftplib|http\.client|httpcore2?|httpx2?|imaplib|nntplib|openai|paramiko"
    r"|poplib|pycurl|requests|smtplib|socketserver|socks|telnetlib|urllib3|urllib\.request|websockets"
    r"|xmlrpc)(\.|$)"
)
OPENERS = re.compile(
    r"(^|\.)(create_connection|create_unix_connection|open_connection|open_unix_connection"
    r"|create_datagram_endpoint|socketpair|SOCK_DGRAM|urlopen|urlretrieve|connect_ex)$"
)
SOCKETS = re.compile(r"^(socket|ssl|asyncio)(\.|$)")
MAY = {
    # It speaks through a client that `outgoing` made.
    ("labeler.endpoints.client", "openai"),
    # They open no connection: one listens for a moment to find a free port, one asks for the name
    # of this machine.
    ("labeler.cli.demonstration", "socket"),
    # What answers in the demo's chat: it listens on this machine.
    ("labeler.demo.answering", "socket"),
    ("labeler.endpoints.calling", "socket"),
}


def test_no_other_module_speaks_to_servers() -> None:
    found = {
        (module.name, name.partition(".")[0])
        for module in modules()
        for _, name in module.imports()
        if SPEAKERS.match(name) or SOCKETS.match(name)
    }
    ways_out = {(name, what) for name, what in found if name == WAY_OUT}
    assert {what for _, what in ways_out} == {"httpcore2", "httpx2", "socket", "ssl"}
    assert found - ways_out - MAY == set()


def test_no_other_module_opens_a_connection() -> None:
    opened = [
        module.at(node)
        for module in modules()
        if module.name != WAY_OUT
        for node, name in [*module.imports(), *attributes(module)]
        if OPENERS.search(name)
    ]
    assert opened == []


def test_whoever_needs_a_socket_does_not_call() -> None:
    allowed = {name for name, what in MAY if what == "socket"}
    used = {
        (module.name, ast.unparse(node))
        for module in modules()
        if module.name in allowed
        for node, _ in attributes(module)
    }
    assert {(name, what) for name, what in used if re.match(r"socket\.|\w+\.connect$", what)} == {
        ("labeler.cli.demonstration", "socket.socket"),
        ("labeler.demo.answering", "socket.socket"),
        ("labeler.demo.answering", "socket.create_server"),
        ("labeler.cli.demonstration", "socket.SOL_SOCKET"),
        ("labeler.cli.demonstration", "socket.SO_REUSEADDR"),
        ("labeler.endpoints.calling", "socket.gethostname"),
    }


def attributes(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield what stands behind a dot, wherever it is used."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            yield node, node.attr
