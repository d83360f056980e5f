"""Known answers: how they fare, and where they come from: written, set, or mined from agreement."""

from collections.abc import Mapping, Sequence
from typing import Any

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict, Field

from labeler import database
from labeler.errors import Conflict, Invalid
from labeler.people.memberships import Role
from labeler.quality import gold, gold_report
from labeler.quality.gold import Candidate, Draft
from labeler.said import say
from labeler.text import markdown
from labeler.web import forms, visitors
from labeler.web.filters import gettext as _
from labeler.web.filters import ngettext
from labeler.work import comparisons, projects
from labeler.work.additions import Collection
from labeler.work.comparisons import Comparison
from labeler.work.gold import GoldSource

pages = Blueprint("gold", __name__, url_prefix="/projects/<slug>/gold")

PAGE = 100
STORABLE = r"^[^\x00]*$"
SOURCE_WORDS = {
    GoldSource.loaded.value: say("from a file"),
    GoldSource.written.value: say("written"),
    GoldSource.set.value: say("set by an owner"),
    GoldSource.mined.value: say("agreed on"),
}
FIELDS = {
    "prompt.0.content": "prompt",
    "responses.0.text": "answer_1",
    "responses.1.text": "answer_2",
    "responses": "answer_2",
}
"""How the page calls what is at fault in a comparison."""


class WrittenForm(BaseModel):
    """A comparison with its known answer, as it stands on the page; answers count from 1."""

    model_config = ConfigDict(extra="forbid")

    prompt: str = Field(min_length=1, max_length=100_000, pattern=STORABLE)
    answer_1: str = Field(min_length=1, max_length=100_000, pattern=STORABLE)
    answer_2: str = Field(min_length=1, max_length=100_000, pattern=STORABLE)
    better: int = Field(ge=1, le=2)
    why: str = Field(min_length=1, max_length=10_000, pattern=STORABLE)
    language: str = Field(min_length=1, max_length=35)
    for_qualification: bool = False


class SetForm(BaseModel):
    """Which answer of a comparison is better, counted from 1, and why."""

    model_config = ConfigDict(extra="forbid")

    better: int = Field(ge=1, le=100)
    why: str = Field(min_length=1, max_length=10_000, pattern=STORABLE)
    for_qualification: bool = False


class Asked(BaseModel):
    """How many people have to agree, and which part of them, in percent."""

    least: int = Field(gold.LEAST, ge=2, le=100)
    percent: int = Field(100, ge=51, le=100)
    after: int = Field(0, ge=0, le=forms.LARGEST_ID)

    @property
    def share(self) -> float:
        """The part of them."""
        return self.percent / 100


@pages.get("")
@login_required
def index(slug: str) -> ResponseReturnValue:
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    rows = gold_report.report(session, project)
    first = min(request.args.get("from", 0, type=forms.row_id), len(rows))
    shown = rows[first : first + PAGE]
    return render_template(
        "gold/index.html",
        project=project,
        role=projects.role_in(session, project, rex),
        rows=shown,
        number=len(rows),
        disputed=sum(row.is_disputed for row in rows),
        prompts=comparisons.prompts(session, [row.prompt_id for row in shown]),
        questions=gold_report.questions(session, project.id),
        excerpt=markdown.plain,
        source_words=SOURCE_WORDS,
        following=first + PAGE if first + PAGE < len(rows) else None,
    )


@pages.get("/write")
@login_required
def draft(slug: str) -> ResponseReturnValue:
    session = database.session()
    project = projects.find(session, slug, by=visitors.person(), role=Role.owner)
    language = project.languages[0] if len(project.languages) == 1 else ""
    return _writing(slug, {"language": language}, {})


