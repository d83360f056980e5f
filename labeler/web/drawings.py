"""How figures are drawn: Vega-Lite specifications as plain data. What they say stands elsewhere.

Days are sent as epoch milliseconds, which the page formats as it does numbers; colours are
variables of the stylesheet. Names are data, never part of an expression.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from math import ceil, floor, log10
from typing import Any, TypeAlias

Spec: TypeAlias = dict[str, Any]

TICKS = 4
WEEK = timedelta(weeks=1)
SIDES = {"a": "var(--a-line)", "b": "var(--b-line)", "": "var(--rule)"}
DOTS, DASHES = [1, 5], [5, 4]
PERCENT = {"style": "percent"}


@dataclass(frozen=True)
class Bar:
    """One of several counts; `side` is "a" or "b" where the count belongs to one."""

    name: str
    count: int
    side: str = ""


@dataclass(frozen=True)
class Share:
    """A share of something that has a name, with its interval where it has one."""

    name: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Point:
    """A value on a day, with its interval where it has one."""

    day: date
    value: float
    low: float
    high: float


def known(day: date, value: float) -> Point:
    """Make a point without doubt."""
    return Point(day, value, value, value)


def bars(rows: Sequence[Bar]) -> Spec:
    """Draw counts as bars, one below the other in the order given, each with its number."""
    values = [
        {"name": row.name, "count": row.count, "side": row.side, "place": place}
        for place, row in enumerate(rows)
    ]
    colour = {"domain": list(SIDES), "range": list(SIDES.values())}
    axis = {"domain": False, "ticks": False, "labelLimit": 130}
    return {
        "data": {"values": values},
        "height": {"step": 30},
        "encoding": {
            "y": _order("name", axis),
            "x": {"field": "count", "type": "quantitative", "axis": None},
        },
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.72}},
                "encoding": {
                    "color": {"field": "side", "type": "nominal", "scale": colour, "legend": None}
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 6},
                "encoding": {"text": {"field": "count", "type": "quantitative"}},
            },
        ],
    }


def shares(rows: Sequence[Share]) -> Spec:
    """Draw shares as dots on their intervals, one below the other.

    A name of several lines is written in as many.
    """
    values = [
        {"name": row.name, "value": row.value, "place": place}
        | {"low": row.value if row.low is None else row.low}
        | {"high": row.value if row.high is None else row.high}
        for place, row in enumerate(rows)
    ]
    lines = {"labelExpr": r"split(datum.label, '\n')"}
    y = _order("name", {"domain": False, "ticks": False, "labelLimit": 130, **lines})
    x = _amount("value", 1, [0, 0.5, 1], PERCENT)
    interval = {"type": "rule", "strokeWidth": 3, "color": SIDES[""]}
    layers: list[Spec] = [
        {
            "mark": interval,
            "encoding": {"y": y, "x": x | {"field": "low"}, "x2": {"field": "high"}},
        },
        {"mark": {"type": "point"}, "encoding": {"y": y, "x": x}},
    ]
    step = 14 + 16 * max(1 + row.name.count("\n") for row in rows)
    return {"data": {"values": values}, "height": {"step": step}, "layer": layers}


def columns(counts: Sequence[tuple[date, int]]) -> Spec:
    """Draw a count for each day, along time."""
    width = timedelta(hours=20)
    values = [{"day": _ms(day), "until": _ms(day, width), "count": count} for day, count in counts]
    days = [day for day, _ in counts]
    most = max(count for _, count in counts)
    return {
        "data": {"values": values},
        "mark": {"type": "rect"},
        "encoding": {
            "x": _time("day", days[0], days[-1] + timedelta(days=1)),
            "x2": {"field": "until"},
            "y2": {"datum": 0},
            "y": _amount("count", most, _round_ticks(most)),
        },
    }


def course(
    so_far: Sequence[Point],
    ahead: Sequence[Point] = (),
    band: Sequence[Point] = (),
    *,
    top: float,
    goal: float | None = None,
    decimals: int = 0,
) -> Spec:
    """Draw what adds up over time: a line so far, dots ahead, and a band for their likely range.

    Ticks have so many decimals, as amounts of money do.
    """
    days = [point.day for point in (*so_far, *ahead, *band)]
    x = _time("day", min(days), max(days))
    ticks = [tick / 10**decimals for tick in _round_ticks(round(top * 10**decimals))]
    if goal is not None:
        ticks = [*(tick for tick in ticks if tick < 0.85 * goal), goal]
    y = _amount("value", top, ticks, _decimals(decimals))
    layers: list[Spec] = []
    if band:
        layers.append(_layer(band, {"type": "area"}, x, y | {"field": "low"}, "high"))
    layers.append(_layer(so_far, {"type": "line"}, x, y))
    if ahead:
        mark = {"type": "line", "strokeDash": DOTS, "strokeCap": "round"}
        layers.append(_layer(ahead, mark, x, y))
    layers.append(_layer(so_far[-1:], {"type": "point"}, x, y))
    return {"layer": layers}


def weekly(points: Sequence[Point]) -> Spec:
    """Draw shares by week as dots on a line, each on its interval; weeks begin on Mondays."""
    x = _time("day", points[0].day, points[-1].day + WEEK, every=WEEK.days)
    points = [replace(point, day=point.day + WEEK / 2) for point in points]
    y = _amount("value", 1, [0, 0.5, 1], PERCENT)
    interval = {"type": "rule", "strokeWidth": 3, "color": SIDES[""]}
    return {
        "layer": [
            _layer(points, interval, x, y | {"field": "low"}, "high"),
            _layer(points, {"type": "line", "strokeWidth": 1}, x, y),
            _layer(points, {"type": "point"}, x, y),
        ]
    }


def _layer(points: Sequence[Point], mark: Spec, x: Spec, y: Spec, until: str = "") -> Spec:
    values = [
        {"day": _ms(point.day), "value": point.value, "low": point.low, "high": point.high}
        for point in points
    ]
    encoding = {"x": x, "y": y} | ({"y2": {"field": until}} if until else {})
    return {"data": {"values": values}, "mark": mark, "encoding": encoding}


def _order(field: str, axis: Spec) -> Spec:
    sort = {"field": "place", "op": "min", "order": "ascending"}
    return {"field": field, "type": "nominal", "sort": sort, "title": None, "axis": axis}


def _time(field: str, first: date, last: date, every: int = 1) -> Spec:
    """Return an axis of days, with ticks at whole ones or at every so many.

    It is one of numbers: the interpreter of expressions makes no dates of epoch milliseconds.
    """
    last = max(last, first + timedelta(days=1))
    length = (last - first).days
    step = ceil(length / TICKS / every) * every
    ticks = [first + timedelta(days=day) for day in range(0, length + 1, step)]
    return {
        "field": field,
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [_ms(first), _ms(last)], "nice": False, "zero": False},
        "axis": {
            "values": [_ms(day) for day in ticks],
            "format": {},
            "formatType": "day",
            "labelFlush": True,
            "labelSeparation": 12,
        },
    }


def _amount(
    field: str,
    top: float,
    ticks: Sequence[float],
    number_format: Mapping[str, object] | None = None,
) -> Spec:
    axis: Spec = {"values": list(ticks)}
    if number_format:
        axis |= {"format": dict(number_format), "formatType": "figure"}
    return {
        "field": field,
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [0, top], "nice": False},
        "axis": axis,
    }


def _decimals(number: int) -> Mapping[str, object]:
    return {"minimumFractionDigits": number, "maximumFractionDigits": number}


def _round_ticks(top: float) -> list[float]:
    """Return two to four round numbers from nothing to `top`."""
    size = 10.0 ** floor(log10(top / 2))
    step = max(round_ * size for round_ in (1, 2, 2.5, 5) if round_ * size <= top / 2)
    if float(top).is_integer():
        step = max(1, int(step))
    return [step * number for number in range(int(top / step) + 1)]


def _ms(day: date, after: timedelta = timedelta(0)) -> int:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + after
    return int(moment.timestamp()) * 1000
