"""Endpoints for administrators: which models can be asked, where, and how that goes.

A key is shown nowhere: a page says from where it is read, and whether it is there.
"""

from collections.abc import Mapping
from typing import Any

import flask
from flask import Blueprint, current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from sqlalchemy.orm import Session

from labeler import bells, clock, database, jobs
from labeler.config import Settings
from labeler.endpoints import hosts, keys, pacing, profiles, registry, trials, writing
from labeler.endpoints.profiles import OutputUse, Place, Profile, Provider
from labeler.endpoints.registry import Endpoint
from labeler.errors import Conflict, Forbidden, Invalid
from labeler.people.accounts import Person
from labeler.progress import models
from labeler.said import say
from labeler.web import forms, profileforms, visitors
from labeler.web.filters import gettext as _

pages = Blueprint("endpoints", __name__, url_prefix="/endpoints")

LARGEST_FILE = 100_000
"""Bytes of a file with a profile."""
PROVIDER_WORDS = {
    Provider.openai: say("OpenAI, or what speaks like it"),
    Provider.azure: say("Azure, with addresses that end in /openai/v1"),
    Provider.azure_classic: say("Azure, with an api-version"),
    Provider.mistral: say("Mistral"),
    Provider.vllm: say("vLLM"),
    Provider.ollama: say("Ollama"),
    Provider.llamacpp: say("llama.cpp"),
}
PLACE_WORDS = {
    Place.on_premises: say("On your own machines"),
    Place.eu: say("In the EU"),
    Place.elsewhere: say("Elsewhere"),
}
USE_WORDS = {
    OutputUse.unknown: say("Nobody has looked yet"),
    OutputUse.unrestricted: say("For anything"),
    OutputUse.no_competing: say("Not for models that compete with the provider’s"),
    OutputUse.name_prefix: say("Models trained on them carry the name of theirs"),
    OutputUse.no_other_models: say("Not to improve any model but theirs"),
    OutputUse.research_only: say("For research alone"),
}


@pages.get("")
@login_required
def index() -> ResponseReturnValue:
    session = database.session()
    _admin()
    return render_template(
        "endpoints/index.html",
        endpoints=[(each, each.written) for each in registry.current(session)],
        archived=registry.archived(session),
        uses=models.in_month(session, clock.now()),
        lines=pacing.lines(session),
        now=clock.now(),
        provider_words=PROVIDER_WORDS,
        place_words=PLACE_WORDS,
        is_there=keys.is_there,
        is_listed=is_listed,
        listed=_settings().endpoint_hosts,
    )


@pages.get("/new")
@login_required
def new() -> ResponseReturnValue:
    _admin()
    return _form(None, profileforms.BLANK, {})


@pages.post("/new")
@login_required
def add() -> ResponseReturnValue:
    session, root = database.session(), _admin()
    try:
        endpoint = registry.add(session, profiles.read(profileforms.given(request.form)), by=root)
    except (Invalid, Conflict) as refusal:
        database.reread()
        faults = profileforms.faults(refusal.fields) or {"name": refusal.message}
        return _form(None, request.form, faults), refusal.status
    session.commit()
    return _kept(endpoint)


@pages.post("/toml")
@login_required
def write() -> ResponseReturnValue:
    """Add or change the endpoint that a TOML text or file describes, as its name is known."""
    session, root = database.session(), _admin()
    text = request.form.get("toml", "")
    try:
        text = _uploaded() or text
        profile = profiles.parse(text)
        endpoint = _put(session, profile, by=root)
    except Invalid as refusal:
        database.reread()
        faults = refusal.fields or {"toml": refusal.message}
        return _form(None, profileforms.BLANK, {}, text=text, text_faults=faults), refusal.status
    session.commit()
    return _kept(endpoint)


@pages.get("/named/<name>")
@login_required
def show(name: str) -> ResponseReturnValue:
    """Show an endpoint as a page, or to the page's script how far its check is."""
    session = database.session()
    _admin()
    endpoint = registry.newest(session, name)
    trial = trials.last(session, endpoint)
    if forms.by_script():
        words = _("It is being asked.")
        is_over = trial is None or trial.is_over
        return jsonify(is_over=is_over, next=None, share=None, words=words, step=words)
    profile = endpoint.written
    return render_template(
        "endpoints/show.html",
        endpoint=endpoint,
        profile=profile,
        trial=trial,
        is_silent=trial is not None and jobs.is_silent(session, trial),
        found=trials.words(trial) if trial and trial.is_over else None,
        use=models.in_month(session, clock.now()).get(name) or models.Use(),
        line=pacing.lines(session).get(name),
        versions=[(each, _by(session, each)) for each in registry.versions(session, name)],
        now=clock.now(),
        provider_words=PROVIDER_WORDS,
        place_words=PLACE_WORDS,
        use_words=USE_WORDS,
        has_key=keys.is_there(profile),
        is_listed=is_listed(profile),
    )


