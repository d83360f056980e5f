"""Which models are ahead, for programs."""

import json

from labeler.cli import refreshing
from labeler.database import Database
from labeler.quality.standings import Standings
from tests.calling import HELPFUL, Callers, claim, judge, problem


def test_it_is_there_once_it_was_worked_out(database: Database, callers: Callers) -> None:
    for caller in (callers.ada, callers.bea):
        for _ in range(3):
            judge(caller, claim(caller)["id"])
    problem(callers.rex.get(f"{HELPFUL}/leaderboard"), 404)
    refreshing.refresh_project(database, 1)
    answer = callers.rex.get(f"{HELPFUL}/leaderboard")
    told = Standings.model_validate_json(answer.text, strict=True)
    assert (told.language, told.judgments, told.people) == (None, 6, 2)
    assert {row.model for row in told.parts[0].models} == {"model-x", "model-y"}
    assert json.loads(answer.text)["parts"][0]["models"][0]["place_from"] == 1
    problem(callers.rex.get(f"{HELPFUL}/leaderboard?language=xx"), 404)
    problem(callers.rex.get(f"{HELPFUL}/leaderboard?tongue=en"), 422)
    problem(callers.ada.get(f"{HELPFUL}/leaderboard"), 403)
