"""What an owner changes of a batch, and of a comparison, after it was loaded."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit
from labeler.errors import Conflict, Invalid, NotFound
from labeler.events import Event
from labeler.quality import decisions
from labeler.work import arrangements, comparisons, queue
from labeler.work.arrangements import Arrangement
from labeler.work.batches import Batch, BatchState
from labeler.work.comparisons import Comparison
from labeler.work.projects import Project
from tests.cast import Cast
from tests.make import judge_next, load_rows, make_project, make_row


@pytest.fixture
def project(session: Session, cast: Cast) -> Project:
    return make_project(session, cast)


@pytest.fixture
def batch(session: Session, cast: Cast, project: Project) -> Batch:
    """Three pairs, wanted twice each, and a known answer."""
    rows = [*map(make_row, range(3)), make_row(3, gold=0)]
    return load_rows(session, project, rows, by=cast.olga)


def said(session: Session, kind: str) -> Sequence[object]:
    events = sa.select(Event.data).where(Event.kind == kind).order_by(Event.id)
    return session.scalars(events).all()


def all_of(session: Session, batch: Batch, number: int, cast: Cast) -> int:
    """Ask for other judgments; return in how many chunks it was done."""
    return len(list(arrangements.want(session, batch, number, by=cast.olga)))


def stands(session: Session, batch: Batch) -> list[tuple[int, int, int]]:
    """Return what each pair wants, what it has too many of, and what is taken."""
    rows = session.execute(
        sa.select(Comparison.wanted, Comparison.surplus, Comparison.taken)
        .where(Comparison.batch_id == batch.id, ~Comparison.is_gold)
        .order_by(Comparison.id)
    )
    return [tuple(row) for row in rows]


def test_what_is_left_out_stays(session: Session, cast: Cast, batch: Batch) -> None:
    given = arrangements.read({"priority": 5, "cohorts": ["Experts", "experts", "night"]})
    arrangements.arrange(session, batch, given, by=cast.olga)
    arrangements.arrange(session, batch, Arrangement(most_per_person=50), by=cast.olga)
    assert (batch.priority, batch.cohorts, batch.most_per_person) == (5, ["experts", "night"], 50)
    open_to_all = Arrangement(cohorts=[], most_per_person=None)
    arrangements.arrange(session, batch, open_to_all, by=cast.olga)
    assert (batch.priority, batch.cohorts, batch.most_per_person) == (5, [], None)
    assert said(session, "batch.arranged") == [
        {"subject": batch.id, "priority": 5, "cohorts": ["experts", "night"]},
        {"subject": batch.id, "most_per_person": 50},
        {"subject": batch.id, "cohorts": [], "most_per_person": None},
    ]


def test_the_same_again_is_no_event(session: Session, cast: Cast, batch: Batch) -> None:
    for _ in range(2):
        arrangements.arrange(session, batch, Arrangement(priority=1), by=cast.olga)
        all_of(session, batch, 4, cast)
    assert len(said(session, "batch.arranged")) == 1
    assert said(session, "batch.wanted") == [{"subject": batch.id, "judgments": 4}]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("priority", 1001),
        ("priority", "first"),
        ("priority", None),
        ("cohorts", ["two words"]),
        ("cohorts", ["x" * 41]),
        ("cohorts", "experts"),
        ("most_per_person", 0),
        ("judgments", 0),
        ("judgments", 101),
        ("surprise", 1),
    ],
)
def test_what_cannot_be_read_is_named(field: str, value: object) -> None:
    with pytest.raises(Invalid) as refused:
        arrangements.read({field: value})
    assert [name.partition(".")[0] for name in refused.value.fields] == [field]


def test_more_judgments_open_a_finished_batch_again(
    session: Session, cast: Cast, project: Project, batch: Batch
) -> None:
    for person in (cast.ada, cast.bea):
        for _ in range(3):
            judge_next(session, project, person)
    assert queue.claim(session, project, by=cast.rex) is None
    assert all_of(session, batch, 3, cast) == 1
    assert stands(session, batch) == 3 * [(3, 0, 2)]
    assert arrangements.wanted(session, [batch.id]) == {batch.id: 3}
    judge_next(session, project, cast.rex)
    assert list(audit.faults(session)) == []


def test_fewer_judgments_take_nothing_away(
    session: Session, cast: Cast, project: Project, batch: Batch
) -> None:
    for person in (cast.ada, cast.bea):
        for _ in range(2):
            judge_next(session, project, person)
    before = sorted(taken for *_, taken in stands(session, batch))
    all_of(session, batch, 1, cast)
    assert sorted(taken for *_, taken in stands(session, batch)) == before
    assert all(surplus == max(0, taken - 1) for _, surplus, taken in stands(session, batch))
    assert list(audit.faults(session)) == []


def test_many_are_changed_in_chunks_and_go_on_where_they_broke_off(
    session: Session, cast: Cast, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrangements, "CHUNK", 2)
    next(arrangements.want(session, batch, 7, by=cast.olga))
    assert [wanted for wanted, *_ in stands(session, batch)] == [7, 7, 2]
    assert all_of(session, batch, 7, cast) == 1
    assert [wanted for wanted, *_ in stands(session, batch)] == [7, 7, 7]
    assert list(audit.faults(session)) == []


def test_known_answers_and_what_is_withdrawn_stay_as_they_are(
    session: Session, cast: Cast, project: Project, batch: Batch
) -> None:
    first = comparisons.page(session, project.id)[0]
    decisions.withdraw(session, first, "A name in it.", by=cast.olga)
    all_of(session, batch, 5, cast)
    wanted = [comparison.wanted for comparison in comparisons.page(session, project.id)]
    assert wanted == [0, 5, 5, comparisons.EVERYBODY]
    assert list(audit.faults(session)) == []


def test_a_batch_of_known_answers_alone_asks_for_no_number(
    session: Session, cast: Cast, project: Project
) -> None:
    batch = load_rows(session, project, [make_row(0, gold=0)], by=cast.olga)
    assert arrangements.wanted(session, [batch.id]) == {}
    assert all_of(session, batch, 5, cast) == 0


def test_a_batch_that_is_being_loaded_has_no_number_yet(
    session: Session, cast: Cast, batch: Batch
) -> None:
    batch.state = BatchState.loading
    given = Arrangement(priority=3, judgments=4)
    with pytest.raises(Conflict, match="still being loaded"):
        list(arrangements.carry_out(session, batch, given, by=cast.olga))
    with pytest.raises(Conflict, match="still being loaded"):
        all_of(session, batch, 4, cast)
    list(arrangements.carry_out(session, batch, Arrangement(priority=3), by=cast.olga))
    assert batch.priority == 3


def test_a_batch_is_found_in_its_project_only(
    session: Session, cast: Cast, project: Project, batch: Batch
) -> None:
    other = make_project(session, cast, slug="other")
    assert arrangements.find(session, project.id, batch.id) is batch
    for project_id, batch_id in ((other.id, batch.id), (project.id, 10**9)):
        with pytest.raises(NotFound):
            arrangements.find(session, project_id, batch_id)


def test_who_withdrew_it_and_why(session: Session, cast: Cast, project: Project) -> None:
    rows = [make_row(n) for n in range(2)]
    load_rows(session, project, rows, by=cast.olga)
    withdrawn, other = comparisons.page(session, project.id)
    held = queue.claim(session, project, by=cast.ada)
    assert held is not None
    decisions.withdraw(session, withdrawn, " A name in it. ", by=cast.olga)
    decision = decisions.withdrawal(session, withdrawn)
    assert decision is not None
    assert (decision.name, decision.reason) == ("Olga", "A name in it.")
    assert decisions.withdrawal(session, other) is None
    with pytest.raises(Conflict, match="withdrawn already"):
        decisions.withdraw(session, withdrawn, "Again.", by=cast.olga)
    for reason in ("  ", "a\0b", "x" * 10_001):
        with pytest.raises(Invalid) as refusal:
            decisions.withdraw(session, other, reason, by=cast.olga)
        assert list(refusal.value.fields) == ["reason"]
    assert judge_next(session, project, cast.ada).counts  # what was begun may be finished
    given = [queue.claim(session, project, by=person) for person in (cast.bea, cast.rex)]
    assert {each.comparison_id for each in given if each} <= {other.id}
    assert list(audit.faults(session)) == []
