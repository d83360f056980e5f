"""What workers can look at and say: the register, the forum, whom they chose, what she says."""

import json
import re

import pytest

from labeler.people import forum, memberships
from labeler.quality import brakes
from tests.labeler.web.conftest import HELPFUL, HOSTILE, Site
from tests.make import make_project

REMARK = f"{HELPFUL}/remark"


def test_the_register_shows_the_numbers_as_they_are(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, root = site.visit("ada"), site.visit("root")
    page = ada.get("/systems").text
    row = r"Of one person’s judgments in 24 hours</th><td class=\"n\">(\d+)<"
    assert re.findall(row, page) == ["10"]
    assert "They were never evaluated." in page and "Write one down" not in page
    monkeypatch.setattr(brakes, "PER_DAY", 4)
    assert re.findall(row, ada.get("/systems").text) == ["4"]
    with site.writing() as (_session, project):
        project.gold_share = 0.125
    page = ada.get(f"{HELPFUL}/systems").text
    assert 'Share of known answers</th><td class="n">12.5%<' in page

    root.get("/systems")
    wrong = root.post("/systems", held_on="soon", participants="Ada", text=HOSTILE)
    assert wrong.status_code == 422 and 'id="held_on-fault"' in wrong.text
    assert root.post("/systems", held_on="2020-02-29", participants="Ada", text=HOSTILE).location
    page = ada.get("/systems").text
    assert "due by 28 Feb 2022" in page and "overdue" in page and "<script>alert" not in page


def test_workers_talk_and_nobody_else_reads(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    ada, bea, olga = site.visit("ada"), site.visit("bea"), site.visit("olga")
    assert "Nobody has written anything yet." in ada.get("/forum").text
    assert "Forum" in ada.get("/decisions").text
    assert 'href="/forum"' not in olga.get("/decisions").text
    empty = ada.post("/forum", title=HOSTILE, text=" ")
    assert empty.status_code == 422 and 'id="text-fault"' in empty.text
    topic = ada.post("/forum", title=HOSTILE, text=f"Is it **late**? {HOSTILE}").location
    page = bea.get(topic).text
    assert "<strong>late</strong>" in page and "<script>alert" not in page and "<b dir" in page
    capsys.readouterr()
    assert bea.post(topic, text="Mine is.", nameless="1").location == f"{topic}#last"
    # The log tells that somebody wrote, and not who.
    [line] = [json.loads(each) for each in capsys.readouterr().err.splitlines()]
    assert (line["path"], line["method"], line["person"]) == (topic, "POST", None)
    assert bea.get("/forum/no-such").status_code == 404  # nor where she mistyped
    [line] = [json.loads(each) for each in capsys.readouterr().err.splitlines()]
    assert (line["status"], line["person"]) == (404, None)
    page = ada.get(topic).text
    assert "somebody who works here" in page and "Bea" not in page
    assert page.count("Take back</") + page.count("Take back<span") == 1
    assert bea.post("/forum/posts/2/take-back").location == topic
    assert "Mine is." not in ada.get(topic).text
    for page_number in ("2", "x", "9" * 30, "-1"):
        assert bea.get(f"/forum?page={page_number}").status_code == 200
    for who in ("olga", "rex", "root", "mallory"):
        visit = site.visit(who)
        for address in ("/forum", topic):
            refused = visit.get(address)
            assert refused.status_code == 403 and "late" not in refused.text
            assert visit.post(address, title="I", text="I").status_code == 403
    with site.database.reading() as session:
        assert len(forum.topics(session, by=site.people.ada)) == 1


def test_the_representative_speaks_and_the_owner_may_only_decline(site: Site) -> None:
    ada, bea, olga, root = (site.visit(name) for name in ("ada", "bea", "olga", "root"))
    root.get("/representative")
    assert root.post("/representative", worker="rex@example.org", reason="x").status_code == 422
    assert root.post("/representative", worker="ada@example.org", reason="By vote.").location
    assert "Ada speaks for those who work here" in bea.get("/representative").text
    with site.writing() as (session, _project):  # a project in which she has no part
        other = make_project(session, site.people, slug="other", title="Other")
        memberships.remove(session, other.id, site.people.ada, by=site.people.olga)
    assert ada.get("/projects/other/remark").status_code == 200
    assert ada.get("/projects/other/time").status_code == 404
    assert ada.get("/projects/nothing/remark").status_code == 404

    page = ada.get(REMARK).text
    assert "Only groups of 10 people or more are shown." in page
    assert ada.post(REMARK, text=f"We waited *weeks*. {HOSTILE}").location == REMARK
    page = olga.get(REMARK).text
    assert "We waited *weeks*." in page and "<script>alert" not in page and "Figures" not in page
    assert olga.post(REMARK, text="All is well.").status_code == 403
    assert olga.post(f"{REMARK}/decline", number="1", reason="").status_code == 422
    assert olga.post(f"{REMARK}/decline", number="1", reason="It was days.").location == REMARK
    assert "Olga declined to publish this" in bea.get(REMARK).text
    assert ada.post("/representative/step-down").location == "/representative"
    assert ada.post(REMARK, text="More.").status_code == 403
