"""The wheel in an empty environment: the demo is made there, served there, and answers."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from tests.house.source import ROOT
from tests.house.wheel import build, uv

START_S = 30

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def labeler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a labeler that was installed from the wheel."""
    folder = tmp_path_factory.mktemp("installed")
    python = folder / "env" / "bin" / "python"
    install = ("pip", "install", "--quiet", "--python", str(python))
    uv("venv", "--quiet", "--python", sys.executable, str(folder / "env"))
    uv(*install, "--require-hashes", "-r", str(ROOT / "deploy" / "requirements.txt"))
    uv(*install, "--no-deps", str(build(folder)))
    return python.with_name("labeler")


def test_demo_then_serve(labeler: Path, tmp_path: Path) -> None:
    data = tmp_path / "demo"
    demo = [labeler, "demo", "--data", data, "--no-serve"]
    made = subprocess.run(
        demo, cwd=tmp_path, env=_environment(), capture_output=True, text=True, timeout=120
    )
    assert made.returncode == 0, made.stdout + made.stderr
    with _served(labeler, data) as address:
        page = _read(address)
        assert '<html lang="fr"' in (french := _read(address, language="fr"))
        assert "Mot de passe" in french
        links = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
        assert links
        assert all(_read(address + link) for link in links)


def _environment(**settings: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LABELER_", "PYTHON"))}
    return {**kept, **{f"LABELER_{name.upper()}": value for name, value in settings.items()}}


@contextmanager
def _served(labeler: Path, data: Path) -> Iterator[str]:
    """Serve what the demo made, with settings from the environment, until the block is left."""
    address = f"127.0.0.1:{_free_port()}"
    settings = _environment(data=str(data), bind=address, secret_key="x" * 32)
    with (data / "server.log").open("w") as log:
        server = subprocess.Popen(
            [labeler, "serve"], cwd=data, env=settings, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait(server, f"http://{address}/", data / "server.log")
            yield f"http://{address}"
        finally:
            server.terminate()
            server.wait(timeout=START_S)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _wait(server: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while server.poll() is None and time.monotonic() < deadline:
        try:
            _read(address)
        except URLError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"The server did not answer: {log.read_text()}")


def _read(address: str, *, language: str = "en") -> str:
    asked = Request(address, headers={"Accept-Language": language})
    with urlopen(asked, timeout=10) as answer:
        return str(answer.read().decode())
