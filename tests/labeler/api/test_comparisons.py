"""Withdrawing comparisons, as a program does."""

import pytest

from labeler.database import Database
from labeler.work import comparisons, projects
from tests.calling import HELPFUL, Callers, claim, judge, problem
from tests.cast import Cast
from tests.conftest import StoppedClock

WITHDRAWALS = f"{HELPFUL}/withdrawals"
GIVEN = {"comparison": "pair-1", "reason": "It names a person."}


def test_a_comparison_is_withdrawn_for_good(
    frozen: StoppedClock, callers: Callers, database: Database, people: Cast
) -> None:
    answer = callers.olga.post(WITHDRAWALS, json=GIVEN)
    assert (answer.status_code, answer.json) == (
        200,
        {"comparison": "pair-1", "withdrawn_at": "2026-11-23T09:00:00Z"},
    )
    problem(callers.olga.post(WITHDRAWALS, json=GIVEN), 409)
    with database.reading() as session:
        project = projects.find(session, "helpful", by=people.olga)
        wanted = [one.wanted for one in comparisons.page(session, project.id)]
    assert wanted == [2, 0, 2]
    for _ in range(2):
        judge(callers.ada, claim(callers.ada)["id"])
    assert callers.ada.post(f"{HELPFUL}/assignments").status_code == 204


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"reason": "  "}, 422),
        ({"reason": 5}, 422),
        ({"comparison": "pair\x00"}, 422),
        ({"comparison": "pair-9"}, 404),
        ({"more": 1}, 422),
    ],
)
def test_what_cannot_be_withdrawn(callers: Callers, change: dict[str, object], status: int) -> None:
    problem(callers.olga.post(WITHDRAWALS, json=GIVEN | change), status)
    for caller in (callers.rex, callers.ada):
        problem(caller.post(WITHDRAWALS, json=GIVEN), 403)
    assert callers.olga.post(WITHDRAWALS, json=GIVEN).status_code == 200
