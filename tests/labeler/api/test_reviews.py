"""Reading the reviewers' queue, as a program does."""

from labeler.database import Database
from labeler.quality import reviews
from labeler.quality.reviews import ReviewKind
from labeler.said import say
from labeler.work import comparisons, projects
from tests.calling import HELPFUL, Callers, problem
from tests.cast import Cast
from tests.conftest import StoppedClock

REVIEWS = f"{HELPFUL}/reviews"


def test_the_queue_is_read_in_its_order(
    frozen: StoppedClock, callers: Callers, database: Database, people: Cast
) -> None:
    with database.writing() as session:
        project = projects.find(session, "helpful", by=people.olga)
        signal = reviews.open(
            session,
            project.id,
            ReviewKind.signal,
            person_id=people.ada.id,
            reason=say("%(number)s were quick.", number=1204),
            evidence=[say("Median: %(seconds)s s.", seconds=2)],
        )
        one, two, _ = comparisons.page(session, project.id)
        reviews.open_unsure(session, project.id, [(one.id, 0.75), (two.id, 0.5)])
        session.commit()
    first = callers.rex.get(f"{REVIEWS}?limit=2").json
    assert first is not None
    told = [(each["comparison"], each["confidence"]) for each in first["reviews"]]
    assert told == [(two.external_id, 0.5), (one.external_id, 0.75)]
    last = callers.rex.get(f"{REVIEWS}?limit=2&after={first['next']}").json
    assert last == {
        "reviews": [
            {
                "id": signal.id,
                "kind": "signal",
                "comparison": None,
                "judgment": None,
                "annotator": people.ada.id,
                "confidence": None,
                "reason": "1,204 were quick.",
                "evidence": ["Median: 2 s."],
                "opened_at": "2026-11-23T09:00:00Z",
            }
        ],
        "next": None,
    }
    problem(callers.ada.get(REVIEWS), 403)
