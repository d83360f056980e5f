"""The register of automated systems leaves none out, and names code and effects that there are."""

import ast

from labeler.pay import weeks
from labeler.pay.ledger import TransferKind
from labeler.pay.payouts import Held
from labeler.progress import systems
from labeler.quality.refusals import RefusalState
from tests.house.source import ROOT, modules

REGISTER = systems.register()
MADE = {kind for each in REGISTER for kind in each.makes}
NAMED = {module for each in REGISTER for module in each.modules}
BESIDE = {"labeler.stats.signals", "labeler.stats.signals.signal"}
"""What puts signals together, and looks at nobody."""
COMMANDED = {
    *("labeler.people.accounts", "labeler.people.sign_ins"),
    *("labeler.privacy.replay", "labeler.privacy.retention", "labeler.endpoints.registry"),
}
"""What whoever runs the site does by a command, without a name: no program looks at work there."""


def tree(name: str) -> ast.Module:
    """Read a module's source."""
    return next(module.tree for module in modules() if module.name == name)


def test_every_system_has_a_name_of_its_own_and_says_all() -> None:
    assert len({each.name for each in REGISTER}) == len(REGISTER)
    for each in REGISTER:
        assert each.reads and each.modules
        assert all((each.title, each.purpose, each.weight, each.effect, each.decides)), each.name


def test_the_code_that_it_names_is_there() -> None:
    assert {module.name for module in modules()} >= NAMED


def test_every_signal_is_in_it() -> None:
    signals = {m.name for m in modules() if m.within("labeler.stats.signals")} - BESIDE
    assert signals and signals <= NAMED
    made = tree("labeler.quality.signals")
    kinds = {
        node.value
        for node in ast.walk(made)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in MADE
    }
    calls = [node for node in ast.walk(made) if isinstance(node, ast.Call)]
    told = {
        call.args[1].value
        for call in calls
        if ast.unparse(call.func) == "_found" and isinstance(call.args[1], ast.Constant)
    }
    assert told and told <= kinds
    assert {"pace", "reading"} <= kinds  # these two are told by a variable


def test_what_programs_do_by_themselves_cites_a_system() -> None:
    assert {each.value for each in Held} <= MADE
    assert {each.value for each in weeks.BOOKED.values()} <= MADE
    assert {TransferKind.approval.value, TransferKind.release.value} <= MADE
    assert RefusalState.lapsed.value in MADE
    opened = {
        node.attr
        for node in ast.walk(tree("labeler.quality.alerts"))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "ReviewKind"
    }
    assert opened and opened <= MADE


def test_only_these_record_events_in_nobody_s_name() -> None:
    """An event without a person is of a program: of those that the register tells of."""
    nameless = {
        module.name
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "record"
        for given in node.keywords
        if given.arg == "person_id" and isinstance(given.value, ast.IfExp | ast.Constant)
    }
    assert nameless == {"labeler.quality.reviews", "labeler.quality.refusals", *COMMANDED}
    assert {"review.opened", "refusal.decided"} <= MADE


def test_nothing_in_it_is_typed_again() -> None:
    """Every number is read from where it is used: none is written down in the register."""
    folder = ROOT / "labeler" / "progress" / "systems"
    for path in folder.glob("*.py"):
        calls = [
            node
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Parameter"
        ]
        written = [ast.unparse(c) for c in calls if isinstance(c.args[1], ast.Constant)]
        assert written == []
