"""Batches drawn from models by owners: seen before they are begun, followed, ended, drawn anew."""

import io
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from labeler.endpoints import registry
from labeler.endpoints.calls import Call
from labeler.endpoints.faults import OURS, Fault
from labeler.generation.generations import Generation, GenerationState
from labeler.schema import Base
from labeler.web import generations as pages
from labeler.work.comparisons import Comparison
from labeler.work.drafts import ModelsFrom
from tests.labeler.generation import drawing
from tests.labeler.web.conftest import HELPFUL, HOSTILE, Site
from tests.visits import Visit

HERE = f"{HELPFUL}/generations"
PROMPTS = [drawing.line(number) for number in range(3)]
USUAL = {"endpoints": ["a", "b"], "samples": "1", "pairs": "all", "per_prompt": "1"}


@pytest.fixture
def olga(site: Site) -> Visit:
    """The owner's browser; there are two models that cost nothing, and one far away."""
    settings = site.app.extensions["labeler.settings"]
    hosts = {"endpoint_hosts": "127.0.0.1:9, api.example.org"}
    site.app.extensions["labeler.settings"] = settings.model_copy(update=hosts)
    with site.writing() as (session, _project):
        for name in ("a", "b"):
            drawing.make_endpoint(session, name, site.people.root)
        away = {"base_url": "https://api.example.org/v1", "place": "elsewhere"}
        drawing.make_endpoint(session, "far", site.people.root, **away, **drawing.priced("4000"))
    return site.visit("olga")


def send(olga: Visit, rows: Sequence[Any] = PROMPTS, **changes: Any) -> TestResponse:
    """Send a file of prompts from the page for it."""
    olga.get(f"{HERE}/new")
    data = "\n".join(json.dumps(row) for row in rows).encode()
    form = USUAL | {"file": (io.BytesIO(data), "prompts.jsonl")} | changes
    return olga.post(f"{HERE}/prompts", **form)


def begin(olga: Visit, rows: Sequence[Any] = PROMPTS, **changes: Any) -> str:
    """Send prompts, look at what they come to, and begin; return where it leads."""
    plan = send(olga, rows, **changes).location
    assert plan is not None
    assert olga.get(plan).status_code == 200
    begun = olga.post(f"{HERE}/begin", **parse_qs(urlsplit(plan).query))
    assert begun.status_code == 302
    return str(begun.location)


def count(site: Site, table: type[Base]) -> int:
    with site.database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def answer(site: Site, folder: Path, said: drawing.Said = drawing.plainly) -> None:
    """Let everybody do what waits: calls are asked for, answered, and made a batch."""
    drawing.work(site.database, folder)
    with site.database.writing() as session:
        drawing.answer_all(session, said)
        session.commit()
    drawing.work(site.database, folder)


def test_from_a_file_to_a_batch(site: Site, olga: Visit, tmp_path: Path) -> None:
    plan = send(olga).location
    assert plan is not None
    page = olga.get(plan).text
    assert "6 answers are asked for" in page
    assert "Nothing was asked yet." in page
    assert "3 in English" in page
    assert (count(site, Call), count(site, Generation)) == (0, 0), "looking begins nothing"
    where = begin(olga)
    assert "Answers are being asked for" in olga.get(where).text
    answer(site, tmp_path)
    page = olga.get(where).text
    assert "3 comparisons came of it" in page
    batch = re.search(rf'href="({HELPFUL}/batches/\d+)"', page)
    assert batch is not None
    assert olga.get(batch[1]).status_code == 200
    assert count(site, Comparison) == 4 + 3
    assert "prompts.jsonl" in olga.get(HERE).text


