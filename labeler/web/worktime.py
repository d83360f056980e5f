"""Paid working time: what pages tell of it, what people see of their own, and what they add."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from pydantic import BaseModel, ConfigDict

from labeler import clock, database, schema
from labeler.errors import Invalid
from labeler.pay import beats, breaks, missed, worktime
from labeler.pay.beats import Beat
from labeler.pay.worktime import Flag, Interval, Kind, Source
from labeler.people import accounts
from labeler.people.memberships import Role
from labeler.said import say
from labeler.text import markdown
from labeler.web import clocks, forms, visitors
from labeler.web.filters import gettext as _
from labeler.work import guidelines, hours, projects
from labeler.work.projects import Project

pages = Blueprint("worktime", __name__)

EARLIEST = date(2020, 1, 6)
"""The first week that there is a page of."""
MOST_BEATS = 100
SHORTEST = timedelta(seconds=1)
"""What is shorter counts in the sums, and has no line of its own."""
NOTICED = 200
"""How many added and flagged times an owner sees."""
FIELDS = ("slip", "from_ms", "to_ms", "ago_ms", "touched")
KIND_WORDS = {
    Kind.judging: say("Judging"),
    Kind.instructions: say("Reading instructions"),
    Kind.training: say("First judgments, with answers"),
    Kind.qualification: say("Questions before the work itself"),
    Kind.clarification: say("Answering questions"),
    Kind.review_reply: say("Looking again"),
    Kind.mandated_break: say("Paid break"),
    Kind.system_wait: say("Waiting for the next page"),
}
SOURCE_WORDS = {
    Source.beats: say("The page was open and in view"),
    Source.page: say("From opening to sending, without JavaScript"),
    Source.added: say("You added it"),
}
FLAG_WORDS = {
    Flag.long: say("Two hours or more at a stretch"),
    Flag.untouched: say("Nothing was touched for 15 minutes or more"),
}
ADDABLE = tuple(kind for kind in Kind if kind is not Kind.system_wait)


class MissedForm(BaseModel):
    """Time that is missing, as it stands on the page: a day and two times of it, in UTC."""

    model_config = ConfigDict(extra="forbid")

    day: date
    started_at: time
    ended_at: time
    kind: Kind
    note: str

    @property
    def span(self) -> worktime.Span:
        """From when until when; what ends before it began ends on the next day."""
        start = datetime.combine(self.day, self.started_at, UTC)
        end = datetime.combine(self.day, self.ended_at, UTC)
        return start, end if end > start else end + timedelta(days=1)


@dataclass(frozen=True)
class Day:
    """One day's intervals, and how long they are together."""

    day: date
    intervals: Sequence[Interval]
    seconds: int


@dataclass(frozen=True)
class Row:
    """One's seconds in a project: this week's by kind, and all of them."""

    project: Project
    week: Mapping[Kind, int]
    total: int


@pages.post("/time/beats")
@login_required
def beat() -> ResponseReturnValue:
    """Count what a script tells: the fields of several beats one after the other."""
    session, ada = database.session(), visitors.person()
    told = [(clocks.read(slip, by=ada), one) for slip, one in _told()]
    for page, one in told:
        beats.take(session, page, one, by=ada)
    session.commit()
    return {}


@pages.get("/time")
@login_required
def index() -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    week = worktime.monday(clock.now().date())
    rows = [
        Row(project, weeks.get(week, {}), sum(sum(spent.values()) for spent in weeks.values()))
        for project in hours.worked_in(session, ada)
        for weeks in [worktime.by_week(session, project.id, ada.id)]
    ]
    return render_template("worktime/index.html", rows=rows, kind_words=KIND_WORDS)


@pages.get("/projects/<slug>/time")
@login_required
def show(slug: str) -> ResponseReturnValue:
    return _page(slug, {}, {})


@pages.post("/projects/<slug>/time")
@login_required
def add(slug: str) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    project = hours.project_of(session, slug, ada)
    try:
        form = forms.read(MissedForm)
        start, end = form.span
        missed.add(
            session,
            project.id,
            by=ada,
            started_at=start,
            ended_at=end,
            kind=form.kind,
            note=form.note,
        )
    except Invalid as refusal:
        database.reread()
        return _page(slug, request.form, refusal.fields), refusal.status
    session.commit()
    flask.flash(_("Added. It is paid like any other time."))
    return redirect(url_for("worktime.show", slug=slug, week=worktime.monday(start.date())))


