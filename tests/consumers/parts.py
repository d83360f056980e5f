"""Single modules of large packages, imported without what the packages around them ask for.

The modules that read rows need little; their packages want graphics cards at once. What is run is
the published code all the same.
"""

import sys
from importlib import import_module, util
from pathlib import Path
from types import ModuleType


def part(name: str) -> ModuleType:
    """Import a module by its dotted name, and run nothing of the packages that it lies in."""
    packages = name.split(".")[:-1]
    for depth in range(1, len(packages) + 1):
        _stand_in(".".join(packages[:depth]))
    return import_module(name)


def folder(package: str) -> Path:
    """Return where a package lies."""
    if package in sys.modules:
        return Path(sys.modules[package].__path__[0])
    found = util.find_spec(package)
    assert found is not None and found.submodule_search_locations, package
    return Path(found.submodule_search_locations[0])


def _stand_in(package: str) -> None:
    if package in sys.modules:
        return
    outer, _, inner = package.rpartition(".")
    path = Path(sys.modules[outer].__path__[0]) / inner if outer else folder(package)
    assert path.is_dir(), package
    made = ModuleType(package)
    made.__path__ = [str(path)]
    sys.modules[package] = made
    if outer:
        setattr(sys.modules[outer], inner, made)
