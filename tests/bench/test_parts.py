"""Every part of the benchmark runs, at sizes that say nothing about speed."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bench import annotate, dashboard, data, judging, load, release, report, sites
from bench.figures import Found, Target, Verdict
from bench.plan import Plan
from bench.rows import Words
from bench.sites import Backend
from labeler import audit
from tests.conftest import NewAddress

WORDS = Words(5, 10)


class Fresh(Backend):
    """A back end whose databases are those of the tests."""

    make: NewAddress

    def new(self) -> data.Site:
        return data.open_site(self.make(self.name))

    def drop(self, site: data.Site) -> None:
        """Leave it to the fixture."""


@pytest.fixture
def place(backend: str, new_address: NewAddress, tmp_path: Path) -> Backend:
    fresh = Fresh(backend, tmp_path)
    fresh.make = new_address
    return fresh


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(
        backends=(),
        comparisons=[20, 30],
        judgments=[60],
        annotators=[2],
        loads=[20],
        releases=[60],
        pages=60,
        seconds=0.3,
        runs=1,
        claims=2,
        folder=tmp_path,
    )


@pytest.mark.slow
def test_annotating(place: Backend, plan: Plan) -> None:
    found = annotate.measure(place, plan)
    assert _rows(found, "Annotating") == 2
    assert sum(each.target == annotate.SCALE for each in found.verdicts) == 2
    assert _met(found, annotate.WRONG)
    site = place.with_past(60, annotate.SHORT)
    with data.opened(site.address) as database, database.reading() as session:
        # What the bare driver calls wrote is what labeler would have written.
        assert list(audit.faults(session)) == []


def test_what_was_acknowledged_and_is_not_there_is_seen(place: Backend, plan: Plan) -> None:
    site = place.with_past(60, WORDS)
    [nobody] = data.add_annotators(site, 1)
    case = annotate.Case(place, site, plan, 60, 0, nobody, 0, acknowledged=62, errors=1)
    assert annotate.wrong(case, {"assignments": 0, "judgments": 0}) == [1, 2, 0, 0]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_pages_are_read(place: Backend, plan: Plan) -> None:
    found = dashboard.measure(place, plan)
    assert _rows(found, "Pages of an owner") == 10
    assert _rows(found, "Working quality out in the background") == 1
    assert _met(found, dashboard.SAME)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_judging_page_is_timed(
    place: Backend, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "TASKS", 2)
    found = judging.measure(place, plan)
    assert _rows(found, "The judging page on a slow phone") == 1
    assert _met(found, judging.SHIFT)


def test_wrong_totals_are_seen(place: Backend) -> None:
    site = place.with_past(60, WORDS)
    page = "<dt>Judgments</dt><dd>61</dd><dt>People</dt><dd>3</dd><dt>Earned</dt><dd>21.00</dd>"
    assert dashboard.wrong_facts(site, page) == 1


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite"])
def test_loading_and_releasing(place: Backend, plan: Plan) -> None:
    assert _rows(load.measure(place, plan), "Loading") == 1
    assert _rows(release.measure(place, plan), "Releasing") == len(release.FORMATS) == 2


def test_a_missed_target_is_told_with_its_ratio() -> None:
    most, least = Target("time", 5, " ms"), Target("rate", 100, at_most=False)
    assert Verdict(most, "", [4, 5, 9]).words == "met"
    assert Verdict(most, "", [6, 10, 9]).words == "**missed**: 1.80 × the target"
    assert Verdict(least, "", [50]).words == "**missed**: 0.50 × the target"


def test_the_page_has_a_place_for_figures(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(report.PAGE.read_text("utf-8"), "utf-8")
    report.write("| one |", page)
    report.write("| another |", page)
    text = page.read_text("utf-8")
    assert (text.count("| another |"), text.count("| one |")) == (1, 0)


def test_a_back_end_leaves_nothing(backend: str) -> None:
    # Not in pytest's folders: the path of a socket must be short, and readable to the server.
    with TemporaryDirectory(prefix="labeler-bench-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with sites.opened(backend, folder) as opened:
            opened.drop(opened.new())
        assert list(folder.iterdir()) == []


def _rows(found: Found, title: str) -> int:
    [table] = [each for each in found.tables if each.title == title]
    return len(table.rows)


def _met(found: Found, target: Target) -> bool:
    told = [each.words for each in found.verdicts if each.target is target]
    return set(told) == {"met"}
