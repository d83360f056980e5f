"""Where things may stand: names, sizes, and what only the doors may do."""

import ast
import re

from tests.house.source import DOORS, PACKAGES, ROOT, Module, modules

REFUSED = {"utils", "util", "helpers", "common", "services", "managers", "core", "misc"}
FUNCTION_LINES = 45
MODULE_LINES = 400
# What stands around the rooms: it may know Flask and the engine, and no room may know it.
RING = (
    *("labeler.app", "labeler.background", "labeler.config", "labeler.database", "labeler.logs"),
    *("labeler.bells", "labeler.passing"),
)
OUTSIDE = {
    *("click", "flask", "flask_login", "flask_wtf", "gunicorn", "huey", "werkzeug", "wtforms"),
}
CLOCKS = re.compile(
    r"(^|\.)((datetime|date)\.(now|utcnow|today)|func\.(now|current_timestamp))$"
    r"|^time\.(time|time_ns|ctime|gmtime|localtime)$"
)


def test_no_file_or_folder_is_a_drawer() -> None:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*")]
    assert [str(path) for path in paths if path.stem in REFUSED] == []


def test_no_module_needs_a_second_noun() -> None:
    long = {m.name: len(m.text.splitlines()) for m in modules()}
    assert {name: lines for name, lines in long.items() if lines > MODULE_LINES} == {}


def test_no_function_hides_a_verb() -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [(m, n) for m in modules() for n in ast.walk(m.tree) if isinstance(n, kinds)]
    assert len(found) > 50
    long = [f"{m.at(n)} {n.name}" for m, n in found if _lines(n) > FUNCTION_LINES]
    assert long == []


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_only_doors_commit() -> None:
    inside = [m for m in modules() if not m.within(*DOORS)]
    assert [place for m in inside for place in _calls(m, "commit")] == []
    assert [m.name for m in modules() if m.within(*DOORS) and _calls(m, "commit")] != []


def test_only_the_engine_opens_a_transaction_that_commits_by_itself() -> None:
    others = [m for m in modules() if m.name != "labeler.database"]
    begun = [(m, call) for m in others for call in _calls(m, "begin")]
    # A verb of this name is given a session; the engine's method is given nothing.
    assert [m.at(call) for m, call in begun if not call.args] == []


def _calls(module: Module, method: str) -> list[ast.Call]:
    calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    return [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == method]


def test_verbs_know_neither_http_nor_commands_nor_the_engine() -> None:
    # `exports` itself only hangs its pages and commands up, so it is a door as well.
    inside = [m for m in modules() if m.name != "exports" and not m.within(*RING, *DOORS)]
    assert [f"{m.at(n)} {name}" for m in inside for n, name in m.imports() if _outer(name)] == []


def _outer(name: str) -> bool:
    return name.split(".")[0] in OUTSIDE or name.startswith(RING)


def test_one_reader_of_the_clock() -> None:
    others = [m for m in modules() if m.name != "labeler.clock"]
    assert [f"{m.at(n)} {text}" for m in others for n, text in _clocks(m)] == []


def _clocks(module: Module) -> list[tuple[ast.AST, str]]:
    nodes = [node for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)]
    read = [(node, ast.unparse(node)) for node in nodes]
    return [*filter(lambda found: CLOCKS.search(found[1]), [*read, *module.imports()])]
