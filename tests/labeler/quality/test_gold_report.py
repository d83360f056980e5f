"""The report on known answers: how many found each right, and which are disputed."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.people import accounts, memberships
from labeler.people.memberships import Role
from labeler.quality import gold, gold_report
from labeler.work import queue
from labeler.work.comparisons import Comparison
from labeler.work.gold import GoldSource
from tests.cast import Cast
from tests.make import judge, load_rows, make_project, make_row


def test_what_able_people_find_wrong_comes_first_and_what_is_unscored_last(
    session: Session, cast: Cast
) -> None:
    project = make_project(session, cast, gold_share=0.5, judgments_per_comparison=10)
    project.gold_share = 1.0
    rows = [make_row(n, gold=0) for n in range(7)]
    load_rows(session, project, [*rows, make_row(7)], by=cast.olga)
    for n in range(4):
        person = accounts.create(session, f"able-{n}@example.org", f"Able {n}", by=None)
        memberships.grant(session, project.id, person, Role.annotator, by=person)
        for _ in rows:
            given = queue.claim(session, project, by=person)
            assert given is not None
            name = session.get_one(Comparison, given.comparison_id).external_id
            better = 1 if name == "pair-3" or (name == "pair-5" and n == 0) else 0
            judge(session, given, 1 if given.places[0] == better else 7, person)
    found = gold_report.report(session, project)
    assert [(row.external_id, row.judged, row.right) for row in found[:2]] == [
        ("pair-3", 4, 0),
        ("pair-5", 4, 3),
    ]
    assert [row.is_disputed for row in found] == [True, *[False] * 6]
    assert {row.gold.source for row in found} == {GoldSource.loaded}
    which = sa.select(Comparison).where(Comparison.external_id == "pair-3")
    gold.unscore(session, session.scalars(which).one(), "Wrong.", by=cast.olga)
    session.expire_all()
    last = gold_report.report(session, project)[-1]
    assert (last.external_id, last.is_scored, last.is_disputed) == ("pair-3", False, False)


def test_what_nobody_has_judged_has_no_share(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    load_rows(session, project, [make_row(1, gold=0)], by=cast.olga)
    [row] = gold_report.report(session, project)
    assert (row.judged, row.share, row.is_disputed) == (0, None, False)
