"""How heavy an installation is: what `make setup` puts into .venv, in packages and on the disk.

It is added up from the environment of the tests: all files of every package that setup installs
and leaves there, in whole blocks as the disk gives them, and of the compiled ones those that setup
compiles. Not counted are the Python that .venv points to, the checkout, and what a package cache
keeps.
"""

import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import distribution
from importlib.util import cache_from_source
from pathlib import Path

from packaging.requirements import Requirement

from tests.house.source import ROOT

MOST_MB, MOST_PACKAGES = 400, 64
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
UNCOMPILED = re.search(r"^UNCOMPILED := (.+)$", MAKEFILE, re.MULTILINE)
UNREAD = (
    r"/site-packages/((pyarrow/include|pycountry/locales|schwifty/bank_registry)/"
    r"|pyarrow/(_|lib(arrow|arrow_python)_)?flight\.)"
)
SPEAKING = {"httpcore2", "h11", "truststore"}
LISTED = """
import sys
import exports.web, gunicorn.app.wsgiapp, labeler.app, numpy
for module in list(sys.modules.values()):
    print(getattr(module, "__file__", None))
"""


def packages() -> set[str]:
    """Return what setup installs on this machine."""
    found = {"labeler", "pip"}
    for name in ("requirements.txt", "requirements-build.txt"):
        text = (ROOT / "deploy" / name).read_text("utf-8").replace("\\\n", "")
        for line in text.splitlines():
            need = Requirement(line.partition(" --hash")[0])
            if need.marker is None or need.marker.evaluate():
                found.add(need.name)
    return found


def is_left(path: Path) -> bool:
    """Say whether setup leaves a file that a package brings."""
    own_tests = re.search(r"/site-packages/(numpy|pandas|pyarrow)/(.+/)?tests/", str(path))
    unread = re.search(UNREAD, str(path))
    return path.suffix != ".pyc" and not own_tests and not unread and path.exists()


def is_compiled(path: Path) -> bool:
    """Say whether setup compiles a module."""
    assert UNCOMPILED
    inside = f"/{path.relative_to(sysconfig.get_path('purelib'))}"
    return not re.search(UNCOMPILED[1], inside)


def files(package: str) -> Iterator[Path]:
    """Yield the files of a package and, of what is compiled, those that setup leaves here."""
    for each in distribution(package).files or ():
        path = Path(str(each.locate())).resolve()
        if not is_left(path):
            continue
        yield path
        if path.suffix == ".py" and is_compiled(path):
            compiled = Path(cache_from_source(str(path)))
            yield from [compiled] if compiled.exists() else ()


def megabytes(package: str) -> float:
    """Return what the files of a package take on the disk."""
    return sum(path.stat().st_blocks * 512 for path in files(package)) / 2**20


def test_light_to_carry() -> None:
    sizes = {package: megabytes(package) for package in packages()}
    print(f"{len(sizes)} packages, {sum(sizes.values()):.0f} MB")
    assert len(sizes) <= MOST_PACKAGES
    assert 300 < sum(sizes.values()) <= MOST_MB


def test_whatever_a_server_imports_is_compiled() -> None:
    command = [sys.executable, "-c", LISTED]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    installed = Path(sysconfig.get_path("purelib"))
    modules = [Path(line) for line in told.stdout.splitlines() if line.endswith(".py")]
    packaged = [path for path in modules if path.is_relative_to(installed)]
    assert len(packaged) > 500
    assert [path for path in packaged if not is_compiled(path)] == []
    called = {path.relative_to(installed).parts[0] for path in packaged} & SPEAKING
    assert called == set(), "A server asks no model: labeler call does, in a process of its own."
