"""What reviewers are asked to look at in the demo, and what Ada is asked about her work."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.people import accounts
from labeler.people.accounts import Person
from labeler.quality import brakes, disputes, outcomes, reviews
from labeler.quality.explained import About
from labeler.quality.refusals import ReasonCode
from labeler.quality.reviews import ReviewKind
from labeler.said import say
from labeler.work.comparisons import Comparison
from labeler.work.judgments import IS_CURRENT, Judgment, JudgmentState
from labeler.work.projects import Project
from tests.browser.site import ADA, REX

COUNTS = Judgment.state == JudgmentState.accepted


def ask(session: Session, project: Project) -> dict[str, int]:
    """Fill the queue; return the numbers of a review of a comparison and of a signal about Ada."""
    rex, ada = accounts.find(session, REX), accounts.find(session, ADA)
    judged = sa.select(Comparison.id).where(
        Comparison.project_id == project.id, Comparison.judged > 2, ~Comparison.is_gold
    )
    unsure = session.scalars(judged.order_by(Comparison.id).limit(5)).all()
    rows = [(number, 0.5 + place / 30) for place, number in enumerate(unsure, start=1)]
    reviews.open_unsure(session, project.id, rows)
    [review] = reviews.of_comparison(session, unsure[0])
    outcomes.remark(session, review, "I read the first answer twice. Both have the facts.", by=rex)
    mine = Judgment.person_id == ada.id, Judgment.project_id == project.id, IS_CURRENT, COUNTS
    said = session.scalars(sa.select(Judgment).where(*mine).order_by(Judgment.id).limit(1)).one()
    drawn = reviews.open(
        session, project.id, ReviewKind.sample, judgment_id=said.id, reason=say("Drawn by lot.")
    )
    outcomes.send_back(
        session, drawn, said, "Is there not a step missing in the answer that you chose?", by=rex
    )
    signal = reviews.open(
        session,
        project.id,
        ReviewKind.signal,
        person_id=ada.id,
        reason=say("These judgments came faster than the texts can be read."),
        evidence=[
            say("Median time: %(seconds)s seconds for %(number)s words.", seconds=9, number=412)
        ],
    )
    return {"review_id": review.id, "signal_id": signal.id} | _dispute(session, project, ada, rex)


def _dispute(session: Session, project: Project, ada: Person, rex: Person) -> dict[str, int]:
    """Have pay of Ada's in question, and something that she objects to; return their numbers."""
    newest = sa.select(Judgment).where(
        Judgment.person_id == ada.id, Judgment.project_id == project.id, IS_CURRENT
    )
    said = session.scalars(newest.order_by(Judgment.id.desc()).limit(1)).one()
    evidence = "The reason stands word for word in an answer from a search."
    refusal = brakes.propose(session, said, ReasonCode.copied, evidence, by=rex)
    words = "I read the guidelines again for half an hour on Monday. It is not in my time."
    dispute = disputes.open(session, project, About.time, words, by=ada)
    return {"refusal_id": refusal.id, "dispute_id": dispute.id}
