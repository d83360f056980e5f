"""`labeler batch generate`: from prompts, through two endpoints, to a batch and a bill."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.endpoints import registry
from labeler.endpoints.calls import Call, CallState
from labeler.endpoints.taking import PATIENCE
from labeler.generation.generations import Generation
from labeler.people.accounts import Person
from labeler.work.batches import Batch, BatchState
from labeler.work.comparisons import Comparison, Response
from labeler.work.projects import Project
from tests.dialects import Turn, made_of
from tests.labeler.cli.conftest import Terminal, settle
from tests.labeler.cli.processes import LABELER, environment
from tests.labeler.generation.drawing import begin, line, write
from tests.stubs import Server

PATIENCE_S = 60
PRICE = {"currency": "EUR", "input_per_million": "1000", "output_per_million": "1000"}
GENERATE = ("batch", "generate", "helpful")
BOTH = ("--endpoints", "large,small")


class Site:
    """A terminal on Olga's project, with two endpoints of two dialects at the model server."""

    def __init__(self, terminal: Terminal, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.terminal = Terminal(terminal.settings | {"LABELER_ENDPOINT_HOSTS": server.host})
        cast = settle(terminal)
        limits = {"timeout_s": 5, "longest_s": 10, "attempts": 20}
        makers = {"makers": ["Grand Models"], "price": PRICE, "limits": limits}
        with terminal.session() as session:
            for name, dialect in (("large", "mistral"), ("small", "llamacpp")):
                given = {"name": name, "model": f"{name}-model"} | makers
                registry.add(session, server.profile(dialect, **given), by=cast.root)
            session.commit()

    def write(self, number: int, **changes: Any) -> Path:
        return write(self.folder, [line(each, **changes) for each in range(number)])

    def told(self, output: str) -> dict[str, str]:
        """Return what a command told, by name."""
        rows = [row.split("\t") for row in output.splitlines() if "\t" in row]
        return {row[0]: row[-1] for row in rows}

    def asked(self) -> Counter[str]:
        """Return how often each endpoint was asked about each prompt."""
        return Counter(
            f"{each.body['model']}: {each.body['messages'][-1]['content']}"
            for each in self.server.asked
        )

    @contextmanager
    def session(self) -> Iterator[Session]:
        with self.terminal.session() as session:
            yield session

    def loaded(self) -> list[list[Response]]:
        """Return the answers of each comparison that is given out."""
        with self.session() as session:
            ready = sa.select(Comparison.id).join(Batch).where(Batch.state == BatchState.ready)
            ids = session.scalars(ready.order_by(Comparison.id)).all()
            found = sa.select(Response).order_by(Response.number)
            return [list(session.scalars(found.where(Response.comparison_id == n))) for n in ids]

    def calls(self) -> list[Call]:
        with self.session() as session:
            return list(session.scalars(sa.select(Call).order_by(Call.id)))


@pytest.fixture
def site(either: Terminal, model_server: Server, tmp_path: Path) -> Site:
    return Site(either, model_server, tmp_path)


def says(body: dict[str, Any]) -> str:
    """Answer as a model that sometimes says too much of itself, and sometimes the same."""
    asked, model = body["messages"][-1]["content"], body["model"]
    if "is 1 plus" in asked:
        return "Both models say just this."
    if "is 2 plus" in asked and model == "large-model":
        return "As an assistant of Grand Models, I say three."
    return made_of(body)


@pytest.mark.both
def test_a_file_of_prompts_becomes_a_batch(site: Site) -> None:
    site.server.says(says)
    output = site.terminal.good(*GENERATE, site.write(5), *BOTH, "--yes")
    assert "5 prompts (5 en), 10 answers\nat most 5 comparisons\nabout " in output
    told = site.told(output)
    assert (told["answers"], told["failed calls"], told["comparisons"]) == ("10 of 10", "0", "3")
    assert (told["kept out: identical"], told["kept out: names_maker"]) == ("1", "1")
    assert told["prompts without a comparison"] == "2"
    assert set(site.asked().values()) == {1} and len(site.asked()) == 10
    cost = sum(call.cost_micro for call in site.calls())
    assert told["paid"].endswith(" EUR") and float(told["paid"][:-4]) == pytest.approx(
        cost / 1e6, rel=0.01
    )
    loaded = site.loaded()
    assert len(loaded) == 3
    for large, small in loaded:
        assert (large.model, small.model) == ("large-model", "small-model")
        for answer, provider in ((large, "mistral"), (small, "llamacpp")):
            origin = answer.provenance
            assert (origin["provider"], origin["finish_reason"]) == (provider, "stop")
            assert origin["model_returned"] == f"{answer.model}-001"
            assert origin["base_url_host"] == "127.0.0.1"
            assert origin["usage"]["output_tokens"] > 0
            assert not origin["left_premises"]
    listed = site.terminal.good("batch", "generations", "helpful", "1")
    assert "kept out\tsmall\tp1\tidentical\t" in listed
    assert "kept out\tlarge\tp2\tnames_maker\tGrand Models" in listed
    # The same again asks nothing, and loads nothing.
    again = site.terminal.good(*GENERATE, site.write(5), *BOTH)
    assert site.told(again)["comparisons"] == "3"
    assert (len(site.server.asked), len(site.loaded())) == (10, 3)


def test_nothing_is_done_before_somebody_has_agreed(site: Site) -> None:
    paid = "never more than 5.00 EUR"
    result = site.terminal(*GENERATE, site.write(2), *BOTH, "--budget", "5.00")
    assert (result.exit_code, paid in result.output) == (1, True)
    assert site.terminal.good("batch", "generations", "helpful") == ""
    assert site.server.asked == []


def test_a_bad_line_is_named(site: Site) -> None:
    said = site.terminal.refused(2, *GENERATE, site.write(1, prompt=""), *BOTH, "--yes")
    assert "line 1, prompt: The text is empty." in said


def test_calls_that_fail_are_listed_and_made_again(site: Site) -> None:
    site.server.only("llamacpp", Turn(status=400, message="too hot today"))
    result = site.terminal(*GENERATE, site.write(2), *BOTH, "--yes")
    assert result.exit_code == 1
    assert "With --retry they are made again" in result.stderr
    listed = site.terminal.good("batch", "generations", "helpful", "1")
    assert listed.count("failed\tsmall\t") == 2 and "too hot today" in listed
    assert site.loaded() == []
    site.server.only("llamacpp", Turn())
    told = site.told(site.terminal.good("batch", "generations", "helpful", "1", "--retry"))
    assert (told["answers"], told["comparisons"]) == ("4 of 4", "2")
    again = site.terminal.refused(1, "batch", "generations", "helpful", "1", "--retry")
    assert "over already" in again
    [row] = site.terminal.good("batch", "generations", "helpful").splitlines()
    assert row.split("\t")[:4] == ["1", "prompts.jsonl", "done", "4 of 4 answers"]


def test_what_is_there_is_made_do_with(site: Site) -> None:
    site.server.next(Turn(status=400))
    assert site.terminal(*GENERATE, site.write(3), *BOTH, "--yes").exit_code == 1
    told = site.told(site.terminal.good("batch", "generations", "helpful", "1", "--finish"))
    assert (told["answers"], told["comparisons"]) == ("5 of 6", "2")
    assert len(site.loaded()) == 2


def test_a_budget_stops_and_more_of_it_goes_on(site: Site) -> None:
    path = site.write(3)
    command = (*GENERATE, path, *BOTH, "--yes", "--budget")
    result = site.terminal(*command, "1.10")  # an answer may cost a euro and more
    assert result.exit_code == 1
    assert "The budget is used up" in result.stderr
    assert float(site.told(result.stdout)["paid"][:-4]) <= 1.1
    told = site.told(site.terminal.good(*command, "20"))
    assert (told["answers"], len(site.server.asked)) == ("6 of 6", 6)


def test_what_a_page_began_is_called_and_finished_in_the_background(site: Site) -> None:
    path = site.write(2)
    with site.session() as session:
        project = session.scalars(sa.select(Project)).one()
        by = session.get_one(Person, project.created_by)
        begin(session, project, path, by, endpoints="large,small")
        session.commit()
    site.terminal.good("work", "--once")
    assert site.loaded() == []
    site.terminal.good("call", "--once")
    site.terminal.good("work", "--once")
    assert len(site.loaded()) == 2
    assert site.terminal.good("work", "--once") == ""


def test_another_round(site: Site) -> None:
    site.terminal.good(*GENERATE, site.write(2), *BOTH, "--yes")
    told = site.told(site.terminal.good(*GENERATE, "--again", "1", *BOTH, "--yes"))
    assert (told["generation"], told["comparisons"]) == ("2", "2")
    assert len(site.loaded()) == 4


def test_killed_again_and_again_nothing_is_paid_twice(site: Site, soak: bool) -> None:
    number, kills = (200, 20) if soak else (12, 1)
    site.server.always(Turn(wait_s=0.05))
    if soak:
        site.server.fails(0.3, seed=7)
    path = site.write(number)
    seen = 0
    for _ in range(kills):
        with _generating(site, path) as process:
            wanted = seen + max(6, number // kills)
            _wait(partial(_has_come, site, process, wanted))
            process.send_signal(signal.SIGKILL)
        seen = len(site.server.asked)
        _let_silence_pass(site)
    assert site.loaded() == []
    said = site.terminal.good(*GENERATE, path, *BOTH, "--yes")
    calls = site.calls()
    assert {call.state for call in calls} == {CallState.done}
    assert Counter(call.key.rsplit(":", 2)[0] for call in calls) == {
        f"generation:1:{prompt}": 2 for prompt in range(number)
    }
    for call in calls:  # its own answer, and no other's
        assert call.messages[-1]["content"] in str(call.text)
        assert call.cost_micro == 1000 * ((call.input_tokens or 0) + (call.output_tokens or 0))
    paid = sum(call.cost_micro + call.wasted_micro for call in calls) / 1e6
    assert float(site.told(said)["paid"][:-4]) == pytest.approx(paid, abs=0.01)
    if not soak:  # what was under way when it was killed is asked again, and nothing else
        assert len(site.server.asked) <= 2 * number + 8
    assert len(site.loaded()) == number
    with site.session() as session:
        assert session.scalar(sa.select(sa.func.count(Generation.id))) == 1


@contextmanager
def _generating(site: Site, path: Path) -> Iterator["subprocess.Popen[str]"]:
    settings = {
        name.removeprefix("LABELER_").lower(): value
        for name, value in site.terminal.settings.items()
    }
    environ = environment(**settings)
    paths = str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    process = subprocess.Popen(
        [LABELER, *GENERATE, str(path), *BOTH, "--yes"],
        env=environ,
        cwd=site.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _has_come(site: Site, process: "subprocess.Popen[str]", asked: int) -> bool:
    return len(site.server.asked) >= asked or process.poll() is not None


def _let_silence_pass(site: Site) -> None:
    """Let so much time pass as makes whoever made calls count as ended."""
    with site.session() as session:
        ago = session.scalars(sa.select(Call).where(Call.heartbeat_at.is_not(None)))
        for call in ago:
            assert call.heartbeat_at is not None
            call.heartbeat_at -= PATIENCE + timedelta(seconds=1)
        session.commit()


def _wait(found: Any) -> None:
    until = time.monotonic() + PATIENCE_S
    while not found():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)
