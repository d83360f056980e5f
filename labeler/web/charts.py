"""What the figures of a project say: title, sentence, table and drawing, all of the same rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from labeler import progress
from labeler.pay import money
from labeler.progress import Overview
from labeler.web import drawings, filters, scale
from labeler.web.drawings import Bar, Point, Spec, known
from labeler.work import rubrics
from labeler.work.projects import Project, ProjectState

if TYPE_CHECKING:
    from labeler.stats.agreement import Interval

ENOUGH = 30
"""How many judgments it takes to say that no side is favoured."""
SKIP_WORDS = {
    "language": "Language",
    "subject": "Subject",
    "broken": "Broken",
    "distressing": "Distressing",
    "personal": "Personal data",
    "other": "Another reason",
}


@dataclass(frozen=True)
class Chart:
    """A figure with its twin in words and numbers; without `spec` there is nothing to draw yet."""

    id: str
    title: str
    sentence: str
    spec: Spec | None = None
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


def of_project(session: Session, project: Project, overview: Overview) -> list[Chart]:
    """Return the figures of a project's dashboard."""
    steps = rubrics.version(session, project.id, project.rubric_number).steps
    judged = sum(day.judgments for day in overview.days)
    return [
        _course(project, overview),
        _agreement(progress.agreement_by_week(session, project.id)),
        _steps(progress.steps_chosen(session, project.id, steps), steps),
        _cost(project, overview, progress.cost_by_day(session, project)),
        _days(overview),
        _skips(progress.skips(session, project.id), judged),
    ]


def _course(project: Project, overview: Overview) -> Chart:
    done, planned = overview.done, overview.planned
    if not done:
        return Chart("course", "Progress", "The first judgment will show here.")
    totals = list(accumulate(day.counted for day in overview.days))
    dated = [(day.day, total) for day, total in zip(overview.days, totals, strict=True)]
    ahead, band = _ahead(project, overview)
    return Chart(
        "course",
        f"{done:,} of {planned:,} judgments are in",
        _forecast(project, overview),
        drawings.course(_from_zero(dated), ahead, band, top=planned, goal=planned),
        ("Day", "That day", "In all"),
        [
            (filters.day(day.day), f"{day.counted:,}", f"{total:,}")
            for day, total in zip(overview.days, totals, strict=True)
        ],
    )


def _forecast(project: Project, overview: Overview) -> str:
    if overview.left <= 0:
        return "Nothing is left to judge. Known answers are not counted here."
    if project.state is not ProjectState.active:
        return f"The project is {project.state.value}, so there is no forecast."
    if overview.ends_between is None:
        return "It is too early for a forecast: that takes three days of judging."
    earliest, latest = overview.ends_between
    a_day = f"{overview.pace:,.0f}" if overview.pace >= 10 else f"{overview.pace:.1f}"
    pace = f"At the pace of the last days of work, {a_day} a day, the rest will likely be judged "
    if latest is None:
        return pace + f"after {filters.day(earliest)}; the pace varies too much to say more."
    if latest == earliest:
        return pace + f"on about {filters.day(earliest)}."
    return pace + f"between {filters.day(earliest)} and {filters.day(latest)}."


def _ahead(project: Project, overview: Overview) -> tuple[Sequence[Point], Sequence[Point]]:
    """Return the dots ahead and the band around them: when all that is wanted will be in."""
    end, between = overview.ends_on, overview.ends_between
    if not end or not between or not between[1] or project.state is not ProjectState.active:
        return (), ()
    now, done, planned = _today(), overview.done, overview.planned
    earliest, latest = max(between[0], now), max(between[1], now + timedelta(days=1))
    slow = done + overview.left * ((earliest - now) / (latest - now))
    band = [known(now, done), Point(earliest, planned, slow, planned), known(latest, planned)]
    return [known(now, done), known(end, planned)], band


