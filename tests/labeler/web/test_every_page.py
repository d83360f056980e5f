"""Every page in every language; and in one that is made up, where nothing may be missing.

In that one, which runs from right to left, every text stands in brackets. Whatever people wrote is
Greek, so that a Latin word outside brackets is a text that cannot be translated.
"""

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

import exports
from labeler.cli import refreshing
from labeler.quality.snapshots import Snapshot
from labeler.text.languages import INTERFACE, direction
from labeler.web import locales, rubrics
from labeler.work.rubrics import RubricDraft
from tests import made_up
from tests.security.stage import WHO as EVERYBODY
from tests.security.stage import Stage, put_up
from tests.security.test_authorisation import PAGES, Case
from tests.serving import close_app, make_app
from tests.visits import Visit

WHO = ("anonymous", "mallory", "rex", "ada", "olga")
READERS = ("anonymous", "ada", "olga")
GREEK = {
    "people": ("name",),
    "projects": ("title", "question"),
    "guidelines": ("text",),
    "batches": ("name",),
    "comparisons": ("external_id",),
    "responses": ("model",),
    "sign_ins": ("browser",),
    "tokens": ("label",),
}
READ = {
    *("alt", "aria-label", "placeholder", "title", "data-l", "data-restored"),
    *("data-marked", "data-taken", "data-moved", "data-put", "data-back", "data-wait"),
    *("data-sending", "data-waiting", "data-reading", "data-cancelled", "data-broken"),
    *("data-changed", "data-large", "data-signed-out", "data-words", "data-told", "data-waits"),
}
UNREAD = {"script", "style", "code", "svg", "kbd"}
VOID = {"br", "col", "hr", "img", "input", "link", "meta", "path", "wbr"}
# Names and units that are alike in every language; a currency keeps its code.
ALIKE = {"labeler", "UTC", "EUR", "SHA"}
ASKED: Any = [
    {"kind": "ranking", "partial": True},
    {"kind": "criteria", "criteria": [{"name": "λόγος", "required": False}, {"name": "μῦθος"}]},
    {"kind": "edit"},
    {"kind": "marks", "types": ["λόγος"], "severities": ["μῦθος"]},
    {"kind": "flags"},
    {"kind": "reason", "text": "required", "min": 9, "tags": ["λόγος"]},
]
"""All kinds of questions but the one that the project asks."""
TITLE = "Fresh"
"""Of a project that is made on the way."""


@pytest.fixture(scope="module")
def stage(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("pages")
    shutil.copy(sqlite_template, folder / "labeler.db")
    app = make_app(f"sqlite:///{folder / 'labeler.db'}", folder, log_level="error")
    exports.init_app(app)
    made_up.teach(app, folder)
    stage = put_up(app, folder)
    with stage.database.writing() as session:
        for table, columns in GREEK.items():
            for column in columns:
                name = "'λόγος'" if column not in ("external_id",) else "'λόγος-' || id"
                session.execute(sa.text(f"UPDATE {table} SET {column} = {name}"))
        project_id = session.scalars(sa.select(Snapshot.project_id)).one()
        session.commit()
    refreshing.refresh_project(stage.database, project_id)
    yield stage
    close_app(app)


def _pages(stage: Stage, who: str, tag: str) -> Iterator[tuple[str, TestResponse]]:
    """Ask for everything that there is, and look at what follows what was done."""
    visit = stage.visits[who]
    visit.client.set_cookie(locales.COOKIE, tag)
    for (method, _), case in PAGES.items():
        if case.path in ("/sign-out", "/language") and method == "POST":
            continue
        yield f"{who} {method} {case.path}", _ask(stage, visit, method, case)
    for path in ("/nothing", "/work/999999", "/projects/helpful/state"):
        yield f"{who} GET {path}", visit.get(path)


def _ask(stage: Stage, visit: Visit, method: str, case: Case) -> TestResponse:
    path = stage.path(case.path)
    if method == "GET":
        return visit.get(path)
    answer = visit.post(path, **{name: stage.path(str(v)) for name, v in case.form.items()})
    return visit.get(answer.location) if answer.status_code == 302 else answer


@pytest.mark.parametrize("who", WHO)
def test_no_text_is_left_in_english(stage: Stage, who: str) -> None:
    left, seen = {}, 0
    for name, answer in _pages(stage, who, made_up.TAG):
        if answer.mimetype != "text/html" or answer.status_code == 302:
            answer.close()
            continue
        seen += 1
        assert f'<html lang="{made_up.TAG}" dir="rtl">' in answer.text, name
        if found := _left_in(answer.text):
            left[f"{name} {answer.status_code}"] = found
    assert seen > 20
    assert not left, "\n".join(f"{name}: {sorted(words)}" for name, words in left.items())


def test_no_question_is_left_in_english(stage: Stage) -> None:
    visit = stage.visits["olga"]
    visit.client.set_cookie(locales.COOKIE, made_up.TAG)
    asked = RubricDraft.model_validate({"questions": ASKED}).asked
    page = visit.post("/projects/new", preview="1", question="λόγος", **rubrics.fields(asked)).text
    for kind in ("ranking", "criteria", "edit", "marks", "flags", "reason"):
        assert f'name="{kind}.' in page or f'name="{kind}"' in page
    assert _left_in(page) == set()


@pytest.mark.parametrize("tag", INTERFACE)
def test_every_page_is_there_in_every_language(stage: Stage, tag: str) -> None:
    seen = 0
    for who in READERS:
        stage.visits[who].client.set_cookie(locales.COOKIE, tag)
    cases = (case for (method, _), case in PAGES.items() if method == "GET")
    for number, case in enumerate(cases, start=INTERFACE.index(tag)):
        expected = dict(zip(EVERYBODY, case.expected.split(), strict=True))
        able = [who for who in READERS if expected[who] == "200"] or READERS
        who = able[number % len(able)]
        with stage.visits[who].client.get(stage.path(case.path)) as answer:
            assert str(answer.status_code) == expected[who], (who, case.path)
            if answer.mimetype == "text/html" and answer.status_code != 302:
                seen += answer.status_code == 200
                page = f'<html lang="{tag}" dir="{direction(tag)}">'
                assert page in answer.text, (who, case.path)
    assert seen > 25


class _Texts(HTMLParser):
    """Collects what a page says: not what people wrote, which says its own language."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.read: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        hidden = (tag != "html" and "lang" in given) or given.get("translate") == "no"
        hidden = hidden or tag in UNREAD or (bool(self._open) and self._open[-1][1])
        if not hidden:
            self.read += [value or "" for name, value in attrs if name in READ]
        if tag not in VOID:
            self._open.append((tag, hidden))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._open or not self._open[-1][1]:
            self.found.append(data)


def _left_in(page: str) -> set[str]:
    texts = _Texts()
    texts.feed(page)
    texts.close()
    drawn = [json.loads(name) for name in re.findall(r'"name": ("[^"]*")', page)]
    # A text may have marks in it, so what is shown is read as one.
    shown = "".join(texts.found)
    return {word for text in (shown, *texts.read, *drawn) for word in _outside(text)}


def _outside(text: str) -> set[str]:
    """Return the Latin words that stand outside all brackets."""
    while (less := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = less
    text = re.sub(r"\S+@\S+", " ", text)
    return set(re.findall(r"[A-Za-z]{2,}", text)) - ALIKE - {TITLE}