@pages.post("/projects/<slug>/time/<int:interval_id>/withdraw")
@login_required
def withdraw(slug: str, interval_id: int) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    project = hours.project_of(session, slug, ada)
    taken_back = missed.withdraw(session, project.id, interval_id, by=ada)
    session.commit()
    flask.flash(_("Withdrawn. It stays on record, and counts no more."))
    week = worktime.monday(taken_back.started_at.date())
    return redirect(url_for("worktime.show", slug=slug, week=week))


@pages.get("/projects/<slug>/instructions")
@login_required
def read(slug: str) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    project = projects.find(session, slug, by=ada)
    guideline = guidelines.version(session, project.id, project.guideline_number)
    return render_template(
        "worktime/read.html",
        project=project,
        guideline=guideline,
        guideline_html=markdown.render(guideline.text),
        clock=clocks.start(Kind.instructions, project.id, ada, texts=[guideline.text]),
    )


@pages.get("/projects/<slug>/break")
@login_required
def rest(slug: str) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    project = projects.find(session, slug, by=ada)
    now = schema.moment(session)
    left = breaks.left(session, ada.id, now)
    return render_template(
        "worktime/rest.html",
        project=project,
        left=left,
        until=now + left,
        until_next=breaks.until_next(session, ada.id, now),
        every=breaks.WORK,
        whole=breaks.BREAK,
        clock=clocks.start(Kind.mandated_break, project.id, ada) if left else None,
    )


@pages.get("/projects/<slug>/times")
@login_required
def noticed(slug: str) -> ResponseReturnValue:
    session, rex = database.session(), visitors.person()
    project = projects.find(session, slug, by=rex, role=Role.reviewer)
    rows = worktime.noticed(session, project.id, limit=NOTICED)
    return render_template(
        "worktime/noticed.html",
        project=project,
        role=projects.role_in(session, project, rex),
        rows=rows,
        people=accounts.by_id(session, [row.person_id for row in rows]),
        kind_words=KIND_WORDS,
        flag_words=FLAG_WORDS,
        most=NOTICED,
    )


def _told() -> list[tuple[str, Beat]]:
    """Read the beats of this request, each with its page's slip."""
    columns = [request.form.getlist(name) for name in FIELDS]
    number = len(columns[0])
    if not 0 < number <= MOST_BEATS or {len(column) for column in columns} != {number}:
        raise Invalid("These are no beats.")
    rows = zip(*columns, strict=True)
    return [
        (slip, forms.parse(Beat, dict(zip(FIELDS[1:], row, strict=True)))) for slip, *row in rows
    ]


def _page(slug: str, values: Mapping[str, str], faults: Mapping[str, str]) -> str:
    session, ada = database.session(), visitors.person()
    project = hours.project_of(session, slug, ada)
    now = schema.moment(session)
    week = _week(request.args.get("week", ""), now)
    start = worktime.midnight(week)
    found = worktime.of_person(session, project.id, ada.id, start, start + worktime.WEEK)
    return render_template(
        "worktime/show.html",
        project=project,
        week=week,
        last=week + timedelta(days=6),
        before=week - worktime.WEEK,
        after=week + worktime.WEEK if week + worktime.WEEK <= now.date() else None,
        spent=worktime.seconds(session, project.id, ada.id, start, start + worktime.WEEK),
        days=_days(found),
        now=now,
        values=values,
        faults=faults,
        **_words(),
    )


def _words() -> dict[str, Any]:
    return {
        "kind_words": KIND_WORDS,
        "source_words": SOURCE_WORDS,
        "flag_words": FLAG_WORDS,
        "kinds": [(kind.value, KIND_WORDS[kind]) for kind in ADDABLE],
        "added": Source.added,
        "oldest": missed.OLDEST.days,
        "longest": missed.LONGEST // timedelta(hours=1),
        "longest_note": missed.NOTE,
    }


def _week(text: str, now: datetime) -> date:
    """Return the Monday of the week that an address names; this week's if it names none."""
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        asked = now.date()
    return worktime.monday(max(EARLIEST, min(asked, now.date())))


def _days(intervals: Sequence[Interval]) -> list[Day]:
    by_day: dict[date, list[Interval]] = {}
    for each in intervals:
        if each.length >= SHORTEST:
            by_day.setdefault(each.started_at.date(), []).append(each)
    return [Day(day, some, _length(some)) for day, some in sorted(by_day.items(), reverse=True)]


def _length(intervals: Sequence[Interval]) -> int:
    counting = [each.length for each in intervals if each.withdrawn_at is None]
    return round(sum(counting, timedelta(0)).total_seconds())
