"""The owner's form for what people are asked: into a rubric, back again, and its preview."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeler.people.memberships import Role
from labeler.web import rubrics
from labeler.work import projects
from labeler.work.rubrics import ReasonRule, RubricDraft
from tests.labeler.web.conftest import HELPFUL, Site

ALL = {
    "questions": [
        {"kind": "reason", "text": "required", "min": 3, "max": 500, "tags": ["Facts", "Tone"]},
        {"kind": "ranking", "ties": False, "partial": True, "none": False},
        {
            "kind": "criteria",
            "criteria": [
                {"name": "Clear", "hint": "Order", "points": 3, "words": ["a", "b", "c"]},
                {"name": "Kind", "required": False},
            ],
        },
        {"kind": "edit", "required": True},
        {"kind": "marks", "types": ["Wrong"], "severities": []},
        {"kind": "flags", "flags": ["harmful"]},
    ]
}


@settings(deadline=None, max_examples=60)
@given(
    st.builds(
        RubricDraft,
        steps=st.sampled_from([2, 4, 6, 8]),
        tie=st.booleans(),
        both_bad=st.booleans(),
        reason=st.sampled_from(ReasonRule),
        reason_min=st.integers(0, 2000),
    )
)
def test_a_scale_comes_back_as_it_was_written(draft: RubricDraft) -> None:
    read = RubricDraft.model_validate(rubrics.read(rubrics.fields(draft.asked)))
    assert read.asked == draft.asked


@pytest.mark.parametrize("kinds", [(0, 1, 2, 3, 4, 5), (1,), (2,), (4, 1), (5, 2, 0)])
def test_questions_come_back_in_their_order(kinds: tuple[int, ...]) -> None:
    draft = RubricDraft.model_validate({"questions": [ALL["questions"][kind] for kind in kinds]})
    read = RubricDraft.model_validate(rubrics.read(rubrics.fields(draft.asked)))
    assert read.asked == draft.asked


def test_an_owner_asks_for_more_in_a_running_project(site: Site) -> None:
    olga = site.visit("olga")
    page = olga.get(f"{HELPFUL}/setup").text
    fields = dict(re.findall(r'<input class="input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page))
    fields |= rubrics.fields(RubricDraft.model_validate(ALL).asked)
    fields |= {"languages": "en fr", "slug": "helpful", "pay.currency": "EUR", "guidelines": ""}
    assert olga.post(f"{HELPFUL}/setup", **fields).location == HELPFUL
    with site.writing() as (session, project):
        assert project.rubric_number == 2
        assert projects.rubric_draft(session, project).asked == (
            RubricDraft.model_validate(ALL).asked
        )
    again = olga.get(f"{HELPFUL}/setup").text
    assert 'value="Clear"' in again
    assert olga.post(f"{HELPFUL}/setup", **fields).location == HELPFUL
    with site.writing() as (_, project):
        assert project.rubric_number == 2, "what is the same gets no new version"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rubric.main": "essay"}, "rubric.main"),
        ({"rubric.main": "criteria"}, "rubric.criteria.0.name"),
        (
            {"rubric.asks.criteria": "1", "rubric.criteria.3.name": "x" * 101},
            "rubric.criteria.3.name",
        ),
        (
            {
                "rubric.asks.criteria": "1",
                "rubric.criteria.1.name": "Clear",
                "rubric.criteria.1.points": "77",
            },
            "rubric.criteria.1.points",
        ),
        ({"rubric.asks.marks": "1", "rubric.marks.types": " \n"}, "rubric.marks.types"),
        ({"rubric.asks.marks": "1", "rubric.steps": "12"}, "rubric.steps"),
        ({"rubric.reason_tags": "a\na"}, "rubric.reason_tags"),
        ({"rubric.reason_max": "0"}, "rubric.reason_max"),
    ],
)
def test_what_does_not_fit_is_named(site: Site, changes: dict[str, str], field: str) -> None:
    olga = site.visit("olga")
    olga.get("/projects/new")
    given = rubrics.fields(RubricDraft().asked) | {"title": "New", "languages": "en"}
    answer = olga.post("/projects/new", **(given | changes))
    assert answer.status_code == 422
    assert f'href="#{field}-field"' in answer.text
    assert f'id="{field}-fault"' in answer.text


def test_a_preview_saves_nothing(site: Site) -> None:
    olga = site.visit("olga")
    page = olga.get("/projects/new").text
    assert "A much better" in page[page.index('id="preview"') :]
    given = rubrics.fields(RubricDraft.model_validate(ALL).asked) | {"title": "Shown"}
    shown = olga.post("/projects/new", preview="1", question="In what order?", **given).text
    preview = shown[shown.index('id="preview"') :]
    for words in ("In what order?", "Place of answer C", "Clear", "Facts", "Could harm somebody"):
        assert words in preview, words
    broken = olga.post("/projects/new", preview="1", **(given | {"rubric.main": "essay"})).text
    assert "does not fit together yet" in broken
    assert olga.get("/projects/shown").status_code == 404
    changed = olga.post(f"{HELPFUL}/setup", preview="1", **given)
    assert changed.status_code == 200
    with site.writing() as (session, _):
        project = projects.find(session, "helpful", by=site.people.olga, role=Role.owner)
        assert (project.rubric_number, project.title) == (1, "Helpful answers")