def test_what_it_costs_is_said_before(olga: Visit) -> None:
    plan = send(olga, endpoints=["a", "far"], budget="2.50").location
    assert plan is not None
    page = olga.get(plan).text
    assert re.search(r"<dt>Cost</dt><dd>[0-9.]+ EUR – [0-9.]+ EUR", page)
    assert "<dt>Budget</dt><dd>2.50 EUR" in page


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"file": (io.BytesIO(b""), "")}, "file", "Please choose a file."),
        ({"file": (io.BytesIO(b"x"), "a.doc")}, "file", "must end in .jsonl"),
        ({"endpoints": []}, "endpoints", "Please fill this in."),
        ({"endpoints": "a"}, "endpoints", "There would be 1 answers to a prompt"),
        ({"samples": "many"}, "samples", "This must be a whole number."),
        ({"pairs": "baseline", "baseline": "c"}, "endpoints", "must be one of the endpoints"),
        ({"budget": "-1"}, "budget", "This must be more than 0."),
    ],
)
def test_what_is_wrong_is_said_by_field(
    olga: Visit, changes: dict[str, Any], field: str, said: str
) -> None:
    answer = send(olga, **changes)
    assert answer.status_code == 422
    fault = re.search(rf'id="{field}-fault">(.*?)</p>', answer.text)
    assert fault is not None
    assert said in fault[1]


def test_bad_lines_are_named_and_nothing_is_begun(site: Site, olga: Visit) -> None:
    answer = send(olga, [*PROMPTS, {"id": "x", "prompt": ""}, {"id": "p1", "prompt": "Again?"}])
    assert answer.status_code == 422
    assert "2 lines cannot be used" in answer.text
    assert count(site, Generation) == 0


def test_a_budget_for_what_is_free_is_refused_where_the_plan_would_be(olga: Visit) -> None:
    plan = send(olga, budget="1").location
    assert plan is not None
    answer = olga.get(plan)
    assert answer.status_code == 422
    assert "These endpoints cost nothing" in answer.text
    assert "prompts.jsonl is chosen already." in answer.text


def test_the_projects_rule_keeps_models_away(site: Site, olga: Visit) -> None:
    with site.writing() as (_session, project):
        project.models_from = ModelsFrom.on_premises
    page = olga.get(f"{HERE}/new").text
    barred = re.search(r'value="far"( checked)?( disabled)?>.*?</label>', page, re.DOTALL)
    assert barred is not None
    assert barred[2]
    assert "far is not on your own machines" in barred[0]
    plan = send(olga, endpoints=["a", "far"]).location
    assert plan is not None
    assert olga.get(plan).status_code == 403
    begun = olga.post(f"{HERE}/begin", **parse_qs(urlsplit(plan).query))
    assert begun.status_code == 403
    assert count(site, Generation) == 0


def test_progress_is_told_to_the_script(site: Site, olga: Visit, tmp_path: Path) -> None:
    where = begin(olga)
    assert 'data-job="' in olga.get(where).text
    drawing.work(site.database, tmp_path)
    with site.database.writing() as session:
        drawing.answer_all(session, most=3)
        session.commit()
    told = olga.client.get(where, headers={"Accept": "application/json"}).json
    assert told == {
        "is_over": False,
        "next": None,
        "share": 0.5,
        "step": "Models are answering",
        "words": "3 of 6 answers are there.",
    }
    answer(site, tmp_path)
    told = olga.client.get(where, headers={"Accept": "application/json"}).json
    assert told is not None
    assert told["is_over"]


def test_what_failed_is_explained_and_asked_again(site: Site, olga: Visit, tmp_path: Path) -> None:
    where = begin(olga)
    broken = Fault(None, "not_allowed", OURS, "No.", retryable=False)
    answer(site, tmp_path, lambda t: broken if t.line == "b" else drawing.plainly(t))
    page = olga.get(where).text
    assert "3 answers are missing" in page
    assert "127.0.0.1:9 is not on the list of hosts" in page
    assert "What is 2 plus one?" in page
    assert "data-job" not in page, "it waits for its owner"
    assert olga.post(f"{where}/retry").status_code == 302
    assert "3 calls are made again." in olga.get(where).text
    answer(site, tmp_path)
    assert "3 comparisons came of it" in olga.get(where).text


def test_it_is_finished_with_what_there_is(site: Site, olga: Visit, tmp_path: Path) -> None:
    where = begin(olga)
    drawing.work(site.database, tmp_path)
    with site.database.writing() as session:
        drawing.answer_all(session, most=4)
        session.commit()
    olga.get(where)
    assert olga.post(f"{where}/finish").status_code == 302
    drawing.work(site.database, tmp_path)
    page = olga.get(where).text
    assert "2 comparisons came of it" in page
    assert "2 answers never came." in page


