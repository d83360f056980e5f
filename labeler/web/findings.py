"""What a snapshot's findings say on pages: sentences, figures with their tables, rows behind them.

A number never stands alone: beside it are its 95 % interval and what it rests on.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from labeler import said
from labeler.said import say
from labeler.web import drawings, filters
from labeler.web.charts import Chart
from labeler.web.drawings import Bar, Point, Share
from labeler.web.filters import gettext as _
from labeler.web.filters import ngettext, number

Finding: TypeAlias = Mapping[str, Any]
Data: TypeAlias = Mapping[str, Any]
Link: TypeAlias = Callable[[str, int], str]
"""Makes the address of the judgments behind a row: of which figure, and its number there."""

SHOWN = 20
"""How many rows a figure draws, at most; its table has all."""


def of_project(data: Data, link: Link) -> list[Chart]:
    """Return the figures about how the project is judged."""
    agreement = data["agreement"]
    return [
        _weeks(agreement["weeks"], link),
        *_parts("guidelines", agreement["guidelines"], link),
        *_parts("languages", agreement["languages"], link),
        _sides(data["sides"], link),
        _times(data["times"], link),
    ]


def of_gold(items: Sequence[Finding], names: Mapping[int, str], links: Sequence[str]) -> Chart:
    """Return the figure of how often each known answer was met."""
    rows = [(names.get(row["comparison_id"], "–"), row) for row in items]
    return Chart(
        "gold",
        _("How often each known answer was met"),
        _("Those that good annotators dispute come first, then those that were met least often."),
        _drawn(rows) if rows else None,
        (_("Comparison"), _("Met"), _("Share"), _("Likely range"), _("Disputed")),
        [
            (name, of_n(row), filters.percent(row["value"]), span(row), _disputed(row))
            for name, row in rows
        ],
        links,
    )


def likely(found: Finding) -> str:
    """Write a share with its interval, as "71%, likely 66 to 75%"."""
    if found["value"] is None:
        return "–"
    share = filters.percent(found["value"])
    if found["low"] is None:
        return _("%(share)s, too few for a range", share=share)
    return _("%(share)s, likely %(range)s", share=share, range=span(found))


def span(found: Finding) -> str:
    """Write the interval of a share, as "66 to 75%"."""
    if found["low"] is None:
        return "–"
    low = number(round(found["low"] * 100))
    return _("%(low)s to %(high)s", low=low, high=filters.percent(found["high"]))


def of_n(found: Finding) -> str:
    """Write of how many there are how many."""
    return _("%(part)s of %(whole)s", part=found["part"], whole=found["n"])


def sentence(kept: Mapping[str, Any]) -> str:
    """Say in the reader's language what a snapshot keeps of a sentence."""
    return _(said.joined(kept))


def _weeks(weeks: Sequence[Finding], link: Link) -> Chart:
    shown = [(at, row) for at, row in enumerate(weeks) if row["raw"]["low"] is not None]
    if not shown:
        words = _("As soon as two people have judged the same few comparisons, it will show here.")
        return Chart("weeks", _("Agreement by week"), words)
    dated = [(date.fromisoformat(row["name"]), row["raw"]) for _at, row in shown]
    day, last = dated[-1]
    return Chart(
        "weeks",
        _("Agreement by week"),
        ngettext(
            "Week of %(day)s: two people said the same in %(share)s, over %(num)s comparison.",
            "Week of %(day)s: two people said the same in %(share)s, over %(num)s comparisons.",
            last["n"],
            day=day,
            share=likely(last),
        ),
        drawings.weekly([Point(day, raw["value"], raw["low"], raw["high"]) for day, raw in dated]),
        (_("Week of"), _("Agreement"), _("Likely range"), _("Comparisons")),
        [
            (filters.day(day), filters.percent(raw["value"]), span(raw), number(raw["n"]))
            for day, raw in dated
        ],
        [link("weeks", at) for at, _row in shown],
    )


_PARTS = {
    "guidelines": (
        say("Agreement by version of the guidelines"),
        say("Only judgments made under the same version are compared with each other."),
        say("Version"),
    ),
    "languages": (
        say("Agreement by language"),
        say("The languages with the most judgments come first."),
        say("Language"),
    ),
}


