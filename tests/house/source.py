"""The source of both packages as syntax trees, for tests that read code instead of running it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("labeler", "exports")
DOORS = (
    *("labeler.web", "labeler.api", "labeler.cli"),
    *("exports.api", "exports.cli", "exports.keys_cli", "exports.web"),
    "exports.making.clusters",
)


@dataclass(frozen=True)
class Module:
    """One file of ours: `name` is what one imports, `tree` what Python reads in it."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    def within(self, *names: str) -> bool:
        """Tell whether this is one of the named modules or inside one of the named rooms."""
        return any(self.name == name or self.name.startswith(f"{name}.") for name in names)

    def at(self, node: ast.AST) -> str:
        """Name the place of `node` as an editor opens it."""
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"

    def imports(self) -> Iterator[tuple[ast.AST, str]]:
        """Yield every import with the dotted name it brings, wherever in the file it stands."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


@cache
def modules() -> tuple[Module, ...]:
    """Return every module of both packages."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> Module:
    parts = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    text = path.read_text("utf-8")
    return Module(name, path, text, ast.parse(text))
