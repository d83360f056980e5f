"""How well people agree, on votes that were counted by hand."""

from math import isnan

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import progress
from labeler.people.accounts import Person
from labeler.quality import decisions
from labeler.work import assignments, comparisons, listings, queue
from labeler.work.assignments import SkipReason
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge, load_rows, make_project, make_row


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    """Eight comparisons and a known answer."""
    project = make_project(session, cast, judgments_per_comparison=3)
    rows = [make_row(n, gold=0 if n == 8 else None) for n in range(9)]
    load_rows(session, project, rows, by=cast.olga)
    return project


def say(session: Session, project: Project, person: Person, said: dict[int, str]) -> None:
    """Let the person say "0", "1", "tie" or "both_bad" of these comparisons, and skip the rest."""
    while (held := queue.claim(session, project, by=person)) is not None:
        name = comparisons.find(session, project.id, held.comparison_id).external_id
        word = said.get(int(name.removeprefix("pair-")))
        if word is None:
            assignments.skip(session, held, SkipReason.other)
        elif word in ("0", "1"):
            judge(session, held, (1, 7)[held.places.index(int(word))], person)
        else:
            judge(session, held, word, person)


def test_nothing_to_agree_on(session: Session, project: Project, cast: Cast) -> None:
    say(session, project, cast.ada, {0: "0", 1: "1"})
    found = progress.agreement(session, project.id)
    assert isnan(found.raw.value)
    assert (found.raw.n, found.raw.has_range) == (0, False)
    assert progress.agreement_by_week(session, project.id) == []


def test_agreement_with_ties_and_without(session: Session, project: Project, cast: Cast) -> None:
    ada = {0: "0", 1: "0", 2: "1", 3: "tie", 4: "both_bad", 5: "1"}
    bea = {0: "0", 1: "1", 2: "1", 3: "tie", 4: "tie", 6: "0"}
    say(session, project, cast.ada, ada)
    say(session, project, cast.bea, bea)
    found = progress.agreement(session, project.id)
    # Judged twice: five; of the same mind: 0, 2 and 3. Two sides: three, of them 0 and 2.
    assert (found.raw.value, found.raw.n) == (pytest.approx(3 / 5), 5)
    assert (found.without_ties.value, found.without_ties.n) == (pytest.approx(2 / 3), 3)
    assert found.raw.interval.low < 3 / 5 < found.raw.interval.high
    assert (found.raw.has_range, found.without_ties.has_range) == (True, False)
    # Pairs that differ: 0-1 and tie-both_bad, 2 of 5. Votes: 3, 3, 3, 1; by chance 1 - 18/90.
    assert found.alpha.value == pytest.approx(1 - (2 / 5) / (72 / 90))


def test_known_answers_and_what_is_left_out_do_not_count(
    session: Session, project: Project, cast: Cast
) -> None:
    project.gold_share = 1.0
    for person in (cast.ada, cast.bea):
        say(session, project, person, {0: "0", 8: "0"})
    asked = sa.select(comparisons.Comparison.id).where(
        comparisons.Comparison.external_id == "pair-0"
    )
    for judgment, _ in listings.of_comparison(session, session.scalars(asked).one()):
        decisions.exclude(session, judgment, "By mistake", by=cast.rex)
    assert progress.agreement(session, project.id).raw.n == 0


def test_a_pair_of_judgments_counts_in_the_week_of_the_later_one(
    session: Session, project: Project, cast: Cast, frozen: StoppedClock
) -> None:
    every = dict.fromkeys(range(8), "0")
    say(session, project, cast.ada, every)
    frozen.forward(days=6)  # a Sunday, still of the same week
    say(session, project, cast.bea, every | {7: "1"})
    (week,) = progress.agreement_by_week(session, project.id)
    assert (week.monday.isoformat(), week.raw.n) == ("2026-11-23", 8)
    assert week.raw.value == pytest.approx(7 / 8)
    frozen.forward(days=1)
    say(session, project, cast.rex, dict.fromkeys(range(5), "0"))
    first, second = progress.agreement_by_week(session, project.id)
    assert first == week
    # Each of five came to two that agreed with one another and with it.
    assert (second.monday.isoformat(), second.raw.n, second.raw.value) == ("2026-11-30", 5, 1.0)


def test_votes_on_comparisons(session: Session, project: Project, cast: Cast) -> None:
    say(session, project, cast.ada, {0: "0", 1: "tie"})
    say(session, project, cast.bea, {0: "1", 1: "both_bad"})
    first, second, third, *_ = comparisons.page(session, project.id)
    assert progress.votes(session, [first.id, second.id, third.id]) == {
        first.id: {"0": 1, "1": 1},
        second.id: {"tie": 1, "both_bad": 1},
        third.id: {},
    }
