"""What a chat needs in a test: models that can be asked, rules, and answers to what was asked."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.arena import conversations, rules, turns
from labeler.arena.rules import ChatRules
from labeler.arena.turns import Turn
from labeler.endpoints import taking
from labeler.endpoints.calls import Call
from labeler.endpoints.faults import Fault
from labeler.endpoints.taking import Taken
from labeler.people.accounts import Person
from labeler.work.projects import Project
from tests.labeler.arena import talks
from tests.make import new_key

MODELS = {"gull": "Gull-Large-9", "heron": "heron-mini-2"}
"""Endpoints by name, with what their models are called."""
ANSWERS = {
    "gull": "Keep it in a *linen bag*:\n\n1. Let it cool.\n2. Wrap it.\n\n"
    "| Days | Crust |\n|---|---|\n| 1 | crisp |\n| 3 | soft |",
    "heron": "Freeze it in slices, and toast them one by one. Never put bread into the fridge: "
    "there it dries sooner than on the table.",
}
TAKER = "a test"


def add_models(session: Session, models: Mapping[str, str] = MODELS) -> None:
    """Register models that run on one's own machines."""
    for name, model in models.items():
        talks.make_endpoint(session, name, model=model)


def open_chat(session: Session, project: Project, *, by: Person, **changes: Any) -> ChatRules:
    """Let people of a project chat with the models."""
    given = {"endpoints": list(MODELS), "most_turns": 3} | changes
    return rules.set_rules(session, project, rules.read(given), by=by)


def take_all(session: Session) -> dict[str, Taken]:
    """Begin to make every call that waits; return them by the name of their endpoint."""
    taken = {}
    while (one := taking.take(session, TAKER)) is not None:
        taken[one.line] = one
    return taken


def finish(session: Session, taken: Taken, text: str, **changes: Any) -> None:
    """Have a model answer."""
    assert taking.finish(session, taken, talks.reply(text, **changes))


def break_off(session: Session, taken: Taken) -> None:
    """Have a model give no answer, for good."""
    fault = Fault(400, "bad_request", "invalid_request_error", "No.", retryable=False)
    assert taking.fail(session, taken, fault)


def answer_all(session: Session, texts: Mapping[str, str]) -> None:
    """Have the models answer whatever they are asked, each with a text of its own."""
    for name, taken in take_all(session).items():
        finish(session, taken, texts[name])


def chat(session: Session, project: Project, text: str, *, by: Person) -> Turn:
    """Have somebody write a message in their conversation, which begins with it if it has not."""
    conversation = conversations.begin(session, project, language="en", by=by)
    return turns.say(session, conversation, text, key=new_key(), by=by)


def calls_of(session: Session, kin: str) -> Sequence[Call]:
    """Return the calls of a kin, oldest first, as they are by now."""
    wanted = sa.select(Call).where(Call.kin == kin).order_by(Call.id)
    return session.scalars(wanted, execution_options={"populate_existing": True}).all()
