"""The leaderboard on a terminal."""

import csv
import io
import json

from labeler.quality import leaderboards, snapshots
from labeler.quality.findings import boards, duels
from labeler.work import projects
from tests.labeler.cli.conftest import Terminal, settle
from tests.labeler.quality.test_boards import FIRST, NOTHING, SECOND, X, Y, voted


def test_who_is_ahead(either: Terminal) -> None:
    cast = settle(either)
    said = [(X, Y, FIRST, 80), (X, Y, SECOND, 20), (X, Y, FIRST, 20), (X, Y, SECOND, 80)]
    known = voted(*said, language=[0] * 100 + [1] * 100, people=20, each=2)
    assert "labeler refresh helpful" in either.refused(1, "leaderboard", "helpful")
    with either.session() as session:
        project = projects.find(session, "helpful", by=cast.root)
        assert snapshots.claim(session, project.id) is not None
        found = boards.found(duels.of(known), known.compared, NOTHING)
        leaderboards.keep(session, project.id, found)
        session.commit()
    lines = either.good("leaderboard", "helpful", "--language", "fr").splitlines()
    assert [line.split("\t")[:2] for line in lines] == [["1", "y"], ["2", "x"]]
    assert lines[0].endswith("\t80\t20\t0\t0")
    told = json.loads(either.good("leaderboard", "helpful", "--language", "en", "--json"))
    assert (told["language"], told["parts"][0]["models"][0]["model"]) == ("en", "x")
    rows = list(csv.DictReader(io.StringIO(either.good("leaderboard", "helpful", "--csv"))))
    assert [(row["model"], row["wins"], row["losses"]) for row in rows] == [
        ("x", "100", "100"),
        ("y", "100", "100"),
    ]
    assert "no leaderboard" in either.refused(1, "leaderboard", "helpful", "--category", "code")