def _cost(project: Project, overview: Overview, spent: Sequence[tuple[date, int]]) -> Chart:
    if not spent:
        words = "Nothing has been earned yet." if project.pay_minor else "Judgments are not paid."
        return Chart("cost", "Cost", words)
    totals = list(accumulate(amount for _, amount in spent))
    low, high = _final_cost(project, overview, totals[-1])
    dated = [(day, _units(total, project)) for (day, _), total in zip(spent, totals, strict=True)]
    ahead, band = _cost_ahead(project, overview, totals[-1], (low, high))
    return Chart(
        "cost",
        f"{money.text(totals[-1], project.currency)} earned by the people who judge",
        _cost_sentence(project, overview, low, high),
        drawings.course(
            _from_zero(dated),
            ahead,
            band,
            top=_units(high, project),
            decimals=money.exponent(project.currency),
        ),
        ("Day", f"That day, {project.currency}", f"In all, {project.currency}"),
        [
            (filters.day(day), _figure(amount, project), _figure(total, project))
            for (day, amount), total in zip(spent, totals, strict=True)
        ],
    )


def _cost_ahead(
    project: Project, overview: Overview, so_far: int, final: tuple[int, int]
) -> tuple[Sequence[Point], Sequence[Point]]:
    """Return the dots ahead and the band around them, up to the day on which all will be in."""
    end = overview.ends_on
    if not end or not overview.ends_between or project.state is not ProjectState.active:
        return (), ()
    low, high = (_units(amount, project) for amount in final)
    now = known(_today(), _units(so_far, project))
    return [now, known(end, (low + high) / 2)], [now, Point(end, (low + high) / 2, low, high)]


def _final_cost(project: Project, overview: Overview, so_far: int) -> tuple[int, int]:
    """Return the least and the most that the project costs once nothing is left.

    Known answers are paid too; at most their share of the work is added to what is left.
    """
    if project.state is ProjectState.closed:
        return so_far, so_far
    left = max(0, overview.forecast_minor)
    return so_far + left, so_far + round(left / (1 - project.gold_share))


def _cost_sentence(project: Project, overview: Overview, low: int, high: int) -> str:
    each = f"A judgment earns {money.text(project.pay_minor, project.currency)}. "
    if project.state is ProjectState.closed or overview.left <= 0:
        return each + "Nothing more is wanted, so the cost stays as it is."
    if low == high:
        return each + f"With all that is wanted, it comes to {money.text(low, project.currency)}."
    return each + (
        f"With all that is wanted, it comes to {_figure(low, project)} "
        f"to {money.text(high, project.currency)}: known answers are paid too."
    )


def _days(overview: Overview) -> Chart:
    days = overview.days
    if not days:
        return Chart("days", "Judgments a day", "The first day of judging will show here.")
    most = max(days, key=lambda day: day.judgments)
    worked = [day for day in days if day.judgments]
    number = sum(day.judgments for day in days)
    return Chart(
        "days",
        f"{number:,} judgments on {_counted(len(worked), 'day', 'days')}",
        f"The most on one day were {most.judgments:,}, on {filters.day(most.day)}. "
        "Known answers are included.",
        drawings.columns([(day.day, day.judgments) for day in days]),
        ("Day", "Judgments"),
        [(filters.day(day.day), f"{day.judgments:,}") for day in days],
    )


def _steps(said: dict[str, int], steps: int) -> Chart:
    rows = _step_bars(said, steps)
    if not any(row.count for row in rows):
        return Chart("steps", "Where judgments fall", "The first judgment will show here.")
    title, sentence = _lean(
        sum(row.count for row in rows if row.side == "a"),
        sum(row.count for row in rows if row.side == "b"),
    )
    return Chart(
        "steps",
        title,
        sentence,
        drawings.bars(rows),
        ("Step", "Judgments"),
        [(row.name, f"{row.count:,}") for row in rows],
    )


