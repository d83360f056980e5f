"""A project in which some of everything has happened."""

from contextlib import nullcontext
from datetime import timedelta

from sqlalchemy.orm import Session

from labeler.pay import missed, seals
from labeler.pay.worktime import Kind
from labeler.quality import decisions, disputes, outcomes, refusals, reviews
from labeler.quality.adjudications import Finding
from labeler.quality.explained import About
from labeler.quality.refusals import ReasonCode
from labeler.quality.reviews import ReviewKind
from labeler.work import answers, assignments, comparisons, judgments, listings, queue
from labeler.work.assignments import Assignment, SkipReason
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from labeler.work.rubrics import Verdict
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge, judge_next, load_rows, make_project, make_row, new_key


def live(session: Session, cast: Cast, time: StoppedClock) -> Project:
    """Let days pass: ties, changes, what was left out, late, skipped and withdrawn."""
    project = make_project(session, cast, judgments_per_comparison=2, gold_share=0.3)
    rows = [make_row(n, gold=0 if n % 4 == 0 else None) for n in range(12)]
    load_rows(session, project, rows, by=cast.olga)
    lapsing = queue.claim(session, project, by=cast.rex)
    assert lapsing is not None
    for n, choice in enumerate([1, 7, "tie", "both_bad", 2, 6, 4]):
        time.forward(hours=5, seconds=n * 17)
        for person in (cast.ada, cast.bea):
            judge_next(session, project, person, choice)
    judge(session, lapsing, 3, cast.rex)
    skipped = queue.claim(session, project, by=cast.rex)
    assert skipped is not None
    assignments.skip(session, skipped, SkipReason.other)
    last = judge_next(session, project, cast.rex, 5)
    answer = answers.read(session, session.get_one(Assignment, last.assignment_id), "tie")
    judgments.change(session, project, last, answer, key=new_key())
    one, other = listings.of_person(session, cast.ada, limit=2)
    decisions.exclude(session, one, "Too fast.", by=cast.rex)
    comparison = comparisons.find(session, project.id, other.comparison_id)
    if not comparison.is_gold:
        comparisons.withdraw(session, comparison, "It shows a name.", by=cast.olga)
    _review(session, project, cast)
    for _ in seals.seal(session, lambda: nullcontext(session)):
        session.flush()
    span = {"started_at": time.time - timedelta(minutes=9), "ended_at": time.time}
    missed.add(session, project.id, by=cast.ada, **span, kind=Kind.clarification, note="A call.")
    said = listings.of_person(session, cast.bea, limit=1)[0]
    # Without its money: older programs do not know what is held.
    refusals.add(session, said, ReasonCode.other, "See there.", by=cast.rex)
    disputes.open(session, project, About.pay, "It is less.", by=cast.ada)
    session.flush()
    session.expire_all()
    return project


def _is_withdrawn(session: Session, judgment: Judgment) -> bool:
    found = comparisons.find(session, judgment.project_id, judgment.comparison_id)
    return found.withdrawn_at is not None


def _review(session: Session, project: Project, cast: Cast) -> None:
    """Have one comparison adjudicated, and a judgment that is with its author."""
    said = listings.of_person(session, cast.bea, limit=20)
    counted = [each for each in said if each.counts and each.gold_right is None]
    one, other = [each for each in counted if not _is_withdrawn(session, each)][-2:]
    reviews.open_unsure(session, project.id, [(one.comparison_id, 0.5)])
    [review] = reviews.of_comparison(session, one.comparison_id)
    finding = Finding(Verdict.preference, 0)
    outcomes.adjudicate(session, review, finding, "The other one is wrong.", by=cast.rex)
    drawn = reviews.open(
        session, project.id, ReviewKind.sample, judgment_id=other.id, reason="Drawn by lot."
    )
    outcomes.send_back(session, drawn, other, "Please look again.", by=cast.rex)
