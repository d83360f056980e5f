"""`labeler verify` on data that is sound, and on data that somebody has touched."""

import pytest
import sqlalchemy as sa

from labeler.work import projects
from labeler.work.comparisons import Comparison
from tests.labeler.cli.conftest import Terminal, settle
from tests.make import judge_next, make_batch


@pytest.fixture
def used(either: Terminal) -> Terminal:
    """A terminal on an installation in which two people have judged."""
    cast = settle(either)
    with either.session() as session:
        project = projects.find(session, "helpful", by=cast.olga)
        make_batch(session, project, cast, pairs=3)
        for person in (cast.ada, cast.bea):
            judge_next(session, project, person)
        session.commit()
    return either


def test_sound_data_is_told_to_be_so(used: Terminal) -> None:
    *file, rows, keys, releases = used.good("verify").splitlines()
    sqlite = used.settings["LABELER_DATABASE_URL"].startswith("sqlite")
    assert file == (["Sound: the database's file."] if sqlite else [])
    assert rows == "Sound: judgments, slots, gold, pay, the ledger and the chain of events."
    assert (keys, releases) == ("Sound: release-keys.", "Sound: releases.")


def test_a_miscount_is_named(used: Terminal) -> None:
    with used.session() as session:
        session.execute(
            sa.update(Comparison).values(wanted=Comparison.wanted + 1).where(Comparison.id == 1)
        )
        session.commit()
    said = used.refused(1, "verify")
    assert "lane 1 counts 3 comparisons and 6 judgments wanted, and has 3 and 7" in said
    assert said.count("\n") == 1
