"""What reviewers are asked to look at in the demo, and what Ada is asked about her work."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.people import accounts
from labeler.quality import outcomes, reviews
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
    return {"review_id": review.id, "signal_id": signal.id}
