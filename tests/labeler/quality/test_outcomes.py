"""What reviewers decide: each act by a person, with a reason, and nobody's pay touched."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.events import Event
from labeler.pay import ledger
from labeler.people.accounts import Person
from labeler.quality import adjudications, outcomes, reviews, threads
from labeler.quality.adjudications import Adjudication, Finding
from labeler.quality.reviews import Outcome, Review, ReviewKind, ReviewState
from labeler.quality.threads import Comment
from labeler.work import answers, comparisons, judgments
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.projects import Project
from labeler.work.rubrics import Verdict
from tests.cast import Cast
from tests.make import judge_next

FIRST = Finding(Verdict.preference, 0)


@pytest.fixture
def other(session: Session, cast: Cast, project: Project, said: Judgment) -> Judgment:
    """What Bea says of the same comparison."""
    while (judgment := judge_next(session, project, cast.bea)).comparison_id != said.comparison_id:
        pass
    return judgment


@pytest.fixture
def review(session: Session, project: Project, said: Judgment, other: Judgment) -> Review:
    """A review of a comparison of which two people said something."""
    reviews.open_unsure(session, project.id, [(said.comparison_id, 0.5)])
    return reviews.of_comparison(session, said.comparison_id)[0]


def of_one(session: Session, judgment: Judgment, kind: ReviewKind = ReviewKind.sample) -> Review:
    return reviews.open(
        session, judgment.project_id, kind, judgment_id=judgment.id, reason="Drawn."
    )


def kinds(session: Session) -> list[str]:
    return list(session.scalars(sa.select(Event.kind).order_by(Event.id)))


def test_what_is_accepted_stands(session: Session, cast: Cast, review: Review) -> None:
    outcomes.accept(session, review, by=cast.rex)
    assert (review.state, review.outcome) == (ReviewState.closed, Outcome.accepted)
    assert kinds(session)[-1] == "review.closed"


def test_what_is_left_out_stays_paid(
    session: Session, cast: Cast, review: Review, said: Judgment, other: Judgment
) -> None:
    before = ledger.earned(session, person_id=cast.ada.id)
    with pytest.raises(Invalid, match="say why"):
        outcomes.exclude(session, review, said, " ", by=cast.rex)
    outcomes.exclude(session, review, said, "It is about another prompt.", by=cast.rex)
    assert (said.state, review.outcome) == (JudgmentState.excluded, Outcome.excluded)
    assert other.state is JudgmentState.accepted
    assert ledger.earned(session, person_id=cast.ada.id) == before == {"EUR": 35}


def test_a_review_of_one_judgment_goes_on_when_another_is_left_out(
    session: Session, cast: Cast, said: Judgment, other: Judgment
) -> None:
    review = of_one(session, said)
    outcomes.exclude(session, review, other, "It is about another prompt.", by=cast.rex)
    assert review.state is ReviewState.open
    outcomes.exclude(session, review, said, "This one too.", by=cast.rex)
    assert review.outcome is Outcome.excluded


def test_what_is_said_elsewhere_is_not_decided_here(
    session: Session, cast: Cast, project: Project, review: Review, said: Judgment
) -> None:
    elsewhere = judge_next(session, project, cast.ada)
    assert elsewhere.comparison_id != said.comparison_id
    with pytest.raises(NotFound):
        outcomes.exclude(session, review, elsewhere, "No.", by=cast.rex)
    with pytest.raises(NotFound):
        outcomes.send_back(session, review, elsewhere, "Look again.", by=cast.rex)


# Adjudicating


def test_what_is_found_ends_all_reviews_of_it_but_signals(
    session: Session, cast: Cast, review: Review, said: Judgment
) -> None:
    sample, signal = (
        of_one(session, said, kind) for kind in (ReviewKind.sample, ReviewKind.signal)
    )
    outcomes.adjudicate(session, review, FIRST, "The other one is wrong.", by=cast.rex)
    found, by = adjudications.of_comparison(session, said.comparison_id)[0]
    assert (found.verdict, found.preferred, by) == (Verdict.preference, 0, cast.rex)
    assert found.reason == "The other one is wrong."
    session.expire_all()
    assert (review.outcome, sample.outcome) == (Outcome.adjudicated, Outcome.adjudicated)
    assert signal.state is ReviewState.open
    assert said.state is JudgmentState.accepted


def test_the_newest_finding_counts_and_none_is_altered(
    session: Session, cast: Cast, review: Review, said: Judgment
) -> None:
    comparison = comparisons.find(session, said.project_id, said.comparison_id)
    for finding in (FIRST, Finding(Verdict.tie, None)):
        adjudications.adjudicate(session, comparison, finding, "I have read it.", by=cast.rex)
    found = [one.verdict for one, _ in adjudications.of_comparison(session, comparison.id)]
    assert found == [Verdict.tie, Verdict.preference]
    for change in (sa.update(Adjudication).values(reason="No."), sa.delete(Adjudication)):
        with pytest.raises(sa.exc.DatabaseError, match="appended"), session.begin_nested():
            session.execute(change)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0", FIRST),
        ("1", Finding(Verdict.preference, 1)),
        ("tie", Finding(Verdict.tie, None)),
        ("both_bad", Finding(Verdict.both_bad, None)),
        ("2", None),
        ("-1", None),
        ("", None),
        ("ranking", None),
        ("٠", None),
        ("0" * 5000, None),
    ],
)
def test_findings_are_answers_or_neither(
    session: Session, said: Judgment, text: str, found: Finding | None
) -> None:
    comparison = comparisons.find(session, said.project_id, said.comparison_id)
    if found is not None:
        assert adjudications.read_finding(session, comparison, text) == found
        return
    with pytest.raises(Invalid) as refusal:
        adjudications.read_finding(session, comparison, text)
    assert list(refusal.value.fields) == ["finding"]


def test_what_is_known_or_withdrawn_is_not_adjudicated(
    session: Session, cast: Cast, review: Review, said: Judgment
) -> None:
    comparison = comparisons.find(session, said.project_id, said.comparison_id)
    comparison.is_gold = True
    with pytest.raises(Invalid, match="known already"):
        outcomes.adjudicate(session, review, FIRST, "It is better.", by=cast.rex)
    comparison.is_gold = False
    comparisons.withdraw(session, comparison, "It shows a name.", by=cast.olga)
    with pytest.raises(Conflict, match="withdrawn"):
        outcomes.adjudicate(session, review, FIRST, "It is better.", by=cast.rex)


# Sending back


def test_what_is_sent_back_waits_for_its_author(
    session: Session, cast: Cast, review: Review, said: Judgment
) -> None:
    with pytest.raises(Invalid, match="marked"):
        outcomes.send_back(session, review, said, " ", by=cast.rex)
    outcomes.send_back(session, review, said, " Is B not shorter? ", by=cast.rex)
    assert (review.state, review.sent_back_id) == (ReviewState.waiting, said.id)
    assert session.get_one(Assignment, said.assignment_id).sent_back_at is not None
    [(comment, _)] = outcomes.thread(session, review)
    assert (comment.text, comment.author_id) == ("Is B not shorter?", cast.ada.id)
    assert kinds(session)[-1] == "review.sent_back"


def test_a_judgment_is_with_its_author_once(
    session: Session, cast: Cast, review: Review, said: Judgment
) -> None:
    outcomes.send_back(session, review, said, "Please look again.", by=cast.rex)
    for again in (review, of_one(session, said)):
        with pytest.raises(Conflict, match="with its author"):
            outcomes.send_back(session, again, said, "And here.", by=cast.rex)


def test_who_decides_meanwhile_waits_no_more(
    session: Session, cast: Cast, review: Review, said: Judgment
) -> None:
    outcomes.send_back(session, review, said, "Please look again.", by=cast.rex)
    outcomes.accept(session, review, by=cast.rex)
    session.expire_all()
    assert session.get_one(Assignment, said.assignment_id).sent_back_at is None


def test_what_does_not_count_and_what_is_ones_own_is_not_sent_back(
    session: Session, cast: Cast, review: Review, said: Judgment, other: Judgment
) -> None:
    with pytest.raises(Forbidden, match="own work"):
        outcomes.send_back(session, review, other, "Why?", by=cast.bea)
    answer = answers.read(session, session.get_one(Assignment, said.assignment_id), 6, "I see.")
    project = session.get_one(Project, said.project_id)
    key = "6f1c7f0e-6c4e-4c43-8f0b-1f7b7c1b2a10"
    judgments.change(session, project, said, answer, key=key)
    with pytest.raises(Conflict, match="was changed"):
        outcomes.send_back(session, review, said, "Why?", by=cast.rex)


# Second opinions


def test_who_asks_for_a_second_opinion_leaves_it_to_others(
    session: Session, cast: Cast, sam: Person, review: Review
) -> None:
    asked = outcomes.ask_second_opinion(session, review, "I cannot tell.", by=cast.rex)
    assert (asked.kind, asked.opened_by) == (ReviewKind.second_opinion, cast.rex.id)
    for one in (review, asked):
        for act in (outcomes.accept, outcomes.dismiss):
            with pytest.raises(Forbidden, match="somebody else decides"):
                act(session, one, by=cast.rex)
        with pytest.raises(Forbidden, match="somebody else decides"):
            outcomes.adjudicate(session, one, FIRST, "Better.", by=cast.rex)
        assert not outcomes.may_decide(session, one, cast.rex)
        assert outcomes.may_decide(session, one, sam)
    outcomes.accept(session, asked, by=sam)
    session.expire_all()
    assert (review.outcome, review.closed_by) == (Outcome.accepted, sam.id)
    assert [comment.text for comment, _ in outcomes.thread(session, asked)] == ["I cannot tell."]


def test_a_second_opinion_is_over_with_what_it_is_about(
    session: Session, cast: Cast, sam: Person, review: Review
) -> None:
    asked = outcomes.ask_second_opinion(session, review, "I cannot tell.", by=cast.rex)
    outcomes.accept(session, review, by=sam)
    session.expire_all()
    assert asked.outcome is Outcome.accepted
    with pytest.raises(Conflict):
        outcomes.ask_second_opinion(session, review, "Once more.", by=cast.rex)


def test_nobody_decides_about_their_own_work(
    session: Session, cast: Cast, project: Project
) -> None:
    about = {"person_id": cast.rex.id, "reason": "Quick."}
    signal = reviews.open(session, project.id, ReviewKind.signal, **about)
    for act in (outcomes.accept, outcomes.dismiss):
        with pytest.raises(Forbidden, match="own work"):
            act(session, signal, by=cast.rex)
    outcomes.dismiss(session, signal, by=cast.olga)


# Threads


def test_remarks_stay_among_reviewers(session: Session, cast: Cast, review: Review) -> None:
    outcomes.remark(session, review, "I find it hard.", by=cast.rex)
    [(comment, by)] = outcomes.thread(session, review)
    assert (comment.for_author, by) == (False, cast.rex)
    with pytest.raises(NotFound):
        outcomes.tell(session, review, "Hello.", by=cast.rex)
    assert threads.with_author(session, [review.id], cast.ada.id) == {}


@pytest.mark.parametrize("text", ["", "  ", "a\0b", "\ud800", "x" * 10_001])
def test_a_comment_has_words_that_can_be_kept(
    session: Session, cast: Cast, review: Review, text: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        outcomes.remark(session, review, text, by=cast.rex)
    assert list(refusal.value.fields) == ["comment"]


def test_a_thread_is_never_altered(session: Session, cast: Cast, review: Review) -> None:
    outcomes.remark(session, review, "I find it hard.", by=cast.rex)
    for change in (sa.update(Comment).values(text="No."), sa.delete(Comment)):
        with pytest.raises(sa.exc.DatabaseError, match="appended"), session.begin_nested():
            session.execute(change)
