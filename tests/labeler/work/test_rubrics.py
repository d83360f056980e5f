"""Rubrics: what each step of each scale says, of which answer, however the answers stood."""

import pytest
import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from labeler.errors import Invalid
from labeler.work import questions, queue, rubrics
from labeler.work.judgments import Judgment
from labeler.work.rubrics import LONGEST_REASON, ReasonRule, Rubric, RubricDraft, Verdict
from tests.cast import Cast
from tests.make import judge, make_batch, make_project

# Step by step: which place is better, and by how much; "=" says that they are about the same.
SCALES = {
    2: "A1 B1",
    3: "A1 = B1",
    4: "A2 A1 B1 B2",
    5: "A2 A1 = B1 B2",
    6: "A3 A2 A1 B1 B2 B3",
    7: "A3 A2 A1 = B1 B2 B3",
    8: "A4 A3 A2 A1 B1 B2 B3 B4",
    9: "A4 A3 A2 A1 = B1 B2 B3 B4",
}


def make_rubric(**changes: object) -> Rubric:
    given = {"steps": 7, "tie": True, "both_bad": True, "reason": ReasonRule.none, "reason_min": 0}
    return Rubric(questions=questions.store(RubricDraft(**(given | changes)).asked))


@pytest.mark.parametrize("steps", SCALES)
def test_every_step_names_a_place_and_a_strength(steps: int) -> None:
    rubric = make_rubric(steps=steps)
    said = [rubrics.read_answer(rubric, step) for step in range(1, steps + 1)]
    words = [
        "=" if answer.place is None else "AB"[answer.place] + str(answer.strength)
        for answer in said
    ]
    assert " ".join(words) == SCALES[steps]
    assert [answer.step for answer in said] == list(range(1, steps + 1))
    assert [answer.verdict is Verdict.tie for answer in said] == [word == "=" for word in words]


@pytest.mark.parametrize("steps", SCALES)
def test_what_is_no_step_of_the_scale_is_refused(steps: int) -> None:
    never = ["0", 0, -1, "", None, "x", "1.0", True, "01", "²", "１", "10", 10]
    for wrong in (*never, steps + 1, str(steps + 1)):
        with pytest.raises(Invalid) as refusal:
            rubrics.read_answer(make_rubric(steps=steps), wrong)
        assert list(refusal.value.fields) == ["choice"]


@pytest.mark.parametrize("choice", ["tie", "both_bad"])
def test_the_other_two_answers_have_no_step_and_count_where_they_are_offered(choice: str) -> None:
    answer = rubrics.read_answer(make_rubric(steps=6), choice)
    assert answer.verdict.value == choice
    assert (answer.step, answer.place, answer.strength) == (None, None, None)
    with pytest.raises(Invalid):
        rubrics.read_answer(make_rubric(steps=6, **{choice: False}), choice)


def test_a_step_is_the_same_as_text_and_as_a_number() -> None:
    assert rubrics.read_answer(make_rubric(), "3") == rubrics.read_answer(make_rubric(), 3)


# Reasons


def test_a_required_reason_has_its_length_without_the_spaces_around_it() -> None:
    rubric = make_rubric(reason=ReasonRule.required, reason_min=5)
    assert rubrics.read_answer(rubric, 1, "  wrong\n").reason == "wrong"
    for short in ("", "    ", " bad "):
        with pytest.raises(Invalid) as refusal:
            rubrics.read_answer(rubric, 1, short)
        assert refusal.value.fields == {"reason": "Please say why, in at least 5 characters."}


def test_a_required_reason_is_never_empty() -> None:
    with pytest.raises(Invalid):
        rubrics.read_answer(make_rubric(reason=ReasonRule.required), 1, "")


@pytest.mark.parametrize("rule", [ReasonRule.none, ReasonRule.optional])
def test_elsewhere_a_reason_may_stay_empty(rule: ReasonRule) -> None:
    assert rubrics.read_answer(make_rubric(reason=rule, reason_min=5), 1).reason == ""


@pytest.mark.parametrize("reason", ["x" * (LONGEST_REASON + 1), "a\x00b", "half \ud83d"])
def test_a_reason_that_cannot_be_kept_is_refused(reason: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rubrics.read_answer(make_rubric(), 1, reason)
    assert list(refusal.value.fields) == ["reason"]


def test_everything_missing_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refusal:
        rubrics.read_answer(make_rubric(reason=ReasonRule.required), None)
    assert list(refusal.value.fields) == ["choice", "reason"]


# Drafts


@pytest.mark.parametrize(
    "draft", [{"steps": 1}, {"steps": 10}, {"steps": 7, "tie": False}, {"reason_min": -1}, {"x": 1}]
)
def test_a_form_that_cannot_be_is_refused(draft: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        RubricDraft.model_validate(draft)


def test_the_default_has_seven_steps_and_both_other_answers() -> None:
    draft = RubricDraft()
    assert (draft.steps, draft.tie, draft.both_bad) == (7, True, True)
    assert draft.reason is ReasonRule.optional


def test_versions_are_numbered_and_stay(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    later = rubrics.publish(session, project.id, RubricDraft(steps=2), by=cast.olga)
    assert later.number == 2
    found = [rubrics.version(session, project.id, number).pairwise for number in (1, 2)]
    assert [scale.steps for scale in found if scale] == [7, 2]


# From the page to the table


@pytest.mark.parametrize("steps", [2, 3, 6, 7, 9])
def test_each_step_prefers_the_right_response_in_both_orders(
    session: Session, cast: Cast, steps: int
) -> None:
    project = make_project(session, cast, rubric={"steps": steps})
    make_batch(session, project, cast, pairs=2 * (steps + 2))
    for places in ([0, 1], [1, 0]):
        for step, word in enumerate(SCALES[steps].split(), start=1):
            stored = _judge(session, cast, project, places, step)
            preferred = None if word == "=" else places["AB".index(word[0])]
            strength = None if word == "=" else int(word[1])
            assert (stored.preferred, stored.strength) == (preferred, strength)
            assert (stored.step, stored.place) == (step, {"A": 0, "B": 1, "=": None}[word[0]])
        for choice in ("tie", "both_bad"):
            stored = _judge(session, cast, project, places, choice)
            assert stored.verdict.value == choice
            assert (stored.step, stored.preferred, stored.strength) == (None, None, None)


def _judge(session: Session, cast: Cast, project, places: list[int], choice: str | int) -> Judgment:
    assignment = queue.claim(session, project, by=cast.ada)
    assert assignment is not None
    assignment.places = places
    judgment_id = judge(session, assignment, choice, cast.ada).id
    session.expire_all()
    return session.scalars(sa.select(Judgment).where(Judgment.id == judgment_id)).one()
