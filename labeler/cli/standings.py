"""Leaderboards on a terminal and for programs: who is ahead."""

import click

from labeler.cli import installation
from labeler.errors import NotFound
from labeler.people.memberships import Role
from labeler.quality import leaderboards, standings
from labeler.quality.standings import Estimate, Part, Standings
from labeler.work import projects


@click.command()
@click.argument("slug", metavar="PROJECT")
@click.option("--language", default="", help="Of this language alone, such as fr.")
@click.option("--category", default="", help="Of this category alone.")
@click.option(
    "--json", "layout", flag_value="json", help="Everything, as docs/leaderboard.md says."
)
@click.option("--csv", "layout", flag_value="csv", help="The table of models.")
@installation.acts
def leaderboard(
    slug: str, language: str, category: str, layout: str | None, actor: str | None
) -> None:
    """Say which models are ahead.

    As of the last `labeler refresh`, of all votes or of a language and a category. Places hold
    among models that votes compare with each other, each such part by itself.
    """
    with installation.reading() as session:
        by = installation.acting(session, slug, actor)
        project = projects.find(session, slug, by=by, role=Role.reviewer)
        board = leaderboards.find(session, project.id, language, category)
        if board is None:
            raise NotFound(
                "Too little tells of it; choose the language or the category alone."
                if language or category
                else f"Nothing is worked out yet: `labeler refresh {slug}` does it."
            )
        found = standings.told(slug, board)
    if layout == "json":
        click.echo(found.model_dump_json(indent=2))
    elif layout == "csv":
        click.echo(standings.csv_of(standings.table(found)), nl=False)
    else:
        _tell(found)


def _tell(found: Standings) -> None:
    click.echo(
        f"As of {found.as_of:%Y-%m-%d %H:%M} UTC: {found.votes:,} votes by {found.people:,} people;"
        f" {found.left_out:,} on answers without a model's name are left out.",
        err=True,
    )
    for words in (*([found.why] if found.why else ()), *found.notes):
        click.echo(words, err=True)
    for part in found.parts:
        _tell_part(part, several=len(found.parts) > 1)


def _tell_part(part: Part, *, several: bool) -> None:
    if several:
        names = ", ".join([row.model for row in part.models] or part.names)
        click.echo(f"These can be compared with each other alone: {names}.", err=True)
    for words in (*([part.why] if part.why else ()), *part.notes):
        click.echo(words, err=True)
    for row in part.models:
        places = f"{row.place_from}" if row.place_from == row.place_to else ""
        places = places or f"{row.place_from}-{row.place_to}"
        said = f"{row.wins}\t{row.losses}\t{row.ties}\t{row.both_bad}"
        click.echo(f"{places}\t{row.model}\t{_likely(row.chance)}\t{said}")


def _likely(found: Estimate) -> str:
    if found.value is None or found.low is None or found.high is None:
        return "-"
    return f"{found.value:.1%} ({found.low:.1%} to {found.high:.1%})"