def _step_bars(said: dict[str, int], steps: int) -> list[Bar]:
    rows = []
    for step, name in enumerate(scale.step_names(steps), start=1):
        away = 2 * step - steps - 1
        beside = said.get("tie", 0) if away == 0 else 0
        side = "a" if away < 0 else "b" if away > 0 else ""
        rows.append(Bar(name, said.get(str(step), 0) + beside, side))
    if steps % 2 == 0 and "tie" in said:
        rows.append(Bar("Tie", said["tie"]))
    if "both_bad" in said:
        rows.append(Bar("Both bad", said["both_bad"]))
    return rows


def _lean(chose_a: int, chose_b: int) -> tuple[str, str]:
    """Say whether one side is favoured; sides are placed at random, so neither should be."""
    from labeler.stats.reliability import wilson_interval

    n = chose_a + chose_b
    if not n:
        return "Nobody has chosen a side yet", "Ties and pairs of bad answers choose none."
    likely = wilson_interval(chose_a, n)
    if likely.low <= 0.5 <= likely.high:
        title = "A and B are chosen about equally"
        title = title if n >= ENOUGH else "Too early to tell whether a side is favoured"
    else:
        title = "A is favoured over B" if chose_a > chose_b else "B is favoured over A"
    return title, (
        f"A was better in {chose_a:,} of {n:,} judgments that chose a side: "
        f"{_share(chose_a / n, likely)}. Answers are placed as A and B at random, so half is "
        "to be expected."
    )


def _skips(reasons: Sequence[tuple[str, int]], judged: int) -> Chart:
    from labeler.stats.reliability import wilson_interval

    skipped = sum(count for _, count in reasons)
    if not skipped:
        return Chart("skips", "Nobody has skipped anything", "Reasons would show here.")
    given = skipped + judged
    likely = wilson_interval(skipped, given)
    rows = [Bar(SKIP_WORDS[reason], count) for reason, count in reasons]
    return Chart(
        "skips",
        f"{skipped:,} of {given:,} comparisons were handed back",
        f"That is {_share(skipped / given, likely)}. Somebody else is asked instead.",
        drawings.bars(rows),
        ("Reason", "Skipped"),
        [(row.name, f"{row.count:,}") for row in rows],
    )


def _agreement(weeks: Sequence[progress.Week]) -> Chart:
    if not weeks:
        words = "As soon as two people have judged the same few comparisons, it will show here."
        return Chart("weeks", "Agreement by week", words)
    points = [
        Point(week.monday, week.raw.value, week.raw.interval.low, week.raw.interval.high)
        for week in weeks
    ]
    last = weeks[-1].raw
    return Chart(
        "weeks",
        f"Two people said the same in {filters.percent(last.value)} of cases",
        f"Week of {filters.day(weeks[-1].monday)}: {_share(last.value, last.interval)}, over "
        f"{_counted(last.n, 'comparison', 'comparisons')}. The same means: for the same answer, "
        "about the same, or both bad. Dots stand on their 95 % interval.",
        drawings.weekly(points),
        ("Week of", "Agreement", "Likely range", "Comparisons"),
        [
            (
                filters.day(week.monday),
                filters.percent(week.raw.value),
                f"{_range(week.raw.interval)} %",
                f"{week.raw.n:,}",
            )
            for week in weeks
        ],
    )


def _from_zero(dated: Sequence[tuple[date, float]]) -> list[Point]:
    """Let a line begin at nothing, the day before the first, and reach to today."""
    first, (last, total) = dated[0][0], dated[-1]
    points = [known(first - timedelta(days=1), 0), *(known(*each) for each in dated)]
    return points if last >= _today() else [*points, known(_today(), total)]


def _today() -> date:
    return progress.today().date()


def _units(amount_minor: int, project: Project) -> float:
    return float(money.decimal(amount_minor, project.currency))


def _figure(amount_minor: int, project: Project) -> str:
    return f"{money.decimal(amount_minor, project.currency):,f}"


def _share(value: float, likely: "Interval") -> str:
    return f"{filters.percent(value)}, likely {_range(likely)} %"


def _range(likely: "Interval") -> str:
    return f"{round(likely.low * 100)} to {round(likely.high * 100)}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
