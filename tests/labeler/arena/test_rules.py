"""Rules: what an owner may ask for, and what is refused with the reason beside the field."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.arena import rules
from labeler.arena.rules import GoesOn, Vote
from labeler.endpoints import registry
from labeler.errors import Forbidden, Invalid
from labeler.events import Event
from labeler.work import drafts, projects
from tests.cast import Cast
from tests.labeler.arena.talks import make_chat, make_endpoint, set_rules
from tests.make import make_project


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"endpoints": ["one"]}, "endpoints"),
        ({"endpoints": ["one", "one"]}, "endpoints"),
        ({"endpoints": ["one", "two"], "most_turns": 0}, "most_turns"),
        ({"endpoints": ["one", "two"], "further": -1}, "further"),
        ({"endpoints": ["one", "two"], "vote": "end"}, "rules"),
        ({"endpoints": ["one", "two"], "visitors": {"per_day": 0}}, "visitors.per_day"),
        ({"endpoints": ["one", "two"], "stream": True}, "stream"),
    ],
)
def test_what_cannot_be_is_named(given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.read(given)
    assert list(refusal.value.fields) == [field]


def test_rules_are_what_was_written_and_say_so_once(session: Session, cast: Cast) -> None:
    draft: dict[str, Any] = {
        "vote": "end",
        "goes_on": "own",
        "further": 2,
        "visitors": {"per_visitor": 4},
    }
    project = make_chat(session, cast, **draft)
    held = rules.of_project(session, project.id)
    assert held is not None
    assert (held.vote, held.goes_on, held.most_turns) == (Vote.end, GoesOn.own, 6)
    assert rules.draft_of(held) == rules.read({"endpoints": ["one", "two"], **draft})
    set_rules(session, project, cast, **draft)
    ruled = sa.select(sa.func.count(Event.id)).where(Event.kind == "chat.ruled")
    assert session.scalar(ruled) == 1
    set_rules(session, project, cast)
    assert session.scalar(ruled) == 2
    assert (held.vote, held.per_visitor) == (Vote.turn, 0)


def test_owners_alone_make_rules(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    draft = rules.read({"endpoints": ["one", "two"]})
    for person in (cast.rex, cast.ada, cast.mallory):
        with pytest.raises(Forbidden):
            rules.set_rules(session, project, draft, by=person)
    rules.set_rules(session, project, draft, by=cast.root)


def test_endpoints_have_to_be_there_and_allowed(session: Session, cast: Cast) -> None:
    project = make_project(session, cast, models_from="on_premises")
    make_endpoint(session, "here")
    make_endpoint(session, "old")
    far = {"base_url": "https://models.example.org/v1", "place": "elsewhere"}
    make_endpoint(session, "far", provider="openai", **far)
    registry.archive(session, "old", by=None)
    names = ["here", "old", "nowhere", "far"]
    with pytest.raises(Invalid) as refusal:
        set_rules(session, project, cast, endpoints=names)
    assert set(refusal.value.fields) == {"endpoints.1", "endpoints.2", "endpoints.3"}
    assert "far" in refusal.value.fields["endpoints.3"]


def test_a_form_that_asks_for_no_better_answer_has_no_chat(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    clear = {"name": "Clear", "asks": "rating", "points": 5}
    rating = {"kind": "criteria", "criteria": [clear]}
    projects.ask(session, project, drafts.read_rubric({"questions": [rating]}), by=cast.olga)
    with pytest.raises(Invalid) as refusal:
        set_rules(session, project, cast)
    assert refusal.value.fields == {"rules": rules.UNASKED}
