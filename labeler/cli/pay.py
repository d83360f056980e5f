"""Pay runs from the command line: drafted, approved by somebody else, filed, sent, settled."""

import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy.orm import Session

from labeler import clock
from labeler.cli import installation
from labeler.errors import Invalid
from labeler.pay import destinations, details, mappings, money, payouts, results, runs
from labeler.pay.payouts import Payout
from labeler.pay.rails.making import Rail
from labeler.pay.runs import PayRun
from labeler.people import accounts
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.work import projects
from labeler.work.projects import Project

Result = TypeVar("Result")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
DAY = click.DateTime(formats=["%Y-%m-%d"])
RAIL = click.Choice([rail.value for rail in Rail])

_project = click.argument("slug", metavar="PROJECT")
_run = click.argument("number", metavar="RUN", type=click.IntRange(1))


@click.group()
def pay() -> None:
    """Pay people: draft a run, approve it, send its file, settle it."""


@pay.command("list")
@_project
@installation.acts
def list_(slug: str, actor: str | None) -> None:
    """List the pay runs of a project, newest first."""
    with installation.reading() as session:
        project, _by = owned(session, slug, actor)
        found = runs.of_project(session, project.id)
        sums = runs.sums(session, [run.id for run in found])
    for run in found:
        whole = sums.get(run.id, runs.Sum(0, 0))
        click.echo(
            f"{run.id}\t{run.state.value}\t{run.rail.value}\t{run.period_end}\t"
            f"{whole.payouts}\t{money.text(whole.total_minor, run.currency)}"
        )


@pay.command()
@_project
@_run
@installation.acts
def show(slug: str, number: int, actor: str | None) -> None:
    """Show the payouts of a run, with why some are held."""
    with installation.reading() as session:
        project, _by = owned(session, slug, actor)
        run = runs.find(session, project.id, number)
        found = payouts.of_run(session, run.id)
        places = destinations.by_id(session, [p.destination_id for p in found if p.destination_id])
        people = accounts.by_id(session, [payout.person_id for payout in found])
    for payout in found:
        place = places.get(payout.destination_id or 0)
        where = details.masked(place.details) if place else "-"
        click.echo(_told(payout, people[payout.person_id].name, where))


@pay.command()
@_project
@click.option("--rail", type=RAIL, required=True, help="By which way the money travels.")
@click.option("--currency", metavar="CODE", help="If left out, the project's.")
@click.option("--until", type=DAY, help="The last day that it is about; if left out, today.")
@click.option("--pay-on", type=DAY, help="When the bank shall pay; if left out, today.")
@installation.acts
def draft(
    slug: str,
    rail: str,
    currency: str | None,
    until: datetime | None,
    pay_on: datetime | None,
    actor: str | None,
) -> None:
    """Draft a run of all pay that is approved. Nothing moves before somebody approves it."""

    def make(session: Session) -> tuple[PayRun, list[Payout]]:
        project, by = owned(session, slug, actor)
        run = runs.draft(
            session,
            project.id,
            currency or project.currency,
            Rail(rail),
            period_end=_day(until),
            pay_on=_day(pay_on),
            by=by,
        )
        return run, list(payouts.of_run(session, run.id))

    run, found = installation.write(make)
    held = [payout for payout in found if not payout.is_payable]
    total = sum(payout.amount_minor for payout in found if payout.is_payable)
    click.echo(
        f"Run {run.id}: {len(found) - len(held)} payouts, {money.text(total, run.currency)}; "
        f"{len(held)} held. Somebody else approves it: labeler pay approve {slug} {run.id} --as …"
    )


@pay.command()
@_project
@_run
@click.option("--as", "actor", metavar="EMAIL", required=True, help="Who has looked at it.")
def approve(slug: str, number: int, actor: str) -> None:
    """Approve a run that somebody else drafted: its money is in flight then."""
    run = _step(slug, number, actor, lambda session, run, by: runs.approve(session, run, by=by))
    click.echo(f"Run {run.id} is {run.state.value}.")


@pay.command()
@_project
@_run
@installation.acts
def drop(slug: str, number: int, actor: str | None) -> None:
    """Give a draft up; nothing has moved."""
    run = _step(slug, number, actor, lambda session, run, by: runs.drop(session, run, by=by))
    click.echo(f"Run {run.id} is {run.state.value}.")


