"""Programs only ask for a look: what is left out, found or let stand, a person decides."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest

from labeler.errors import Forbidden
from labeler.pay import corrections, earnings
from labeler.people import memberships
from labeler.quality import brakes, decisions, disputes, refusals
from labeler.quality.disputes import Finding
from labeler.quality.refusals import ReasonCode
from tests.house.source import Module, modules

DECIDING = {
    "labeler.pay.corrections": {"give", "propose", "agree", "drop"},
    "labeler.pay.earnings": {"hold", "refuse", "give_bonus"},
    "labeler.people.memberships": {"remove"},
    "labeler.quality.brakes": {"propose", "release"},
    "labeler.quality.disputes": {"answer"},
    "labeler.quality.refusals": {"add", "notify", "refuse", "pay", "take_back"},
    "labeler.quality.decisions": {"exclude", "withdraw"},
    "labeler.quality.adjudications": {"adjudicate"},
    "labeler.quality.outcomes": {
        *("accept", "dismiss", "exclude", "adjudicate", "send_back", "ask_second_opinion"),
        *("remark", "tell"),
    },
}
ROOMS = ("quality", "pay", "people")
DOORS = ("labeler.web", "labeler.api")
PAYING = {"brakes", "disputes", "refusals"}
"""Where quality touches pay: there, two people decide or a worker is paid more."""


def functions(module: Module) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef))


def calls(module: Module) -> Iterator[tuple[ast.Call, str]]:
    """Yield every call of something that decides, with the room's module that it is asked of."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value)
            if any(node.func.attr in DECIDING.get(f"labeler.{r}.{owner}", ()) for r in ROOMS):
                yield node, f"{owner}.{node.func.attr}"


def test_whoever_decides_is_a_person() -> None:
    found = {}
    for module in modules():
        for function in functions(module):
            if function.name in DECIDING.get(module.name, ()):
                arguments = function.args
                names = [each.arg for each in arguments.kwonlyargs]
                by = names.index("by")
                annotation = arguments.kwonlyargs[by].annotation
                assert annotation is not None
                assert arguments.kw_defaults[by] is None, module.at(function)  # there is none
                found[f"{module.name}.{function.name}"] = ast.unparse(annotation)
    wanted = {f"{module}.{name}" for module, names in DECIDING.items() for name in names}
    assert found == dict.fromkeys(wanted, "Person")


def test_only_what_people_ask_for_decides() -> None:
    places = {m.name for m in modules() for _ in calls(m)}
    assert {"labeler.web.reviews", "labeler.web.comparisons"} <= places
    inside = {name for name in places if not name.startswith(DOORS)}
    assert inside == {
        "labeler.cli.corrections",  # a person's commands, which say whose
        "labeler.cli.projects",
        "labeler.privacy.erasure",  # at that person's own wish
        "labeler.quality.outcomes",
        *(f"labeler.quality.{name}" for name in PAYING),
    }


def test_nobody_decides_in_nobody_s_name() -> None:
    for module in modules():
        for call, name in calls(module):
            by = [each.value for each in call.keywords if each.arg == "by"]
            assert by, f"{module.at(call)} {name}"
            assert not isinstance(by[0], ast.Constant), f"{module.at(call)} {name}"


def test_one_place_leaves_judgments_out() -> None:
    written = [
        module.name
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.keyword)
        and node.arg == "state"
        and ast.unparse(node.value) == "JudgmentState.excluded"
    ]
    assert written == ["labeler.quality.decisions"]


def test_reviews_know_nothing_of_pay() -> None:
    quality = [module for module in modules() if module.within("labeler.quality")]
    assert len(quality) > 5
    paying = {m.name for m in quality for _, name in m.imports() if name.startswith("labeler.pay")}
    assert paying == {f"labeler.quality.{name}" for name in PAYING}


def test_no_program_decides_even_if_it_asks() -> None:
    """Whoever is no person is refused before anything is looked at."""
    nothing: Any = None
    for act in (
        lambda: decisions.exclude(nothing, nothing, "No.", by=nothing),
        lambda: decisions.withdraw(nothing, nothing, "No.", by=nothing),
        lambda: memberships.remove(nothing, 1, nothing, by=nothing),
        lambda: earnings.hold(nothing, nothing, reason="No.", by=nothing),
        lambda: earnings.refuse(nothing, nothing, reason="No.", by=nothing),
        lambda: corrections.propose(nothing, 1, nothing, "EUR", 1, reason="No.", by=nothing),
        lambda: corrections.agree(nothing, nothing, by=nothing),
        lambda: brakes.propose(nothing, nothing, ReasonCode.other, "No.", by=nothing),
        lambda: brakes.release(nothing, nothing, by=nothing),
        lambda: refusals.add(nothing, nothing, ReasonCode.other, "No.", by=nothing),
        lambda: refusals.notify(nothing, nothing, by=nothing),
        lambda: refusals.refuse(nothing, nothing, "No.", by=nothing),
        lambda: refusals.pay(nothing, nothing, "No.", by=nothing),
        lambda: refusals.take_back(nothing, nothing, by=nothing),
        lambda: disputes.answer(nothing, nothing, "No.", Finding.stands, by=nothing),
    ):
        with pytest.raises(Forbidden, match="Only a person"):
            act()
