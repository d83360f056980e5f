"""Two models that answer at once, and a person who chats with them, by the verbs alone."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from labeler.arena import conversations, rules, turns, votes
from labeler.arena.conversations import Conversation
from labeler.arena.turns import Turn
from labeler.endpoints import profiles, registry, taking
from labeler.endpoints.client import Reply
from labeler.endpoints.faults import Fault
from labeler.endpoints.registry import Endpoint
from labeler.endpoints.taking import Taken
from labeler.people.accounts import Person
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from tests.cast import Cast
from tests.make import make_project, new_key

NAMES = ("one", "two")
Says = Callable[[Taken], str]


def make_endpoint(session: Session, name: str, **changes: Any) -> Endpoint:
    """Register a model on one's own machine."""
    given = {
        "name": name,
        "provider": "llamacpp",
        "base_url": "http://127.0.0.1:8080/v1",
        "model": f"model-{name}",
        "place": "on_premises",
    }
    return registry.add(session, profiles.read(given | changes), by=None)


def make_chat(
    session: Session, cast: Cast, *, names: Sequence[str] = NAMES, slug: str = "chat", **draft: Any
) -> Project:
    """Make a project in whose chat these models answer."""
    project = make_project(session, cast, slug=slug, languages=["en", "de"])
    for name in names:
        if name not in {each.name for each in registry.current(session)}:
            make_endpoint(session, name)
    set_rules(session, project, cast, endpoints=list(names), **draft)
    return project


def set_rules(session: Session, project: Project, cast: Cast, **draft: Any) -> None:
    """Let the project's owner say how people chat."""
    given = {"endpoints": list(NAMES)} | draft
    rules.set_rules(session, project, rules.read(given), by=cast.olga)


def begin(session: Session, project: Project, by: Person, language: str = "en") -> Conversation:
    """Begin a chat."""
    return conversations.begin(session, project, language=language, by=by)


def write(session: Session, chat: Conversation, text: str, by: Person) -> Turn:
    """Write a message, and have both models answer it."""
    turn = turns.say(session, chat, text, key=new_key(), by=by)
    answer(session, most=2)
    return turn


def echo(taken: Taken) -> str:
    """Say which model answers what, and after how many messages."""
    return f"{taken.line}: {taken.messages[-1]['content']} ({len(taken.messages)})"


def reply(text: str, **changes: Any) -> Reply:
    """Make what a server sends."""
    given: dict[str, Any] = {
        "text": text,
        "thinking": "",
        "finish_reason": "stop",
        "model_returned": "weights",
        "fingerprint": "",
        "request_id": "",
        "http_status": 200,
        "input_tokens": 5,
        "output_tokens": 7,
        "latency_ms": 10,
        "params_sent": {},
    }
    return Reply(**given | changes)


def answer(session: Session, says: Says = echo, *, most: int = 100, **changes: Any) -> int:
    """Have models answer what waits, `most` of it; return how many did."""
    for done in range(most):
        taken = taking.take(session, "test")
        if taken is None:
            return done
        taking.finish(session, taken, reply(says(taken), **changes))
    return most


def refuse(session: Session) -> None:
    """Let the next call fail for good."""
    taken = taking.take(session, "test")
    assert taken is not None
    fault = Fault(status=400, code="", type="", message="No.", retryable=False)
    taking.fail(session, taken, fault)


def vote(session: Session, turn: Turn, choice: str | int, by: Person, **changes: Any) -> Judgment:
    """Say which answer is better, as the form would."""
    said = votes.read(session, turn, {"pairwise": choice})
    given = {"key": new_key()} | changes
    return votes.vote(session, turn, said, by=by, **given).judgment
