"""Whatever happens in whatever order: limits are kept, and every answer is billed once."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.orm import Session

from labeler.endpoints import calls, purses, taking
from labeler.endpoints.calls import Call, CallState
from labeler.endpoints.registry import Endpoint
from labeler.endpoints.taking import Taken
from labeler.work.projects import Project
from tests.cast import Cast
from tests.chats import calls_of
from tests.conftest import StoppedClock
from tests.labeler.endpoints import asking
from tests.labeler.endpoints.asking import BUSY, COST, WRONG
from tests.make import make_project

PROGRAMS = ("one", "other")
LIMITS = {
    "narrow": {"concurrent": 1, "attempts": 3},
    "paced": {"concurrent": 4, "per_minute": 12, "attempts": 20},
}
BUDGET = 5_000
OFTEN = BUSY, WRONG, replace(BUSY, status=429, retry_after_s=5.0)
KINS = ("rich", "poor")
INDEX = st.integers(0, 1000)


class Calls(RuleBasedStateMachine):
    """Programs take calls, answer, fail, fall silent, come back; people ask, cancel, ask again."""

    number = 0

    def __init__(self, session: Session, project: Project, time: StoppedClock) -> None:
        super().__init__()
        Calls.number += 1
        self.mark = f"n{Calls.number}"
        self.session, self.project, self.time = session, project, time
        self.endpoints = {name: self._endpoint(name) for name in LIMITS}
        purses.fill(session, self._kin("poor"), BUDGET, "EUR")
        self.under_way: list[tuple[str, Taken]] = []
        self.begun: list[tuple[str, datetime]] = []
        self.paid: Counter[str] = Counter()
        self.answers: dict[int, str] = {}
        self.keys = 0
        self.late = 0
        """What answers cost for which nothing was set aside any more, by those who were silent."""

    def _endpoint(self, name: str) -> Endpoint:
        return asking.add(self.session, f"{name}-{self.mark}", limits=LIMITS[name])

    def _kin(self, name: str) -> str:
        return f"{name}:{self.mark}"

    @rule(name=st.sampled_from(sorted(LIMITS)), kin=st.sampled_from(KINS), chat=st.booleans())
    def ask(self, name: str, kin: str, chat: bool) -> None:
        self.keys += 1
        key = f"{self.mark}:{self.keys}"
        given = {"kin": self._kin(kin), "priority": 10 * chat}
        asking.ask(self.session, self.endpoints[name], self.project, key, **given)

    @rule(by=st.sampled_from(PROGRAMS))
    def take(self, by: str) -> None:
        taken = taking.take(self.session, by)
        if taken is None:
            return
        self.under_way.append((by, taken))
        self.begun.append((taken.line, self.time.time))
        assert taken.call_id not in self.answers

    @precondition(lambda self: self.under_way)
    @rule(index=INDEX)
    def answer(self, index: int) -> None:
        _by, taken = self.under_way.pop(index % len(self.under_way))
        text = f"{taken.call_id}, {taken.attempt}"
        self.paid[taken.kin] += COST
        if taken.kin == self._kin("poor"):
            self.late += COST * (calls.find(self.session, taken.call_id).aside_micro == 0)
        if taking.finish(self.session, taken, asking.reply(text)):
            assert taken.call_id not in self.answers
            self.answers[taken.call_id] = text

    @precondition(lambda self: self.under_way)
    @rule(index=INDEX, fault=st.sampled_from(OFTEN))
    def fail(self, index: int, fault: object) -> None:
        _by, taken = self.under_way.pop(index % len(self.under_way))
        taking.fail(self.session, taken, fault)  # type: ignore[arg-type]

    @rule(by=st.sampled_from(PROGRAMS))
    def beat(self, by: str) -> None:
        taking.beat(self.session, by, [taken.call_id for who, taken in self.under_way if who == by])

    @rule(by=st.sampled_from(PROGRAMS))
    def lay_down(self, by: str) -> None:
        taking.lay_down(self.session, by)
        self.under_way = [(who, taken) for who, taken in self.under_way if who != by]

    @rule(by=st.sampled_from(PROGRAMS))
    def kill(self, by: str) -> None:
        self.under_way = [(who, taken) for who, taken in self.under_way if who != by]

    @rule(seconds=st.sampled_from((1, 5, 20, 31)))
    def wait(self, seconds: int) -> None:
        self.time.forward(seconds=seconds)

    @rule(kin=st.sampled_from(KINS))
    def cancel(self, kin: str) -> None:
        calls.cancel_all(self.session, self._kin(kin))

    @rule(kin=st.sampled_from(KINS))
    def retry(self, kin: str) -> None:
        calls.retry_all(self.session, self._kin(kin))

    @invariant()
    def limits_are_kept_and_answers_are_billed_once(self) -> None:
        found = [call for kin in KINS for call in calls_of(self.session, f"{kin}:{self.mark}")]
        self._require_limits(found)
        for call in found:
            assert (call.state is CallState.done) == (call.id in self.answers)
            assert call.text == self.answers.get(call.id)
            assert call.cost_micro == (COST if call.id in self.answers else 0)
        for kin in map(self._kin, KINS):
            billed = sum(call.cost_micro + call.wasted_micro for call in found if call.kin == kin)
            assert billed == self.paid[kin]
        assert list(purses.faults(self.session)) == []
        purse = purses.find(self.session, self._kin("poor"))
        assert purse
        assert purse.aside_micro >= 0
        assert purse.spent_micro + purse.aside_micro <= BUDGET + self.late

    def _require_limits(self, found: list[Call]) -> None:
        fresh = self.time.time - taking.PATIENCE
        live = Counter(
            call.line
            for call in found
            if call.taken_by and call.heartbeat_at and call.heartbeat_at >= fresh
        )
        for name, endpoint in self.endpoints.items():
            assert live[endpoint.name] <= LIMITS[name]["concurrent"]
        minute, paced = self.time.time - timedelta(minutes=1), self.endpoints["paced"].name
        assert sum(line == paced and at > minute for line, at in self.begun) <= 12

    def teardown(self) -> None:
        for kin in KINS:
            calls.cancel_all(self.session, self._kin(kin))


def test_limits_are_kept_and_answers_billed_once_in_any_order(
    session: Session, cast: Cast, frozen: StoppedClock, soak: bool
) -> None:
    project = make_project(session, cast)
    run_state_machine_as_test(
        lambda: Calls(session, project, frozen),  # type: ignore[arg-type]
        settings=settings(
            max_examples=300 if soak else 6,
            stateful_step_count=60 if soak else 30,
            deadline=None,
            database=None,
            phases=[Phase.generate] if not soak else list(Phase),
            suppress_health_check=list(HealthCheck),
        ),
    )
