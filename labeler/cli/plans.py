"""Plans on a terminal: what a wanted accuracy will cost."""

import click

from labeler.cli import installation
from labeler.pay import money, rates
from labeler.people.memberships import Role
from labeler.quality import plans
from labeler.quality.plans import Line
from labeler.work import projects
from labeler.work.projects import Project


@click.command()
@click.argument("slug", metavar="PROJECT")
@click.option("--comparisons", type=click.IntRange(1), help="How many; if left out, those loaded.")
@installation.acts
def plan(slug: str, comparisons: int | None, actor: str | None) -> None:
    """Say what an accuracy will cost, from a pilot.

    Simulates fixed numbers of judgments and adaptive ones with people like those who have judged
    so far: how often the label comes out right, how many judgments it takes, and what they cost.
    """
    with installation.reading() as session:
        by = installation.acting(session, slug, actor)
        project = projects.find(session, slug, by=by, role=Role.reviewer)
        found = plans.make(session, project, comparisons)
        differ = rates.differ(session, project.id)
    told = "this project's work" if found.pilot.tells else "published work: there is no pilot yet"
    click.echo(f"{found.comparisons:,} comparisons; people as in {told}.", err=True)
    if differ:
        click.echo("The cost is about: people in some places are paid by another rate.", err=True)
    for line in found.lines:
        click.echo(_told(project, line))


def _told(project: Project, line: Line) -> str:
    design = line.design
    name = f"{design.most}"
    if design.confidence is not None:
        name = f"{design.least}-{design.most} at {design.confidence:.0%}"
    cost = f"{money.decimal(line.cost_minor, project.currency):f} {project.currency}"
    return f"{name}\t{line.votes:.2f} each\t{line.right:.1%} right\t{line.judgments}\t{cost}"