def _parts(kind: str, groups: Sequence[Finding], link: Link) -> list[Chart]:
    """Compare groups; one group is all there is."""
    named = [(at, _name(kind, row), row) for at, row in enumerate(groups)]
    if len(named) < 2:
        return []
    title, words, column = _PARTS[kind]
    return [
        Chart(
            kind,
            _(title),
            _(words),
            _drawn([(name, row["raw"]) for _at, name, row in named]),
            (_(column), _("With ties"), _("Without ties"), _("Comparisons")),
            [
                (name, likely(row["raw"]), likely(row["without_ties"]), number(row["raw"]["n"]))
                for _at, name, row in named
            ],
            [link(kind, at) for at, _words, _row in named],
        )
    ]


def _name(kind: str, row: Finding) -> str:
    return filters.language(row["name"]) if kind == "languages" else number(row["name"])


def _sides(found: Finding, link: Link) -> Chart:
    if not found["n"]:
        words = _("Ties and pairs of bad answers choose none.")
        return Chart("sides", _("Nobody has chosen a side yet"), words)
    title = _("One side is favoured") if found["is_noticeable"] else _("No side is favoured")
    return Chart(
        "sides",
        title,
        _(
            "A was better in %(part)s of %(whole)s judgments that chose a side: %(share)s. "
            "Between 40 and 60%% would be usual.",
            part=found["part"],
            whole=found["n"],
            share=likely(found),
        ),
        drawings.bars([Bar(r["name"], r["count"], r["name"].lower()) for r in found["rows"]]),
        (_("Side"), _("Judgments")),
        [(row["name"], number(row["count"])) for row in found["rows"]],
        [link("sides", at) for at in range(len(found["rows"]))],
    )


def _times(found: Finding, link: Link) -> Chart:
    if not found["n"]:
        return Chart("times", _("How long judgments take"), _("The first one will show here."))
    low, high = found["quartiles_ms"]
    bars = _shown(found["bars"])
    return Chart(
        "times",
        _("Half of the judgments took up to %(time)s", time=filters.minutes(found["median_ms"])),
        _(
            "The middle half took %(low)s to %(high)s minutes, of %(n)s judgments.",
            low=filters.minutes(low),
            high=filters.minutes(high),
            n=found["n"],
        ),
        drawings.bars([Bar(_times_name(row), row["count"]) for _at, row in bars]),
        (_("Minutes"), _("Judgments")),
        [(_times_name(row), number(row["count"])) for _at, row in bars],
        [link("times", at) for at, _row in bars],
    )


def _shown(bars: Sequence[Finding]) -> list[tuple[int, Finding]]:
    """Leave out the empty bars at both ends."""
    full = [at for at, row in enumerate(bars) if row["count"]]
    return [(at, row) for at, row in enumerate(bars) if full[0] <= at <= full[-1]]


def _times_name(row: Finding) -> str:
    begin = filters.minutes(1000 * row["from_s"])
    if row["to_s"] is None:
        return _("%(time)s and more", time=begin)
    return _("%(low)s to %(high)s", low=begin, high=filters.minutes(1000 * row["to_s"]))


def row_name(kind: str, row: Finding) -> str:
    """Name a row of a figure, as the table of the figure does."""
    if kind == "weeks":
        return _("Week of %(day)s", day=date.fromisoformat(row["name"]))
    if kind == "times":
        return _times_name(row)
    if kind == "pairs":
        return _between(row)
    return _name(kind, row) if kind in _PARTS else row["name"]


def rows_of(data: Data, kind: str) -> Sequence[Finding]:
    """Return the rows of a figure that have judgments behind them; none if it is no figure."""
    if kind in ("weeks", "guidelines", "languages"):
        found = data["agreement"][kind]
    elif kind == "pairs":
        found = data.get(kind, ())  # of models, which the leaderboard shows
    else:
        room, name = {"sides": ("sides", "rows"), "times": ("times", "bars")}.get(
            kind, ("sides", "")
        )
        found = data[room].get(name, ())
    rows: Sequence[Finding] = found
    return rows


def _between(row: Finding) -> str:
    return _("%(one)s against %(other)s", one=row["one"], other=row["other"])


def _drawn(rows: Sequence[tuple[str, Finding]]) -> drawings.Spec | None:
    shares = [
        Share(name, row["value"], row["low"], row["high"])
        for name, row in rows[:SHOWN]
        if row["value"] is not None
    ]
    return drawings.shares(shares) if shares else None


def _disputed(row: Finding) -> str:
    return _("Disputed") if row["is_disputed"] else "–"
