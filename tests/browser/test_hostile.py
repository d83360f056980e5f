"""Hostile text in every place that takes text, on every page: nothing runs, nothing is fetched.

What the policy of a page stops is told of and counts. With LABELER_SOAK=1 once more without that
policy, so that what is sent is harmless by itself.
"""

import json
import re
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy.orm import Session

from labeler import clock, jobs, said
from labeler.arena import visits
from labeler.endpoints import trials
from labeler.endpoints.faults import Fault
from labeler.pay import statements
from labeler.people import (
    accounts,
    evaluations,
    forum,
    memberships,
    remarks,
    representatives,
)
from labeler.people.accounts import Person
from labeler.people.evaluations import EvaluationDraft
from labeler.people.memberships import Role
from labeler.quality import brakes, disputes, outcomes, reviews
from labeler.quality.explained import About
from labeler.quality.refusals import ReasonCode
from labeler.quality.reviews import ReviewKind
from labeler.work import batches, layouts, listings, projects
from labeler.work.projects import Project
from labeler.work.rubrics import LONGEST_REASON
from tests import chats
from tests.browser import paying
from tests.browser.clicks import choose, send
from tests.browser.harm import active, watch
from tests.browser.pages import Reader, addresses
from tests.browser.site import Site, open_site
from tests.cast import make_cast
from tests.conftest import NewAddress
from tests.labeler.generation import drawing
from tests.labeler.text.attacks import ATTACKS, RAW_HTML
from tests.make import make_project

ADA, OLGA, REX = "ada@example.org", "olga@example.org", "rex@example.org"
READERS: dict[Reader, str] = {"owner": OLGA, "annotator": ADA}
MARK = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"
# What can be stored at all: a file or a form with the others is refused.
TEXTS = [text for text in ATTACKS if not re.search("[\x00\ud800-\udfff]", text)]
JS = "javascript:alert(1)"
TURNS = 31
AT_ONCE = TURNS + 2


@pytest.mark.slow
def test_hostile_text_stays_text(
    chromium: Browser, new_address: NewAddress, tmp_path: Path, soak: bool
) -> None:
    # A breach of the policy is told of, so that nothing hides behind it; without it, that is tried.
    for policy in (True, False) if soak else (True,):
        (folder := tmp_path / f"{policy}").mkdir()
        with (
            open_site(new_address("sqlite"), folder, lambda s: _fill(s, folder)) as site,
            chromium.new_context(bypass_csp=not policy) as context,
        ):
            assert _look_around(site, context, folder) == []


def _look_around(site: Site, context: BrowserContext, folder: Path) -> list[str]:
    """Judge everything and cut a release, then go to every page; return what went wrong."""
    faults, page = watch(context, site.url), context.new_page()
    _judge_everything(page, site, faults)
    with site.database.writing() as session:
        made = _made(session, folder)
        session.commit()
    site.arrive(page, OLGA)
    page.goto(f"{site.url}/projects/helpful/releases")
    send(page, page.get_by_role("button", name="Cut release").click)
    made["job_id"] = int(page.url.rpartition("/")[2])
    faults += active(page)
    site.do_jobs()
    expect(page).to_have_url(f"{site.url}/projects/helpful/releases/1")
    for reader, email in READERS.items():
        site.arrive(page, email)
        for address in _addresses(site, reader, made):
            page.goto(site.url + address)
            faults += active(page)
    site.arrive(page, "root@example.org")
    for address in addresses(site.app, defaultdict(lambda: 1, made), "administrator"):
        if address.startswith("/endpoints"):
            page.goto(site.url + address)
            faults += active(page)
    return faults


def _fill(session: Session, folder: Path) -> None:
    """Make a project in which every word that somebody wrote is an attack."""
    cast = make_cast(session)
    guidelines = "\n\n".join(RAW_HTML)
    project = make_project(
        session,
        cast,
        title=MARK,
        question=MARK,
        guidelines=guidelines,
        judgments_per_comparison=1,
    )
    zoe = accounts.create(session, "zoe@example.org", MARK, by=None)
    memberships.grant(session, project.id, zoe, Role.annotator, by=cast.olga)
    file = folder / "attacks.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in _rows()), "utf-8")
    for done in batches.load(
        session, project, layouts.read(file), name=MARK, digest="attacks", by=cast.olga
    ):
        assert done.refused == []


def _rows() -> list[dict[str, object]]:
    texts = [*TEXTS]
    texts += texts[: -len(texts) % AT_ONCE]
    return [_row(texts[begin : begin + AT_ONCE]) for begin in range(0, len(texts), AT_ONCE)]


def _row(texts: list[str]) -> dict[str, object]:
    roles = ("user", "assistant")
    return {
        "id": f"{texts[0][:60]}{MARK}",
        "prompt": [
            {"role": roles[place % 2], "content": text} for place, text in enumerate(texts[2:])
        ],
        "language": "en",
        "responses": [{"text": text, "model": MARK} for text in texts[:2]],
        "metadata": {MARK: MARK},
    }


