"""What the figures of a project say: title, sentence, table and drawing of the same rows."""

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from labeler import progress
from labeler.pay import rates
from labeler.web import charts
from labeler.web.charts import Chart
from labeler.web.drawings import course, known
from labeler.work import assignments, projects, queue
from labeler.work.assignments import SkipReason
from labeler.work.projects import Project, ProjectState
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge_next, load_rows, make_project, make_row


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """Forty comparisons, two judgments wanted of each."""
    project = make_project(session, cast)
    load_rows(session, project, [make_row(n) for n in range(40)], by=cast.olga)
    return project


def drawn(session: Session, project: Project) -> dict[str, Chart]:
    """Return the figures of the dashboard by name."""
    found = charts.of_project(session, project, progress.overview(session, project))
    assert json.dumps([chart.spec for chart in found], allow_nan=False)
    return {chart.id: chart for chart in found}


def values(chart: Chart) -> list[dict[str, Any]]:
    """Return the rows that a figure of bars draws."""
    assert chart.spec is not None
    rows: list[dict[str, Any]] = chart.spec["data"]["values"]
    return rows


def test_without_data_there_are_words_and_no_drawing(session: Session, project: Project) -> None:
    for chart in drawn(session, project).values():
        assert chart.spec is None
        assert chart.sentence.endswith(".")


def test_table_and_drawing_say_the_same(
    session: Session, project: Project, cast: Cast, frozen: StoppedClock
) -> None:
    for choice in (1, 2, 2, 4, "tie", 6, "both_bad"):
        judge_next(session, project, cast.ada, choice)
        frozen.forward(days=1)
    held = queue.claim(session, project, by=cast.ada)
    assert held is not None
    assignments.skip(session, held, SkipReason.language)
    found = drawn(session, project)
    for name in ("steps", "skips"):
        drawn_rows = [(row["name"], str(row["count"])) for row in values(found[name])]
        assert drawn_rows == list(found[name].rows)
    assert dict(found["steps"].rows)["About the same"] == "2"
    assert found["skips"].title == "1 of 8 comparisons were handed back"
    assert [row["count"] for row in values(found["days"])] == [1] * 7
    assert found["days"].rows[-1] == ("29 Nov 2026", "1")
    assert found["course"].rows[-1] == ("29 Nov 2026", "1", "7")
    assert found["cost"].rows[-1] == ("29 Nov 2026", "0.35", "2.45")
    assert found["cost"].columns[-1] == "In all, EUR"


@pytest.mark.parametrize(
    ("a", "b", "title", "share"),
    [
        (3, 1, "Too early to tell whether a side is favoured", "75%, likely 30 to 95%"),
        (18, 16, "A and B are chosen about equally", "53%, likely 37 to 69%"),
        (26, 8, "A is favoured over B", "76%, likely 60 to 88%"),
        (0, 10, "B is favoured over A", "0%, likely 0 to 28%"),
    ],
)
def test_a_side_is_favoured_only_beyond_chance(
    session: Session, project: Project, cast: Cast, a: int, b: int, title: str, share: str
) -> None:
    for choice, count in ((2, a), (5, b)):
        for _ in range(count):
            judge_next(session, project, cast.ada, choice)
    chart = drawn(session, project)["steps"]
    assert chart.title == title
    assert f"in {a} of {a + b} judgments that chose a side: {share}" in chart.sentence


def test_the_course_is_forecast_while_the_project_is_open(
    session: Session, project: Project, cast: Cast, frozen: StoppedClock
) -> None:
    for _ in range(4):
        judge_next(session, project, cast.ada)
        judge_next(session, project, cast.bea)
        frozen.forward(days=1)
    open_, cost = (drawn(session, project)[name] for name in ("course", "cost"))
    assert "2.0 a day, the rest will likely be judged on about 2 Jan 2027." in open_.sentence
    assert cost.sentence.endswith("With all that is wanted, it comes to 28.00 EUR.")
    assert open_.spec is not None
    assert len(open_.spec["layer"]) == 4
    project.state = ProjectState.paused
    paused = drawn(session, project)["course"]
    assert paused.sentence == "The project is paused, so there is no forecast."
    assert paused.spec is not None
    assert len(paused.spec["layer"]) == 2


def test_known_answers_widen_the_cost_if_there_are_any(
    session: Session, project: Project, cast: Cast
) -> None:
    judge_next(session, project, cast.ada)
    project.gold_share = 0.2
    assert "comes to 28.00 EUR" in drawn(session, project)["cost"].sentence
    load_rows(session, project, [make_row(99, gold=0)], by=cast.olga, name="known")
    assert "comes to 28.00 to 34.91 EUR" in drawn(session, project)["cost"].sentence
    project.state = ProjectState.closed
    assert "stays as it is" in drawn(session, project)["cost"].sentence


def test_an_adaptive_project_may_cost_more(session: Session, project: Project, cast: Cast) -> None:
    judge_next(session, project, cast.ada)
    project.most_judgments, project.confidence = 5, 0.95
    project.audit_share, project.audit_judgments = 0.0, 3
    assert "stays unsure" in drawn(session, project)["cost"].sentence
    project.state = ProjectState.closed
    assert "stays unsure" not in drawn(session, project)["cost"].sentence


def test_work_without_pay_has_no_cost(session: Session, project: Project, cast: Cast) -> None:
    projects.price(session, project, rates.read({"per_judgment": "0"}), by=cast.olga)
    judge_next(session, project, cast.ada)
    assert drawn(session, project)["cost"].sentence == "Judgments are not paid."


def test_every_reason_to_skip_has_a_word() -> None:
    assert set(charts.SKIP_WORDS) == {reason.value for reason in SkipReason}


def test_no_word_of_people_stands_in_an_expression(
    session: Session, project: Project, cast: Cast
) -> None:
    judge_next(session, project, cast.ada)
    for chart in drawn(session, project).values():
        text = json.dumps(chart.spec)
        assert not any(word in text for word in ("expr", "calculate", "filter", "signal"))


@pytest.mark.parametrize(
    ("top", "decimals", "ticks"),
    [
        (33.155, 2, [0, 10, 20, 30]),
        (0.35, 2, [0, 0.1, 0.2, 0.3]),
        (0.01, 2, [0, 0.01]),
        (1200, 0, [0, 500, 1000]),
    ],
)
def test_sums_of_money_have_the_decimals_of_their_currency(
    top: float, decimals: int, ticks: list[float]
) -> None:
    dots = [known(date(2026, 11, 23), 0), known(date(2026, 11, 24), top)]
    axis = course(dots, top=top, decimals=decimals)["layer"][0]["encoding"]["y"]["axis"]
    assert axis["values"] == ticks
    assert axis["format"]["minimumFractionDigits"] == decimals
    assert axis["format"]["maximumFractionDigits"] == decimals
