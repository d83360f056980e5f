"""What a leaderboard says on its page: sentences, pictures, and tables of the same numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from markupsafe import Markup

from labeler.said import say
from labeler.web import filters, pictures
from labeler.web.filters import gettext as _
from labeler.web.filters import ngettext, number
from labeler.web.findings import Finding, Link, likely, sentence
from labeler.web.pictures import Mark, Row

STYLE_WORDS = {
    "length": say("Length"),
    "headers": say("Headings"),
    "lists": say("List items"),
    "bold": say("Bold passages"),
}
Data: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Met:
    """A cell of the matrix: how often the row's model won and lost, and what was neither."""

    against: str
    won: str = ""
    neither: str = ""
    link: str = ""


@dataclass(frozen=True)
class Part:
    """Models that can be compared, as they are shown; without `rows`, `why` says why not."""

    title: str
    sentence: str
    why: str
    picture: Markup
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    styles: Sequence[tuple[str, Finding]]
    notes: Sequence[str]
    names: Sequence[str]
    matrix: Sequence[tuple[str, Sequence[Met]]]


def title(data: Data) -> str:
    """Say who is ahead, in a line."""
    if data["why"]:
        return _("Models cannot be compared yet")
    if len(data["parts"]) > 1:
        return _("Not all models can be compared with each other")
    return _strongest(data["parts"][0]["models"])


def parts(data: Data, links: Mapping[tuple[str, str], str]) -> list[Part]:
    """Return the parts as they are shown; `links` lead to the judgments on two models."""
    found = [_part(each, data["pairs"], links) for each in data["parts"]]
    if len(found) == 1:
        return found
    return [
        replace(each, title=_("Part %(number)s: %(title)s", number=at, title=each.title))
        for at, each in enumerate(found, 1)
    ]


def links(pairs: Sequence[Finding], link: Link) -> dict[tuple[str, str], str]:
    """Return where the judgments behind each two models are."""
    return {(row["one"], row["other"]): link("pairs", at) for at, row in enumerate(pairs)}


def picture(data: Data, *, width: str) -> Markup:
    """Draw the largest part for a file."""
    part = data["parts"][0] if data["parts"] else {"models": []}
    return _picture(part["models"], width=width)


def _strongest(models: Sequence[Finding]) -> str:
    tied = [row["model"] for row in models if row["place_from"] == 1]
    if len(tied) == 1:
        return _("%(name)s comes first", name=tied[0])
    return _("Which model comes first is open")


def _part(part: Finding, pairs: Sequence[Finding], links: Mapping[tuple[str, str], str]) -> Part:
    rows = part["models"]
    names = [row["model"] for row in rows] or part["names"]
    return Part(
        title=_strongest(rows) if rows else _("These models have no order"),
        sentence=_told(part) if rows else "",
        why=sentence(part["why"]) if part.get("why") else "",
        picture=_picture(rows),
        columns=_columns(),
        rows=[_row(row) for row in rows],
        styles=[(_(STYLE_WORDS[each["name"]]), each) for each in part.get("styles", ())],
        notes=[sentence(each) for each in part.get("notes", ())],
        names=names,
        matrix=_matrix(names, pairs, links),
    )


def _told(part: Finding) -> str:
    """Say how few votes the first place hangs on, and what the side adds."""
    first, side = part["first"], part["side"]
    said = [_("No few votes decide who comes first.")]
    if first:
        said = [
            ngettext(
                "%(num)s vote fewer, and %(name)s would come first.",
                "%(num)s votes fewer, and %(name)s would come first.",
                first["votes"],
                name=first["model"],
            )
        ]
    if side:
        words = (
            "Between two equally good answers, A is chosen in %(share)s; that is set apart here."
        )
        said.append(_(words, share=likely(side)))
    return " ".join(said)


def _columns() -> Sequence[str]:
    return (
        *(_("Model"), _("Places"), _("Against the average"), _("With looks set apart")),
        *(_("Won"), _("Lost"), _("About the same"), _("Both bad"), _("Won, ties aside")),
        _("Votes fewer, and the next one passes"),
    )


def _row(row: Finding) -> Sequence[str]:
    styled, fewer = row["styled"], row["votes_to_be_passed"]
    return (
        *(row["model"], _places(row), likely(row["chance"])),
        f"{_places(styled)} · {likely(styled['chance'])}" if styled else "–",
        *(number(row[name]) for name in ("wins", "losses", "ties", "both_bad")),
        likely(row["without_ties"]),
        "–" if fewer is None else number(fewer),
    )


def _places(row: Finding) -> str:
    if row["place_from"] == row["place_to"]:
        return number(row["place_from"])
    return _("%(low)s to %(high)s", low=row["place_from"], high=row["place_to"])


def _picture(rows: Sequence[Finding], *, width: str = "100%") -> Markup:
    drawn = [Row(f"{_places(row)} · {row['model']}", _marks(row)) for row in rows]
    says = _("Models from the strongest, each with its likely range; the table has the numbers.")
    ends = (filters.percent(0), filters.percent(0.5), filters.percent(1))
    return pictures.shares(drawn, ends, says, width=width)


def _marks(row: Finding) -> list[Mark]:
    found = [row["chance"], *([row["styled"]["chance"]] if row["styled"] else ())]
    return [Mark(each["value"], each["low"], each["high"]) for each in found]


def _matrix(
    names: Sequence[str], pairs: Sequence[Finding], links: Mapping[tuple[str, str], str]
) -> list[tuple[str, list[Met]]]:
    """Return a row for each model, with a cell for each model of the part."""
    met: dict[tuple[str, str], Met] = {}
    for pair in pairs:
        one, other = pair["one"], pair["other"]
        link = links.get((one, other), "")
        met[one, other] = _met(other, pair["wins"], pair["losses"], pair, link)
        met[other, one] = _met(one, pair["losses"], pair["wins"], pair, link)
    return [(name, [met.get((name, other), Met(other)) for other in names]) for name in names]


def _met(against: str, wins: int, losses: int, pair: Finding, link: str) -> Met:
    return Met(
        against,
        _("%(wins)s won, %(losses)s lost", wins=wins, losses=losses),
        _("%(ties)s the same, %(bad)s both bad", ties=pair["ties"], bad=pair["both_bad"]),
        link,
    )
