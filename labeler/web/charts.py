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
from labeler.said import say
from labeler.web import drawings, filters, scale
from labeler.web.drawings import Bar, Point, Spec, known
from labeler.web.filters import gettext as _
from labeler.web.filters import ngettext, number
from labeler.work import rubrics
from labeler.work.projects import Project, ProjectState

if TYPE_CHECKING:
    from labeler.stats.agreement import Interval

ENOUGH = 30
"""How many judgments it takes to say that no side is favoured."""
SKIP_WORDS = {
    "language": say("Language"),
    "subject": say("Subject"),
    "broken": say("Broken"),
    "distressing": say("Distressing"),
    "personal": say("Personal data"),
    "other": say("Another reason"),
}
ABOUT = say(
    "About: reckoned by the rate for everywhere, and people in some places are paid by another one."
)
NO_FORECAST = {
    ProjectState.paused: say("The project is paused, so there is no forecast."),
    ProjectState.closed: say("The project is closed, so there is no forecast."),
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
    links: Sequence[str] = ()
    """Where each row's judgments are, if anywhere."""


def of_project(session: Session, project: Project, overview: Overview) -> list[Chart]:
    """Return the figures of a project's dashboard."""
    pairwise = rubrics.version(session, project.id, project.rubric_number).pairwise
    judged = sum(day.judgments for day in overview.days)
    return [
        _course(project, overview),
        *(_of_pairs(session, project, pairwise.steps) if pairwise else ()),
        _cost(project, overview, progress.cost_by_day(session, project)),
        _days(overview),
        _skips(progress.skips(session, project.id), judged),
    ]


def _of_pairs(session: Session, project: Project, steps: int) -> list[Chart]:
    return [
        _agreement(progress.agreement_by_week(session, project.id)),
        _steps(progress.steps_chosen(session, project.id, steps), steps),
    ]


def _course(project: Project, overview: Overview) -> Chart:
    done, planned = overview.done, overview.planned
    if not done:
        return Chart("course", _("Progress"), _("The first judgment will show here."))
    totals = list(accumulate(day.counted for day in overview.days))
    dated = [(day.day, total) for day, total in zip(overview.days, totals, strict=True)]
    ahead, band = _ahead(project, overview)
    return Chart(
        "course",
        _("%(done)s of %(planned)s judgments are in", done=done, planned=planned),
        _forecast(project, overview),
        drawings.course(_from_zero(dated), ahead, band, top=planned, goal=planned),
        (_("Day"), _("That day"), _("In all")),
        [
            (filters.day(day.day), number(day.counted), number(total))
            for day, total in zip(overview.days, totals, strict=True)
        ],
    )


def _forecast(project: Project, overview: Overview) -> str:
    if overview.left <= 0:
        return _("Nothing is left to judge. Known answers are not counted here.")
    if project.state is not ProjectState.active:
        return _(NO_FORECAST[project.state])
    if overview.ends_between is None:
        return _("It is too early for a forecast: that takes three days of judging.")
    earliest, latest = overview.ends_between
    pace = filters.decimal(overview.pace, 0 if overview.pace >= 10 else 1)
    if latest is None:
        return _(
            "At the pace of the last days of work, %(pace)s a day, the rest will likely be judged "
            "after %(day)s; the pace varies too much to say more.",
            pace=pace,
            day=earliest,
        )
    if latest == earliest:
        return _(
            "At the pace of the last days of work, %(pace)s a day, the rest will likely be judged "
            "on about %(day)s.",
            pace=pace,
            day=earliest,
        )
    return _(
        "At the pace of the last days of work, %(pace)s a day, the rest will likely be judged "
        "between %(first)s and %(last)s.",
        pace=pace,
        first=earliest,
        last=latest,
    )


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
        paid = project.pay_minor
        words = _("Nothing has been earned yet.") if paid else _("Judgments are not paid.")
        return Chart("cost", _("Cost"), words)
    totals = list(accumulate(amount for _, amount in spent))
    low, high = _final_cost(project, overview, totals[-1])
    dated = [(day, _units(total, project)) for (day, _), total in zip(spent, totals, strict=True)]
    ahead, band = _cost_ahead(project, overview, totals[-1], (low, high))
    return Chart(
        "cost",
        _("%(sum)s earned by the people who judge", sum=_money(totals[-1], project)),
        _cost_sentence(project, overview, low, high),
        drawings.course(
            _from_zero(dated),
            ahead,
            band,
            top=_units(high, project),
            decimals=money.exponent(project.currency),
        ),
        (
            _("Day"),
            _("That day, %(currency)s", currency=project.currency),
            _("In all, %(currency)s", currency=project.currency),
        ),
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
    gold_share = project.gold_share if overview.has_gold else 0
    return so_far + left, so_far + round(left / (1 - gold_share))


def _cost_sentence(project: Project, overview: Overview, low: int, high: int) -> str:
    each = _("A judgment earns %(sum)s.", sum=_money(project.pay_minor, project))
    if overview.by_place:
        each = f"{each} {_(ABOUT)}"
    told = f"{each} {_cost_in_all(project, overview, low, high)}"
    if project.rule is None or project.state is ProjectState.closed or overview.left <= 0:
        return told
    more = _("Where the answer stays unsure, more is asked for, and it will cost more.")
    return f"{told} {more}"


def _cost_in_all(project: Project, overview: Overview, low: int, high: int) -> str:
    if project.state is ProjectState.closed or overview.left <= 0:
        return _("Nothing more is wanted, so the cost stays as it is.")
    if low == high:
        return _("With all that is wanted, it comes to %(sum)s.", sum=_money(low, project))
    return _(
        "With all that is wanted, it comes to %(low)s to %(high)s: known answers are paid too.",
        low=_figure(low, project),
        high=_money(high, project),
    )


def _days(overview: Overview) -> Chart:
    days = overview.days
    if not days:
        return Chart("days", _("Judgments a day"), _("The first day of judging will show here."))
    most = max(days, key=lambda day: day.judgments)
    worked = [day for day in days if day.judgments]
    in_all = ngettext("%(num)s judgment", "%(num)s judgments", sum(day.judgments for day in days))
    return Chart(
        "days",
        ngettext(
            "%(judgments)s on %(num)s day",
            "%(judgments)s on %(num)s days",
            len(worked),
            judgments=in_all,
        ),
        _(
            "The most on one day were %(most)s, on %(day)s. Known answers are included.",
            most=most.judgments,
            day=most.day,
        ),
        drawings.columns([(day.day, day.judgments) for day in days]),
        (_("Day"), _("Judgments")),
        [(filters.day(day.day), number(day.judgments)) for day in days],
    )


def _steps(said: dict[str, int], steps: int) -> Chart:
    rows = _step_bars(said, steps)
    if not any(row.count for row in rows):
        return Chart("steps", _("Where judgments fall"), _("The first judgment will show here."))
    title, sentence = _lean(
        sum(row.count for row in rows if row.side == "a"),
        sum(row.count for row in rows if row.side == "b"),
    )
    return Chart(
        "steps",
        title,
        sentence,
        drawings.bars(rows),
        (_("Step"), _("Judgments")),
        [(row.name, number(row.count)) for row in rows],
    )


def _step_bars(said: dict[str, int], steps: int) -> list[Bar]:
    rows = []
    for step, name in enumerate(scale.step_names(steps), start=1):
        away = 2 * step - steps - 1
        beside = said.get("tie", 0) if away == 0 else 0
        side = "a" if away < 0 else "b" if away > 0 else ""
        rows.append(Bar(_(name), said.get(str(step), 0) + beside, side))
    if steps % 2 == 0 and "tie" in said:
        rows.append(Bar(_("Tie"), said["tie"]))
    if "both_bad" in said:
        rows.append(Bar(_("Both bad"), said["both_bad"]))
    return rows


def _lean(chose_a: int, chose_b: int) -> tuple[str, str]:
    """Say whether one side is favoured; sides are placed at random, so neither should be."""
    from labeler.stats.reliability import wilson_interval

    n = chose_a + chose_b
    if not n:
        return _("Nobody has chosen a side yet"), _("Ties and pairs of bad answers choose none.")
    likely = wilson_interval(chose_a, n)
    if likely.low <= 0.6 and likely.high >= 0.4:  # as on the page about quality
        title = _("A and B are chosen about equally")
        title = title if n >= ENOUGH else _("Too early to tell whether a side is favoured")
    else:
        title = _("A is favoured over B") if chose_a > chose_b else _("B is favoured over A")
    return title, _(
        "A was better in %(part)s of %(whole)s judgments that chose a side: %(share)s. Answers are "
        "placed as A and B at random, so half is to be expected.",
        part=chose_a,
        whole=n,
        share=_share(chose_a / n, likely),
    )


def _skips(reasons: Sequence[tuple[str, int]], judged: int) -> Chart:
    from labeler.stats.reliability import wilson_interval

    skipped = sum(count for _, count in reasons)
    if not skipped:
        return Chart("skips", _("Nobody has skipped anything"), _("Reasons would show here."))
    given = skipped + judged
    likely = wilson_interval(skipped, given)
    rows = [Bar(_(SKIP_WORDS[reason]), count) for reason, count in reasons]
    return Chart(
        "skips",
        _("%(part)s of %(whole)s comparisons were handed back", part=skipped, whole=given),
        _(
            "That is %(share)s. Somebody else is asked instead.",
            share=_share(skipped / given, likely),
        ),
        drawings.bars(rows),
        (_("Reason"), _("Skipped")),
        [(row.name, number(row.count)) for row in rows],
    )


def _agreement(weeks: Sequence[progress.Week]) -> Chart:
    if not weeks:
        words = _("As soon as two people have judged the same few comparisons, it will show here.")
        return Chart("weeks", _("Agreement by week"), words)
    points = [
        Point(week.monday, week.raw.value, week.raw.interval.low, week.raw.interval.high)
        for week in weeks
    ]
    last = weeks[-1].raw
    return Chart(
        "weeks",
        _(
            "In the week of %(day)s two people said the same in %(share)s of cases",
            day=weeks[-1].monday,
            share=filters.percent(last.value),
        ),
        ngettext(
            "Week of %(day)s: %(share)s, over %(num)s comparison. The same means: for the same "
            "answer, about the same, or both bad. Dots stand on their 95%% interval.",
            "Week of %(day)s: %(share)s, over %(num)s comparisons. The same means: for the same "
            "answer, about the same, or both bad. Dots stand on their 95%% interval.",
            last.n,
            day=weeks[-1].monday,
            share=_share(last.value, last.interval),
        ),
        drawings.weekly(points),
        (_("Week of"), _("Agreement"), _("Likely range"), _("Comparisons")),
        [
            (
                filters.day(week.monday),
                filters.percent(week.raw.value),
                _range(week.raw.interval),
                number(week.raw.n),
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
    return filters.amount(amount_minor, project.currency)


def _money(amount_minor: int, project: Project) -> str:
    return filters.money(amount_minor, project.currency)


def _share(value: float, likely: "Interval") -> str:
    return _("%(share)s, likely %(range)s", share=filters.percent(value), range=_range(likely))


def _range(likely: "Interval") -> str:
    low = filters.number(round(likely.low * 100))
    return _("%(low)s to %(high)s", low=low, high=filters.percent(likely.high))