@pages.post("/write")
@login_required
def write(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    try:
        gold.write(session, project, _draft(forms.read(WrittenForm)), by=olga)
    except (Invalid, Conflict) as refusal:
        database.reread()
        named = {FIELDS.get(name, name): words for name, words in refusal.fields.items()}
        return _writing(slug, request.form, named or {"prompt": refusal.message}), refusal.status
    session.commit()
    flask.flash(_("It is one of the known answers now."))
    return redirect(url_for("gold.index", slug=slug))


@pages.get("/mine")
@login_required
def agreed(slug: str) -> ResponseReturnValue:
    return _mining(slug)


@pages.post("/mine")
@login_required
def mine(slug: str) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    try:
        asked = forms.parse(Asked, _asked(request.form))
        found = gold.mine(
            session,
            project,
            _ticked(),
            least=asked.least,
            share=asked.share,
            to=_collection("for_qualification" in request.form),
            by=olga,
        )
    except (Invalid, Conflict) as refusal:
        database.reread()
        return _mining(slug, refusal.message), refusal.status
    session.commit()
    many = len(found)
    flask.flash(ngettext("%(num)s known answer more.", "%(num)s known answers more.", many))
    return redirect(url_for("gold.index", slug=slug))


@pages.post("/<int:comparison_id>/set")
@login_required
def set_answer(slug: str, comparison_id: int) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    comparison = comparisons.find(session, project.id, comparison_id)
    try:
        form = forms.read(SetForm)
        gold.set_answer(
            session,
            project,
            comparison,
            better=form.better - 1,
            why=form.why,
            to=_collection(form.for_qualification),
            by=olga,
        )
    except Invalid as refusal:
        database.reread()
        faults = refusal.fields or {"why": refusal.message}
        return _deciding(slug, comparison_id, faults), refusal.status
    session.commit()
    flask.flash(_("Its answer is known now, in a copy. Nobody further is asked this one."))
    return redirect(url_for("gold.index", slug=slug))


@pages.post("/<int:comparison_id>/unscore")
@login_required
def unscore(slug: str, comparison_id: int) -> ResponseReturnValue:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    comparison = comparisons.find(session, project.id, comparison_id)
    try:
        gold.unscore(session, comparison, request.form.get("reason", ""), by=olga)
    except Invalid as refusal:
        database.reread()
        faults = refusal.fields or {"reason": refusal.message}
        return _deciding(slug, comparison_id, faults), refusal.status
    session.commit()
    flask.flash(_("It counts for nobody any more, and nobody is given it. All pay stays."))
    return redirect(url_for("comparisons.show", slug=slug, comparison_id=comparison.id))


def _draft(form: WrittenForm) -> Draft:
    return Draft(
        prompt=form.prompt.replace("\r\n", "\n"),
        answers=(form.answer_1.replace("\r\n", "\n"), form.answer_2.replace("\r\n", "\n")),
        better=form.better - 1,
        why=form.why.replace("\r\n", "\n"),
        language=form.language.strip(),
        for_qualification=form.for_qualification,
    )


def _collection(for_qualification: bool) -> Collection:
    return Collection.questions if for_qualification else Collection.known


def _ticked() -> dict[int, str]:
    """Read which candidates are ticked, each with its reason."""
    try:
        ids = [forms.row_id(text) for text in request.form.getlist("take")]
    except ValueError:
        raise Conflict(gold.CHANGED) from None
    if not ids:
        raise Invalid("Please tick at least one of them.")
    return {each: request.form.get(f"why-{each}", "") for each in ids}


def _asked(given: Mapping[str, str]) -> dict[str, str]:
    """Return what is asked for, where anything is."""
    return {name: given[name] for name in Asked.model_fields if given.get(name)}


def _writing(slug: str, values: Mapping[str, Any], faults: Mapping[str, str]) -> str:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    return render_template(
        "gold/write.html",
        project=project,
        role=projects.role_in(session, project, olga),
        values=values,
        faults=faults,
    )


def _mining(slug: str, fault: str = "") -> str:
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    asked = forms.parse(Asked, {} if fault else _asked(request.args))
    found: Sequence[Candidate] = gold.candidates(
        session, project.id, least=asked.least, share=asked.share, after=asked.after, limit=PAGE
    )
    return render_template(
        "gold/mine.html",
        project=project,
        role=projects.role_in(session, project, olga),
        rows=found,
        prompts=comparisons.prompts(session, [row.prompt_id for row in found]),
        excerpt=markdown.plain,
        asked=asked,
        fault=fault,
        following=found[-1].comparison_id if len(found) == PAGE else None,
    )


def _deciding(slug: str, comparison_id: int, faults: Mapping[str, str]) -> str:
    """Give the forms of a comparison back as they were filled in."""
    session, olga = database.session(), visitors.person()
    project = projects.find(session, slug, by=olga, role=Role.owner)
    comparison: Comparison = comparisons.find(session, project.id, comparison_id)
    known = gold_report.known(session, comparison.id)
    return render_template(
        "gold/decide.html",
        project=project,
        role=projects.role_in(session, project, olga),
        comparison=comparison,
        gold=known,
        responses=comparisons.responses(session, comparison.id),
        gold_values=request.form,
        gold_faults=faults,
    )