@pay.command("let-go")
@_project
@_run
@click.argument("reference")
@click.option("--reason", required=True, help="How you know that the new details are theirs.")
@installation.acts
def let_go(slug: str, number: int, reference: str, reason: str, actor: str | None) -> None:
    """Pay somebody whose details changed lately, after having looked at it."""

    def release(session: Session, run: PayRun, by: Person) -> None:
        found = {payout.reference: payout for payout in payouts.of_run(session, run.id)}
        if reference not in found:
            raise Invalid(f"{reference} is not in run {run.id}.")
        payouts.release(session, found[reference], reason, by=by)

    _step(slug, number, actor, release)
    click.echo(f"{reference} will be paid.")


@pay.command()
@_project
@_run
@click.option(
    "--output",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default=Path(),
    help="The folder for it; if left out, this one.",
)
@installation.acts
def file(slug: str, number: int, output: Path, actor: str | None) -> None:
    """Write the file of an approved run; again, it is the same bytes."""
    with installation.reading() as session:
        project, _by = owned(session, slug, actor)
        made = runs.written(session, runs.find(session, project.id, number))
    kept = [made]

    def keep(session: Session, run: PayRun, by: Person) -> None:
        kept.append(runs.file(session, run, made, by=by))

    run = _step(slug, number, actor, keep)
    target = output / kept[-1].name
    target.touch(mode=0o600)  # it says where people are paid
    target.write_bytes(kept[-1].content)
    total = money.text(kept[-1].total_minor, run.currency)
    click.echo(f"{target}: {kept[-1].count} payouts, {total}\nSHA-256 {kept[-1].sha256}")


@pay.command()
@_project
@_run
@installation.acts
def sent(slug: str, number: int, actor: str | None) -> None:
    """Say that the file is with the bank or the service."""
    run = _step(slug, number, actor, lambda session, run, by: runs.mark_sent(session, run, by=by))
    click.echo(f"Run {run.id} is {run.state.value}.")


@pay.command("results")
@_project
@_run
@click.argument("table", metavar="FILE", type=FILE)
@installation.acts
def results_(slug: str, number: int, table: Path, actor: str | None) -> None:
    """Take what the bank says from a table of reference and status.

    All of it is taken or, if a line does not fit, nothing. A status is confirmed, failed or
    unknown.
    """
    content = table.read_bytes()
    news: list[int] = []
    run = _step(
        slug,
        number,
        actor,
        lambda session, run, by: news.append(results.apply(session, run, content, by=by)),
    )
    click.echo(f"{news[-1]} payouts settled anew; run {run.id} is {run.state.value}.")


@pay.command()
@_project
@click.argument("rail", type=RAIL)
@click.argument("layout", metavar="FILE", type=FILE)
@installation.acts
def layout(slug: str, rail: str, layout: Path, actor: str | None) -> None:
    """Say by a TOML file who pays and how files of a rail are laid out."""

    def keep(session: Session) -> int:
        project, by = owned(session, slug, actor)
        return mappings.lay_out(session, project.id, Rail(rail), _read(layout), by=by).number

    click.echo(f"{rail} is laid out by version {installation.write(keep)}.")


def _step(
    slug: str, number: int, actor: str | None, step: Callable[[Session, PayRun, Person], object]
) -> PayRun:
    def whole(session: Session) -> PayRun:
        project, by = owned(session, slug, actor)
        run = runs.find(session, project.id, number)
        step(session, run, by)
        return run

    return installation.write(whole)


def owned(session: Session, slug: str, actor: str | None) -> tuple[Project, Person]:
    """Return the project and who acts in it, who owns it; raises NotFound and Forbidden."""
    by = installation.acting(session, slug, actor)
    return projects.find(session, slug, by=by, role=Role.owner), by


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} is not TOML: {error}") from None


def _day(given: datetime | None) -> date:
    return (given or clock.now()).date()


def _told(payout: Payout, name: str, where: str) -> str:
    amount = money.text(payout.amount_minor, payout.currency)
    held = payout.held.value if payout.held and not payout.is_payable else ""
    state = payout.state.value
    return f"{payout.reference}\t{state}\t{amount}\t{name}\t{where}\t{held}".rstrip()
