"""Calls are made once, in order, within their limits, and are billed once whatever happens."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.endpoints import calls, pacing, purses, registry, taking
from labeler.endpoints.calls import CallState
from labeler.endpoints.profiles import Sampling
from labeler.endpoints.purses import Stop
from labeler.endpoints.registry import Endpoint
from labeler.errors import Conflict
from labeler.work.drafts import ModelsFrom
from labeler.work.projects import Project
from tests.cast import Cast
from tests.chats import calls_of
from tests.conftest import StoppedClock
from tests.labeler.endpoints import asking
from tests.labeler.endpoints.asking import BUSY, BY, COST, KIN, WRONG
from tests.make import make_project


@pytest.fixture
def project(session: Session, cast: Cast, frozen: StoppedClock) -> Project:
    return make_project(session, cast)


@pytest.fixture
def endpoint(session: Session) -> Endpoint:
    return asking.add(session)


def test_an_answer_is_kept_with_all_that_is_known_of_it(
    session: Session, project: Project, endpoint: Endpoint
) -> None:
    drawn = Sampling(temperature=0.5, seed=7)
    asking.ask(session, endpoint, project, sampling=drawn)
    taken = asking.take(session)
    assert (taken.sampling, taken.messages) == (drawn, asking.hello())
    assert taken.profile == endpoint.written
    assert taking.finish(session, taken, asking.reply("Hello, you."))
    call = asking.now(session)
    assert (call.state, call.text, call.is_complete) == (CallState.done, "Hello, you.", True)
    assert (call.cost_micro, call.currency, call.taken_by) == (COST, "EUR", None)
    origin = calls.provenance(call, endpoint)
    assert origin["endpoint"] == "here"
    assert origin["model_returned"] == "small-001"
    assert (origin["seed"], origin["left_premises"]) == (7, False)
    assert origin["usage"] == {"input_tokens": 11, "output_tokens": 7}


def test_what_is_asked_twice_is_one_call(
    session: Session, project: Project, endpoint: Endpoint
) -> None:
    once = asking.ask(session, endpoint, project)
    assert asking.ask(session, endpoint, project) is once
    taking.finish(session, asking.take(session), asking.reply())
    registry.archive(session, "here", by=None)
    assert asking.ask(session, endpoint, project).state is CallState.done
    assert taking.take(session, BY) is None
    session.refresh(endpoint)
    with pytest.raises(Conflict, match="archived"):
        asking.ask(session, endpoint, project, "2")


def test_who_waits_for_a_chat_goes_first_then_who_has_waited_longest(
    session: Session, project: Project, endpoint: Endpoint
) -> None:
    for key in "12":
        asking.ask(session, endpoint, project, key)
    asking.ask(session, endpoint, project, "chat", priority=calls.CHAT)
    order = [asking.take(session).messages for _ in range(3)]
    assert order == [asking.hello(key) for key in ("chat", "1", "2")]
    assert taking.take(session, BY) is None


def test_a_call_that_fails_is_made_again_later_and_later_and_then_no_more(
    session: Session, project: Project, frozen: StoppedClock
) -> None:
    endpoint = asking.add(session, limits={"attempts": 4})
    asking.ask(session, endpoint, project)
    waits = list[float]()
    for _ in range(3):
        pacing.lay(session, "here", endpoint.written.limits)  # so that its rests are left out
        assert taking.fail(session, asking.take(session), BUSY)
        call = asking.now(session)
        waits.append((call.due_at - frozen.time).total_seconds())
        frozen.time = call.due_at - timedelta(milliseconds=1)
        assert taking.take(session, BY) is None
        frozen.time = call.due_at
    assert all(low <= wait <= 2 * low for low, wait in zip((0.5, 1, 2), waits, strict=True))
    pacing.lay(session, "here", endpoint.written.limits)
    assert taking.fail(session, asking.take(session), BUSY)
    call = asking.now(session)
    assert (call.state, call.fault and call.fault["message"]) == (CallState.failed, "Busy.")
    frozen.forward(hours=9)
    assert taking.take(session, BY) is None


def test_a_call_that_cannot_succeed_fails_at_once_and_can_be_asked_for_again(
    session: Session, project: Project, endpoint: Endpoint
) -> None:
    call = asking.ask(session, endpoint, project)
    taking.fail(session, asking.take(session), WRONG)
    failed = CallState.failed
    assert [each for each in calls_of(session, KIN) if each.state is failed] == [call]
    assert calls.retry(session, call)
    assert not calls.retry(session, call)
    taking.finish(session, asking.take(session), asking.reply())
    with pytest.raises(Conflict, match="has its answer"):
        calls.retry(session, call)
    assert calls.retry_all(session, KIN) == 0


def test_a_server_that_says_when_is_believed(
    session: Session, project: Project, endpoint: Endpoint, frozen: StoppedClock
) -> None:
    asking.ask(session, endpoint, project)
    taking.fail(session, asking.take(session), replace(BUSY, retry_after_s=40.0))
    assert asking.now(session).due_at == frozen.time + timedelta(seconds=40)


def test_what_a_program_was_asking_when_it_died_is_taken_up_after_a_silence(
    session: Session, project: Project, endpoint: Endpoint, frozen: StoppedClock
) -> None:
    call = asking.ask(session, endpoint, project)
    asking.take(session, "dead")
    assert taking.beat(session, "dead", [call.id]) == 1
    frozen.time += taking.PATIENCE
    assert not taking.due(session)
    frozen.forward(seconds=0.001)
    assert taking.due(session)
    second = asking.take(session, "next")
    assert taking.beat(session, "dead", [call.id]) == 0
    assert taking.beat(session, "next", [call.id]) == 1
    assert second.attempt == 2


def test_the_first_answer_is_kept_and_each_is_billed_once(
    session: Session, project: Project, endpoint: Endpoint, frozen: StoppedClock
) -> None:
    purses.fill(session, KIN, 10_000, "EUR")
    asking.ask(session, endpoint, project)
    silent = asking.take(session, "silent")
    frozen.forward(minutes=1)
    second = asking.take(session, "second")
    assert taking.finish(session, silent, asking.reply("First."))
    assert not taking.finish(session, second, asking.reply("Second."))
    assert not taking.fail(session, second, BUSY)
    call = asking.now(session)
    assert (call.text, call.cost_micro, call.wasted_micro) == ("First.", COST, COST)
    bill = calls.spent(session, KIN)
    assert bill
    assert (bill.currency, bill.total_micro) == ("EUR", 2 * COST)
    assert list(purses.faults(session)) == []


def test_who_was_silent_cannot_fail_what_another_asks_now(
    session: Session, project: Project, endpoint: Endpoint, frozen: StoppedClock
) -> None:
    asking.ask(session, endpoint, project)
    silent = asking.take(session, "silent")
    frozen.forward(minutes=1)
    asking.take(session, "second")
    assert not taking.fail(session, silent, WRONG)
    assert asking.now(session).state is CallState.running


def test_a_call_that_ends_every_program_is_given_up(
    session: Session, project: Project, endpoint: Endpoint, frozen: StoppedClock
) -> None:
    call = asking.ask(session, endpoint, project)
    while taking.take(session, BY):
        frozen.forward(minutes=1)
    call = asking.now(session)
    assert (call.state, call.attempts) == (CallState.failed, taking.MOST_SILENCES + 1)
    assert calls.retry(session, call)
    asking.take(session)


def test_what_is_laid_down_is_taken_up_at_once(
    session: Session, project: Project, endpoint: Endpoint
) -> None:
    for key in "12":
        asking.ask(session, endpoint, project, key)
    asking.take(session, "one"), asking.take(session, "other")
    assert taking.lay_down(session, "one") == 1
    assert taking.lay_down(session, "one") == 0
    assert asking.take(session, "next").messages == asking.hello("1")
    assert asking.now(session, "2").taken_by == "other"


def test_what_is_cancelled_is_billed_and_its_line_waits_for_it(
    session: Session, project: Project, frozen: StoppedClock
) -> None:
    purses.fill(session, KIN, 10_000, "EUR")
    endpoint = asking.add(session, limits={"concurrent": 1})
    for key in "12":
        asking.ask(session, endpoint, project, key)
    taken = asking.take(session)
    assert calls.cancel_all(session, KIN) == 2
    assert calls.cancel_all(session, KIN) == 0
    asking.ask(session, endpoint, project, "3", kin="other")
    assert taking.take(session, BY) is None  # the server is still at the first
    assert not taking.finish(session, taken, asking.reply())
    call = asking.now(session)
    assert (call.state, call.text, call.wasted_micro) == (CallState.cancelled, None, COST)
    assert asking.take(session).kin == "other"
    assert list(purses.faults(session)) == []


def test_no_more_is_spent_than_there_is(
    session: Session, project: Project, endpoint: Endpoint, frozen: StoppedClock
) -> None:
    call = asking.ask(session, endpoint, project)
    for key in "2345":
        asking.ask(session, endpoint, project, key)
    most = 100 * 6 + 2 * (16 + 16 + len("Hello 1"))
    purses.fill(session, KIN, 2 * most + COST - 1, "EUR")
    first, second = asking.take(session), asking.take(session)
    assert taking.take(session, BY) is None  # though there may be enough when they end
    assert calls.counts(session, KIN)[CallState.waiting] == 3
    taking.finish(session, first, asking.reply())
    assert taking.take(session, BY) is None
    taking.finish(session, second, asking.reply())
    third = asking.take(session)
    taking.finish(session, third, asking.reply(output_tokens=100, input_tokens=31))
    while taken := taking.take(session, BY):
        taking.finish(session, taken, asking.reply(output_tokens=100, input_tokens=31))
    purse = purses.find(session, KIN)
    assert purse
    assert (purse.stopped, purse.aside_micro) == (Stop.budget, 0)
    assert purse.spent_micro <= purse.budget_micro
    left = calls.counts(session, KIN)[CallState.cancelled]
    assert left == 2
    purses.fill(session, KIN, 9 * most, "EUR")  # more, and on it goes
    assert calls.retry_all(session, KIN) == left
    while taken := taking.take(session, BY):
        taking.finish(session, taken, asking.reply())
    assert calls.counts(session, KIN)[CallState.done] == 5
    session.refresh(call)
    assert call.state is CallState.done
    assert list(purses.faults(session)) == []


def test_a_kin_that_has_nothing_left_holds_up_no_other(
    session: Session, project: Project, endpoint: Endpoint
) -> None:
    purses.fill(session, KIN, 0, "EUR")
    asking.ask(session, endpoint, project, "1")
    asking.ask(session, endpoint, project, "2", kin="other")
    assert asking.take(session).kin == "other"
    assert asking.now(session).state is CallState.cancelled


def test_a_purse_that_is_filled_late_knows_what_was_spent_before(
    session: Session, project: Project, endpoint: Endpoint
) -> None:
    for key in "12":
        asking.ask(session, endpoint, project, key)
    taking.finish(session, asking.take(session), asking.reply())
    second = asking.take(session)
    purse = purses.fill(session, KIN, 10_000, "EUR")
    assert (purse.spent_micro, purse.aside_micro) == (COST, 678)
    taking.finish(session, second, asking.reply())
    assert list(purses.faults(session)) == []
    session.execute(sa.update(purses.Purse).values(spent_micro=1))
    assert list(purses.faults(session)) == [
        "the purse of generation:1 says something else than its calls"
    ]


def test_what_costs_nothing_needs_no_budget(session: Session, project: Project) -> None:
    purses.fill(session, KIN, 0, "EUR")
    endpoint = asking.add(session, price={"currency": "USD"})
    asking.ask(session, endpoint, project)
    taking.finish(session, asking.take(session), asking.reply())
    assert asking.now(session).cost_micro == 0


def test_a_budget_is_in_the_currency_of_the_bill(session: Session, project: Project) -> None:
    purses.fill(session, KIN, 1000, "EUR")
    endpoint = asking.add(session, price=asking.PRICE | {"currency": "USD"})
    with pytest.raises(Conflict, match="paid in USD, but the budget is in EUR"):
        asking.ask(session, endpoint, project)
    with pytest.raises(Conflict, match="currency of a budget stays"):
        purses.fill(session, KIN, 1000, "USD")


def test_an_answer_whose_cost_nobody_says_is_billed_as_the_most_that_it_can_be(
    session: Session, project: Project, endpoint: Endpoint
) -> None:
    purses.fill(session, KIN, 10_000, "EUR")
    asking.ask(session, endpoint, project)
    taken = asking.take(session)
    aside = asking.now(session).aside_micro
    taking.finish(session, taken, asking.reply(input_tokens=None, output_tokens=None))
    assert asking.now(session).cost_micro == aside > 0


def test_a_rule_that_comes_later_holds_for_what_waits(session: Session, project: Project) -> None:
    away = {"base_url": "https://models.example.org/v1", "place": "elsewhere"}
    endpoint = asking.add(session, **away)
    asking.ask(session, endpoint, project)
    project.models_from = ModelsFrom.eu
    session.flush()
    assert taking.take(session, BY) is None
    call = asking.now(session)
    assert call.state is CallState.failed
    assert call.fault
    assert "in the EU" in call.fault["message"]


def test_a_profile_that_cannot_be_read_holds_up_no_other(
    session: Session, project: Project, endpoint: Endpoint
) -> None:
    other = asking.add(session, "other")
    asking.ask(session, other, project)
    asking.ask(session, endpoint, project, "2")
    session.execute(sa.update(Endpoint).where(Endpoint.id == other.id).values(profile={"x": 1}))
    assert asking.take(session).messages == asking.hello("2")
    assert asking.now(session).state is CallState.failed
    registry.revise(session, asking.profile("other"), by=None)


def test_an_answer_with_characters_that_no_database_keeps_is_kept_all_the_same(
    session: Session, project: Project, endpoint: Endpoint
) -> None:
    asking.ask(session, endpoint, project)
    hostile = asking.reply("a\x00b\ud800", fingerprint="\x00", params_sent={"x": ["\udfff"]})
    assert taking.finish(session, asking.take(session), hostile)
    assert asking.now(session).text == "a\ufffdb\ufffd"
