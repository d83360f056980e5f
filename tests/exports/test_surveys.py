"""Surveys: agreement is told only from votes that nobody asked for because others disagreed."""

from exports.choosing import votes
from exports.files.surveys import Survey, agreement
from tests.exports.made import judged


def test_votes_that_were_asked_for_because_of_others_tell_no_agreement() -> None:
    survey = Survey()
    for one in (judged("0+1", "0+1"), judged("0+1", "1+2"), judged("tie", "tie")):
        survey.add(one, one.said, votes.count(one.said))
    for _ in range(50):
        one = judged("0+1", "0+1", is_adaptive=True)
        survey.add(one, one.said, votes.count(one.said))
    raw, _ = agreement(survey)
    assert (raw.n, raw.value) == (3, 2 / 3)
    assert survey.judgments == 106
