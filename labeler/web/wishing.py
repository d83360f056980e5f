"""What is wished for of models, as the pages carry it: from the form to the plan to its beginning.

A file of prompts is kept for a day, so that its owner sees what it comes to before anything is
asked. The form's fields are in the address of that page, and hidden in what begins it.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flask import current_app, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from labeler import database
from labeler.config import Settings
from labeler.endpoints import keys, registry
from labeler.endpoints.registry import Endpoint
from labeler.errors import Forbidden, Invalid, NotFound, Refusal
from labeler.generation import beginning, generations, prompts, wishes
from labeler.generation.generations import Generation, GenerationState
from labeler.generation.pairing import Pairing
from labeler.generation.prompts import Source
from labeler.generation.wishes import Wish
from labeler.said import say
from labeler.web import endpoints, forms, visitors
from labeler.web.filters import gettext as _
from labeler.work import files, uploads
from labeler.work.projects import Project

Values = MultiDict[str, str]

WISHES = ("samples", "pairs", "baseline", "per_prompt", "seed", "budget")
"""Fields of the form that are the wish's, beside the endpoints."""
OTHERS = ("kept", "name", "language", "earlier")


def wish(values: Values) -> Wish:
    """Read what is wished for; a baseline counts only where pairs are made with one."""
    given: dict[str, Any] = {n: values[n].strip() for n in WISHES if values.get(n, "").strip()}
    if given.get("pairs") != Pairing.baseline.value:
        given.pop("baseline", None)
    return wishes.read(given | {"endpoints": values.getlist("endpoints")})


def keep_file(values: Values) -> None:
    """Keep the file that was sent, and look whether it can be used."""
    upload = request.files.get("file")
    try:
        if upload is not None and upload.filename:
            name = Path(upload.filename).name
            values["kept"] = uploads.lay(upload.stream, _folder(), files.kind(name))
            values["name"] = name
        if not values.get("kept"):
            raise Invalid("Please choose a file.")
        _look(values)
    except Invalid as refusal:
        raise Invalid(refusal.message, fields={"file": refusal.message, **refusal.fields}) from None


def is_kept(values: Values) -> bool:
    """Say whether a file that was sent before is still here."""
    try:
        return bool(uploads.laid(_folder(), values.get("kept", "")))
    except NotFound:
        return False


def source(session: Session, project: Project, values: Mapping[str, str]) -> Source:
    """Say what is in the prompts: those of a file that was kept, or of the round before."""
    earlier = earlier_of(session, project, values)
    return beginning.look(session, earlier) if earlier else _look(values)


def earlier_of(session: Session, project: Project, values: Mapping[str, str]) -> Generation | None:
    """Return the round before whose prompts are asked again, if that is so."""
    number = values.get("earlier", "")
    if not number:
        return None
    try:
        return generations.find(session, project.id, forms.row_id(number))
    except ValueError:
        raise NotFound("There is no such generation.") from None


def begun(project: Project, values: Values) -> Generation:
    """Begin, and go as far as all prompts are stored; the calls are asked for by a job.

    The file is read before the turn to write is taken, and each step is committed.
    """
    steps = _steps(project, values)
    session = database.session()
    for generation in steps(session):
        session.commit()
        if generation.state is not GenerationState.loading:
            break
    return generation


def name_of(session: Session, project: Project, values: Mapping[str, str]) -> str:
    """Return what the batch is to be called: after its file, or after the round before."""
    earlier = earlier_of(session, project, values)
    return earlier.name if earlier else values.get("name", "") or _("Prompts")


def chosen(values: Values) -> dict[str, Any]:
    """Return all that was chosen, as an address or hidden fields carry it."""
    told = {name: values[name] for name in (*WISHES, *OTHERS) if values.get(name)}
    return told | {"endpoints": values.getlist("endpoints")}


def usual(project: Project, earlier: Generation | None) -> Values:
    """Return what the form says at first: as the round before, or what is usual."""
    if earlier:
        told = earlier.settings | {"earlier": earlier.id}
        return MultiDict({name: told[name] for name in told if told[name] is not None})
    only = project.languages[0] if len(project.languages) == 1 else ""
    return MultiDict({"pairs": "all", "samples": "1", "per_prompt": "1", "language": only})


def barred(project: Project, endpoint: Endpoint) -> str:
    """Say why the project cannot ask this one; nothing if it can."""
    try:
        registry.require_allowed(project, endpoint)
    except Forbidden as refusal:
        return refusal.message
    profile = endpoint.written
    if not endpoints.is_listed(profile):
        return say("Its host may not be called from here.")
    return "" if keys.is_there(profile) else say("Its key is missing.")


def faults(refusal: Refusal) -> dict[str, str]:
    """Name faults after the fields of the page; the rest is about the choice of models."""
    renamed = {"batch": "endpoints", "prompts": "file", "kept": "file"}
    named = {
        renamed.get(name, name): words for name, words in forms.by_field(refusal.fields).items()
    }
    return named or {"endpoints": refusal.message}


def _look(values: Mapping[str, str]) -> Source:
    path = uploads.laid(_folder(), values.get("kept", ""))
    return prompts.look(path, language=values.get("language") or None)


def _steps(project: Project, values: Values) -> Callable[[Session], Iterator[Generation]]:
    """Return what begins as is wished for, step by step."""
    wished, by = wish(values), visitors.person()
    with database.of_app().reading() as session:
        name, earlier = name_of(session, project, values), earlier_of(session, project, values)
    if earlier:
        return partial(
            beginning.another_round,
            project=project,
            earlier=earlier,
            wish=wished,
            name=name,
            by=by,
        )
    return partial(
        beginning.begin,
        project=project,
        wish=wished,
        source=_look(values),
        path=uploads.laid(_folder(), values.get("kept", "")),
        name=name,
        by=by,
        language=values.get("language") or None,
    )


def _folder() -> Path:
    settings: Settings = current_app.extensions["labeler.settings"]
    return settings.uploads