@pages.get("/named/<name>/change")
@login_required
def edit(name: str) -> ResponseReturnValue:
    _admin()
    endpoint = registry.newest(database.session(), name)
    return _form(endpoint, profileforms.filled_in(endpoint.written), {})


@pages.post("/named/<name>/change")
@login_required
def revise(name: str) -> ResponseReturnValue:
    session, root = database.session(), _admin()
    before = registry.newest(session, name)
    try:
        profile = profiles.read(profileforms.given(request.form) | {"name": name})
        _require_newest(before, profile)
        endpoint = registry.revise(session, profile, by=root)
    except (Invalid, Conflict) as refusal:
        database.reread()
        before = registry.newest(database.session(), name)
        faults = profileforms.faults(refusal.fields) or {"endpoint": refusal.message}
        return _form(before, request.form, faults), refusal.status
    session.commit()
    return _kept(endpoint)


@pages.post("/named/<name>/archive")
@login_required
def archive(name: str) -> ResponseReturnValue:
    session, root = database.session(), _admin()
    registry.archive(session, name, by=root)
    session.commit()
    flask.flash(_("Nothing new is asked of it. What was asked before is still answered."))
    return redirect(url_for("endpoints.show", name=name))


@pages.post("/named/<name>/restore")
@login_required
def restore(name: str) -> ResponseReturnValue:
    session, root = database.session(), _admin()
    registry.revise(session, registry.newest(session, name).written, by=root)
    session.commit()
    flask.flash(_("It is in use again."))
    return redirect(url_for("endpoints.show", name=name))


@pages.post("/named/<name>/check")
@login_required
def check(name: str) -> ResponseReturnValue:
    session, root = database.session(), _admin()
    job = trials.ask(session, registry.newest(session, name), by=root)
    session.commit()
    bells.ring(_settings().bell, job.id)
    return redirect(url_for("endpoints.show", name=name, _anchor="check-h"))


def _admin() -> Person:
    person = visitors.person()
    if not person.is_admin:
        raise Forbidden("Only administrators look after the models that can be asked.")
    return person


def _settings() -> Settings:
    settings: Settings = current_app.extensions["labeler.settings"]
    return settings


def is_listed(profile: Profile) -> bool:
    """Say whether the settings let anybody call the host of this endpoint."""
    target, listed = profile.target, hosts.read(_settings().endpoint_hosts)
    return hosts.allows(listed, target.host, target.port)


def _by(session: Session, endpoint: Endpoint) -> str:
    if endpoint.created_by is None:
        return ""
    return session.get_one(Person, endpoint.created_by).name


def _require_newest(before: Endpoint, profile: Profile) -> None:
    """Raise Conflict if the form changes a version that is not the newest any more."""
    if before.written != profile and request.form.get("version", "") not in (
        "",
        str(before.version),
    ):
        raise Conflict(
            "Somebody else has changed this since you opened the page. Please look at it again."
        )


def _uploaded() -> str:
    """Return the text of a file that was sent; nothing if none was."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return ""
    content = upload.stream.read(LARGEST_FILE + 1)
    try:
        if len(content) <= LARGEST_FILE:
            return content.decode()
    except UnicodeDecodeError:
        pass
    fault = say("This is no text in UTF-8 of 100 kB at most.")
    raise Invalid(fault, fields={"file": fault})


def _put(session: Session, profile: Profile, *, by: Person) -> Endpoint:
    if any(registry.versions(session, profile.name)):
        return registry.revise(session, profile, by=by)
    return registry.add(session, profile, by=by)


def _kept(endpoint: Endpoint) -> ResponseReturnValue:
    about = {"name": endpoint.name, "number": endpoint.version}
    flask.flash(_("%(name)s is kept as version %(number)s.", **about))
    return redirect(url_for("endpoints.show", name=endpoint.name))


def _form(
    endpoint: Endpoint | None,
    values: Mapping[str, Any],
    faults: Mapping[str, str],
    *,
    text: str | None = None,
    text_faults: Mapping[str, str] | None = None,
) -> str:
    if text is None:
        text = writing.toml(endpoint.written) if endpoint else ""
    return render_template(
        "endpoints/form.html",
        endpoint=endpoint,
        values=values,
        faults=faults,
        text=text,
        text_faults=text_faults or {},
        providers=[(each.value, _(words)) for each, words in PROVIDER_WORDS.items()],
        places=[(each.value, words) for each, words in PLACE_WORDS.items()],
        uses=[(each.value, _(words)) for each, words in USE_WORDS.items()],
        labels=profileforms.LABELS,
        listed=_settings().endpoint_hosts,
    )
