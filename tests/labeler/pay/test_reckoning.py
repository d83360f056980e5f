from datetime import UTC, datetime
from fractions import Fraction
from random import Random

from labeler.pay.reckoning import Line, LineKind, Model, Terms, reckon, week

BY_FLOOR = Terms(Model.floor, "EUR", per_judgment_minor=35, hour_minor=1202)


def _said(lines):
    return [(line.kind.value, line.quantity, line.rate_minor, line.amount_minor) for line in lines]


def test_slow_careful_work_is_topped_up_to_the_floor():
    """Two hours and ten seconds at 12.02 an hour are 24.0733…, so 24.08; 40 judgments made 14."""
    found = reckon(BY_FLOOR, {35: 40}, {"judging": 7000, "instructions": 210})
    assert _said(found.lines) == [("judgments", 40, 35, 1400), ("topup", 7210, 1202, 1008)]
    assert (found.paid_s, found.items_minor, found.floor_minor) == (7210, 1400, 2408)
    assert found.total_minor == 2408


def test_who_earned_more_than_the_floor_keeps_it_and_is_owed_no_more():
    found = reckon(BY_FLOOR, {35: 90}, {"judging": 7200}, bonuses=[500])
    assert _said(found.lines) == [("judgments", 90, 35, 3150), ("bonus", 1, 500, 500)]


def test_a_bonus_does_not_fill_up_to_the_floor():
    found = reckon(BY_FLOOR, {35: 10}, {"judging": 3600}, bonuses=[2000])
    assert found.total_minor == 1202 + 2000


def test_what_the_work_costs_comes_on_top_of_the_floor():
    """A floor of 100 and 8 for data, an hour: whoever earned 104 is owed 4, who earned 90 is 18."""
    terms = Terms(Model.floor, "KES", per_judgment_minor=2, hour_minor=100, allowance_minor=8)
    hour = {"judging": 3600}
    assert reckon(terms, {2: 52}, hour).lines[1:] == [Line(LineKind.allowance, 3600, 8, 4)]
    poor = reckon(terms, {2: 45}, hour)
    assert _said(poor.lines)[1:] == [("topup", 3600, 100, 10), ("allowance", 3600, 8, 8)]
    assert [reckon(terms, {2: n}, hour).total_minor for n in (45, 54, 60)] == [108, 108, 120]


def test_hours_are_paid_by_the_second_and_pieces_alone_promise_no_hour():
    hourly = Terms(Model.hourly, "UGX", hour_minor=4000, allowance_minor=100)
    found = reckon(hourly, {}, {"judging": 1, "training": 3600})
    assert _said(found.lines) == [("hours", 3601, 4000, 4002), ("allowance", 3601, 100, 101)]
    piece = Terms(Model.piece, "TND", per_judgment_minor=1250)
    assert reckon(piece, {1250: 3}, {"judging": 36_000}).total_minor == 3750


def test_judgments_are_paid_as_each_was_promised():
    """The rate rose in the middle of the week."""
    found = reckon(BY_FLOOR, {35: 2, 30: 3}, {"judging": 60})
    assert _said(found.lines)[:2] == [("judgments", 3, 30, 90), ("judgments", 2, 35, 70)]


def test_a_week_begins_on_monday_in_utc():
    sunday = datetime.fromisoformat("2026-11-29T23:59:59+00:00")
    begins, ends = week(sunday)
    assert (begins, ends) == (
        datetime(2026, 11, 23, tzinfo=UTC),
        datetime(2026, 11, 30, tzinfo=UTC),
    )
    assert week(datetime.fromisoformat("2026-11-30T01:00:00+03:00"))[0] == begins


def test_nobody_is_below_the_floor_after_costs():
    """10,000 workers: any model, currencies with 0, 2 and 3 decimals, any rates and times."""
    random = Random(20261127)
    for _ in range(10_000):
        terms = _any_terms(random)
        seconds = {kind: random.randrange(40_000) for kind in ("judging", "training", "wait")}
        rates = {random.randrange(3 * terms.per_judgment_minor + 1) for _ in range(3)}
        items = {rate: random.randrange(400) for rate in rates}
        bonuses = [random.randrange(10_000) for _ in range(random.randrange(3))]
        found = reckon(terms, items, seconds, bonuses)
        hours = Fraction(sum(seconds.values()), 3600)
        costs = terms.allowance_minor * hours
        floor = 0 if terms.model is Model.piece else terms.hour_minor * hours
        assert found.total_minor - sum(bonuses) - costs >= floor
        assert found.total_minor == sum(line.amount_minor for line in found.lines)
        assert all(line.amount_minor > 0 for line in found.lines)
        assert found.total_minor >= sum(rate * n for rate, n in items.items()) + sum(bonuses)
        # In the worker's favour, and by less than a unit for each line that is rounded.
        owed = max(found.items_minor, floor + costs) if terms.model is Model.floor else None
        assert owed is None or found.total_minor - sum(bonuses) - owed < 2


def _any_terms(random):
    currency, unit = random.choice(
        [("UGX", 1), ("XOF", 1), ("EUR", 100), ("MGA", 100), ("TND", 1000)]
    )
    return Terms(
        random.choice(list(Model)),
        currency,
        per_judgment_minor=random.randrange(unit * random.choice([1, 30])),
        hour_minor=random.randrange(unit * random.choice([20, 9000])),
        allowance_minor=random.choice([0, random.randrange(3 * unit)]),
    )