def test_it_is_cancelled_and_can_be_asked_again(site: Site, olga: Visit, tmp_path: Path) -> None:
    where = begin(olga)
    olga.get(where)
    assert olga.post(f"{where}/cancel").status_code == 302
    page = olga.get(where).text
    assert "Cancelled" in page
    assert "Ask the same prompts again" in page
    assert olga.post(f"{where}/cancel").status_code == 409
    assert begin(olga) != where, "the same again is another one now"


def test_a_budget_that_is_used_up_can_be_raised(site: Site, olga: Visit, tmp_path: Path) -> None:
    where = begin(olga, endpoints=["far"], samples="2", budget="0.5")
    answer(site, tmp_path)
    page = olga.get(where).text
    assert "The budget is used up" in page
    assert "of 0.50 EUR." in page
    assert olga.post(f"{where}/budget", budget="0").status_code == 422
    assert olga.post(f"{where}/budget", budget="9").status_code == 302
    answer(site, tmp_path)
    with site.database.reading() as session:
        assert session.scalars(sa.select(Generation.state)).all() == [GenerationState.done]


def test_answers_that_were_kept_out_are_listed(site: Site, olga: Visit, tmp_path: Path) -> None:
    where = begin(olga)
    cut = drawing.reply("It is as", finish_reason="length")
    answer(site, tmp_path, lambda t: cut if t.line == "b" else drawing.plainly(t))
    page = olga.get(where).text
    assert "0 comparisons came of it" in page
    assert "Kept out of comparisons" in page
    assert page.count("<b>b</b>: It did not end by itself.") == 3
    assert "p1" in page


def test_another_round_asks_the_models_as_they_are_now(
    site: Site, olga: Visit, tmp_path: Path
) -> None:
    where = begin(olga)
    answer(site, tmp_path)
    with site.writing() as (session, _project):
        known = registry.find(session, "b").written
        registry.revise(session, known.model_copy(update={"model": "b-2"}), by=site.people.root)
    earlier = where.rpartition("/")[2]
    page = olga.get(f"{HERE}/new?earlier={earlier}").text
    assert "The same 3 prompts are answered again" in page
    assert 'type="file"' not in page
    assert page.count(" checked") >= 3, "as the round before"
    query = "&".join(["endpoints=a&endpoints=b&samples=1&pairs=all", f"earlier={earlier}"])
    assert "6 answers are asked for" in olga.get(f"{HERE}/plan?{query}").text
    begun = olga.post(f"{HERE}/begin", **parse_qs(query)).location
    assert begun not in (None, where)
    answer(site, tmp_path)
    assert "3 comparisons came of it" in olga.get(str(begun)).text
    assert "The round before" in olga.get(str(begun)).text


def test_a_file_is_kept_for_a_day(site: Site, olga: Visit, tmp_path: Path) -> None:
    plan = send(olga).location
    assert plan is not None
    [kept] = (tmp_path / "uploads").iterdir()
    os.utime(kept, (0, 0))
    send(olga, PROMPTS[:2])
    answer = olga.get(plan)
    assert answer.status_code == 404
    assert "That file is here no longer. Please send it again." in answer.text
    assert olga.get(f"{HERE}/plan?kept=../../labeler.db&{urlsplit(plan).query}").status_code == 404


def test_what_people_and_models_write_stays_text(site: Site, olga: Visit, tmp_path: Path) -> None:
    rows = [drawing.line(1, prompt=HOSTILE, id=HOSTILE)]
    plan = send(olga, rows, file=(io.BytesIO(json.dumps(rows[0]).encode()), "<b>.jsonl")).location
    assert plan is not None
    where = begin(olga, rows)
    broken = Fault(418, HOSTILE, HOSTILE, HOSTILE, retryable=False, raw=HOSTILE)
    answer(site, tmp_path, lambda _: broken)
    for address in (plan, where, HERE):
        page = olga.get(address).text
        assert "<script>alert" not in page
        assert "<b>.jsonl" not in page


def test_every_state_and_reason_has_words() -> None:
    assert set(pages.STATE_WORDS) == set(GenerationState)
    assert set(pages.REASON_WORDS) == {reason.value for reason in pages.Reason}
    assert {value for value, _ in pages.PAIRING_WORDS} == {each.value for each in pages.Pairing}