def _judge_everything(page: Page, site: Site, faults: list[str]) -> None:
    """Look at every comparison and send it; nothing lies over what has to be clicked."""
    site.start(page, ADA)
    while "/work/" in page.url:
        faults += active(page)
        page.get_by_text("What was said before").click()
        page.get_by_label("Why?").fill("\n".join(TEXTS)[:LONGEST_REASON])
        choose(page, "A better")
        send(page, page.get_by_role("button", name="Send").click)
    assert len(site.said(ADA)) == len(_rows())


def _review(session: Session) -> int:
    """Send something back, and have a signal; every word of it is an attack."""
    olga, ada = accounts.find(session, OLGA), accounts.find(session, ADA)
    said = listings.of_person(session, ada, limit=1)[0]
    drawn = reviews.open(
        session,
        said.project_id,
        ReviewKind.signal,
        judgment_id=said.id,
        reason=MARK,
        evidence=TEXTS,
    )
    outcomes.remark(session, drawn, MARK, by=olga)
    outcomes.send_back(session, drawn, said, MARK, by=olga)
    return drawn.id


def _made(session: Session, folder: Path) -> dict[str, Any]:
    """Have something in question, objected to, paid and told; return what pages are asked for."""
    review_id = _review(session)
    olga, rex, ada = (accounts.find(session, email) for email in (OLGA, REX, ADA))
    project = projects.find(session, "helpful", by=olga)
    said = listings.of_person(session, ada, limit=1)[0]
    month = statements.first_of(clock.now().date())
    statements.make(session, project.id, ada.id, project.currency, month)
    [told] = statements.of_person(session, ada.id)
    return {
        "review_id": review_id,
        "refusal_id": brakes.propose(session, said, ReasonCode.copied, MARK, by=rex).id,
        "dispute_id": disputes.open(session, project, About.time, MARK, by=ada).id,
        "run_id": paying.owe(session, project, [ada, rex, olga], by=olga),
        "statement_id": told.id,
        "topic_id": _talked(session, project),
        **_drawn(session, project, folder, by=olga),
        **_chatted(session, project, by=ada),
    }


def _chatted(session: Session, project: Project, *, by: Person) -> dict[str, Any]:
    """Have Ada chat with models in hostile words, and a link for guests."""
    olga, until = accounts.find(session, OLGA), clock.now() + timedelta(days=3)
    chats.add_models(session, dict.fromkeys(chats.MODELS, MARK))
    chats.open_chat(session, project, by=olga, visitors={"per_visitor": 3, "per_day": 9})
    turn = chats.chat(session, project, "\n".join(TEXTS)[:4000], by=by)
    chats.answer_all(session, dict.fromkeys(chats.MODELS, "\n\n".join(TEXTS)))
    ticket = visits.make_link(session, project, label=MARK[:100], expires_at=until, by=olga)
    return {"conversation_id": turn.conversation_id, "ticket": ticket}


def _drawn(session: Session, project: Project, folder: Path, *, by: Person) -> dict[str, Any]:
    """Have models asked who are called, and answer, in hostile words; one was checked."""
    words = {"model": MARK, "region": MARK, "system_prompt": MARK, "licence": MARK}
    endpoint = drawing.make_endpoint(session, "a", by, makers=[MARK], **words)
    drawing.make_endpoint(session, "b", by, **words)
    path = drawing.write(folder, [drawing.line(1, id=MARK, prompt=MARK)])
    drawn = drawing.begin(session, project, path, by, samples=2)
    drawn.name = MARK
    faults = Fault(400, MARK, MARK, MARK, retryable=False, raw=MARK)
    drawing.answer_all(session, lambda taken: faults if taken.line == "b" else drawing.reply(MARK))
    job = jobs.take(session, trials.ask(session, endpoint, by=by).id)
    assert job is not None
    told = {"is_good": False, "words": said.parts(MARK), "text": MARK, "raw": MARK}
    assert jobs.finish(session, job, told)
    return {"generation_id": drawn.id, "name": "a"}


def _talked(session: Session, project: Project) -> int:
    """Have Ada talk in the forum and speak for others; return the topic's number."""
    root, ada = accounts.find(session, "root@example.org"), accounts.find(session, ADA)
    topic = forum.open_topic(session, MARK, MARK, by=ada)
    representatives.name(session, ADA, MARK, by=root)
    remarks.write(session, project.id, MARK, by=ada)
    found = EvaluationDraft(held_on=clock.now().date(), participants=MARK, text=MARK)
    evaluations.note(session, found, by=root)
    return topic.id


def _addresses(site: Site, reader: Reader, made: dict[str, Any]) -> list[str]:
    """Return the reader's pages, and some that are asked for in hostile words."""
    judged = site.said(ADA)
    values = {
        "assignment_id": judged[0].assignment_id,
        "batch_id": 1,
        "comparison_id": judged[0].comparison_id,
        "judgment_id": judged[0].id,
        "kind": "sides",
        "number": 1,
        "person_id": judged[0].person_id,
        "slug": "helpful",
        **made,
    }
    found = [*addresses(site.app, values, reader), f"/{quote(MARK)}", f"/sign-in?next={JS}"]
    if reader == "owner":
        project = "/projects/helpful"
        found += [f"{project}/comparisons/{one.comparison_id}" for one in judged]
        found += [f"{project}/comparisons?language={quote(MARK)}"]
        found += [f"{project}/releases?licence={quote(MARK)}&languages={quote(MARK)}"]
    return found
