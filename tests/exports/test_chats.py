"""Chats in releases: what was compared comes out with where it is from, and visitors apart."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from exports.cards import labor_card
from exports.cards.labor.model import LaborCard
from exports.choosing import selection
from exports.kept.declared import Declared
from labeler.arena import endings, visits
from labeler.database import Database
from labeler.errors import Invalid
from labeler.people.accounts import Person
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.exports.crowds import facts
from tests.exports.stories import plan, write
from tests.labeler.arena import talks
from tests.labeler.arena.talks import begin, make_chat, set_rules, vote


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    found = sorted((folder / "jsonl").glob(f"{name}-*.jsonl"))
    return [json.loads(line) for path in found for line in path.read_text("utf-8").splitlines()]


def chat(session: Session, project: Project, person: Person, *texts: str) -> None:
    """Chat, prefer the first model each time, end, and vote on the whole if that is the rule."""
    begun = begin(session, project, person)
    for text in texts:
        turn = talks.write(session, begun, text, person)
        if begun.vote.value == "turn":
            vote(session, turn, 2 if turn.places[0] == 0 else 6, person)
    endings.end(session, begun, by=person)
    if begun.vote.value == "end":
        vote(session, turn, 2, person)


def test_a_pair_comes_out_with_both_models_and_a_conversation_only_as_it_is(
    database: Database, tmp_path: Path
) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_chat(session, cast)
        chat(session, project, cast.ada, "Hello", "And?")
        set_rules(session, project, cast, vote="end", goes_on="own")
        chat(session, project, cast.bea, "Who are you?", "Really?")
        session.commit()
    rules = {"formats": ["dpo", "comparisons"], "min_judgments": 1, "test_share": 0}
    manifest = write(database, plan(database, project, **rules), tmp_path / "whole")
    pairs, said = lines(tmp_path / "whole", "dpo"), lines(tmp_path / "whole", "comparisons")
    assert sorted(len(row["prompt"]) for row in pairs) == [1, 3]
    assert {row["chosen_model"] for row in pairs} | {row["rejected_model"] for row in pairs} == {
        "model-one",
        "model-two",
    }
    assert len(said) == 3
    for row in said:
        told = [json.loads(each["provenance"]) for each in row["responses"]]
        assert {each["model_requested"] for each in told} == {"model-one", "model-two"}
        assert all(each["finish_reason"] == "stop" for each in told)
    assert [each.reason.value for each in manifest.left_out or ()] == ["transcripts"]
    (whole,) = [row for row in said if row["outcome"] == "transcripts"]
    assert [turn["content"] for turn in whole["prompt"]] == ["Who are you?"]


def visitor(session: Session, project: Project, cast: Cast, frozen: StoppedClock) -> Person:
    """Let a visitor in, who chats and votes twice."""
    until = frozen.time.replace(hour=23)
    secret = visits.make_link(session, project, label="", expires_at=until, by=cast.olga)
    person, _ = visits.enter(session, secret)
    chat(session, project, person, "Hello", "And?")
    return person


def test_visitors_are_no_part_of_the_workforce(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project = make_chat(session, cast, visitors={})
    came = visitor(session, project, cast, frozen)

    def card(judgments: int, people: set[int]) -> LaborCard:
        return labor_card.build(
            session,
            project_id=project.id,
            mark=selection.glance(session, project.id),
            dataset=facts(items=judgments, judgments=judgments),
            people=people,
            declared=Declared(),
        )

    alone = card(2, {came.id})
    assert (alone.workforce.judgments, alone.workforce.visitors) == (0, 2)
    assert sum(model.responses for model in alone.models) == 4
    assert labor_card.faults(labor_card.text(alone)) == []
    with pytest.raises(Invalid):
        card(3, {came.id})

    chat(session, project, cast.ada, "Hello")
    both = card(3, {came.id, cast.ada.id})
    assert (both.workforce.judgments, both.workforce.visitors) == (1, 2)
    assert both.workforce.by_country == ()
    text = labor_card.markdown(both)
    assert "fewer than 10 people judged 1 tasks" in text.replace("Fewer", "fewer")
    assert "Visitors of a chat, unpaid, judged 2 more." in text
