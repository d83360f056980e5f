"""What was booked wrong is put right from the command line: more, less, exchanged, rounded up."""

import hashlib
from collections.abc import Callable
from datetime import datetime

import click
from sqlalchemy.orm import Session

from labeler.cli import installation
from labeler.cli.pay import DAY, RAIL, owned
from labeler.pay import corrections, exchanges, money
from labeler.pay.corrections import Correction
from labeler.pay.exchanges import Quote
from labeler.pay.rails import making
from labeler.pay.rails.making import Rail
from labeler.people import accounts, memberships
from labeler.people.accounts import Person
from labeler.work.projects import Project

_project = click.argument("slug", metavar="PROJECT")
_person = click.argument("email", metavar="EMAIL")
_amount = click.argument("amount", metavar="AMOUNT")
_number = click.argument("number", metavar="CORRECTION", type=click.IntRange(1))
_currency = click.option("--currency", metavar="CODE", help="If left out, the project's.")
_reason = click.option("--reason", required=True, help="Why; the person reads it.")
_as = click.option("--as", "actor", metavar="EMAIL", required=True, help="Who does this.")


@click.command()
@_project
@_person
@_amount
@_currency
@_reason
@installation.acts
def correct(
    slug: str, email: str, amount: str, currency: str | None, reason: str, actor: str | None
) -> None:
    """Pay somebody more, since something was booked wrong. Its reason names it, so it is done once.

    It is due after the usual window. To take something back see `labeler pay take-back`.
    """

    def give(session: Session) -> str:
        project, by = owned(session, slug, actor)
        person, code = _member(session, project, email), currency or project.currency
        minor, names = money.minor(amount, code), hashlib.sha256(reason.strip().encode())
        source = f"{project.id}:{person.id}:{code}:{names.hexdigest()[:32]}"
        said = {"reason": reason, "source": source}
        corrections.give(session, project.id, person, code, minor, **said, by=by)
        return f"{person.name} is paid {money.text(minor, code)} more."

    click.echo(installation.write(give))


@click.command("take-back")
@_project
@_person
@_amount
@_currency
@_reason
@_as
def take_back(
    slug: str, email: str, amount: str, currency: str | None, reason: str, actor: str
) -> None:
    """Propose to take back what was booked in error and is due. Nothing moves until another agrees.

    Only administrators can. What waits, is held, on its way or paid is never taken back.
    """

    def propose(session: Session) -> Correction:
        project, by = owned(session, slug, actor)
        person, code = _member(session, project, email), currency or project.currency
        minor = money.minor(amount, code)
        return corrections.propose(session, project.id, person, code, minor, reason=reason, by=by)

    made = installation.write(propose)
    click.echo(
        f"Proposed as correction {made.id}; the person reads why. Somebody else agrees: "
        f"labeler pay agree {slug} {made.id} --as …"
    )


@click.command()
@_project
@_number
@_as
def agree(slug: str, number: int, actor: str) -> None:
    """Agree, as a second person, to take back what was booked in error."""
    _decide(corrections.agree, slug, number, actor)
    click.echo(f"Correction {number} is booked.")


@click.command()
@_project
@_number
@_as
def forgo(slug: str, number: int, actor: str) -> None:
    """Drop a proposal to take something back: nothing moves."""
    _decide(corrections.drop, slug, number, actor)
    click.echo(f"Correction {number} is dropped.")


@click.command("corrections")
@_project
@installation.acts
def list_(slug: str, actor: str | None) -> None:
    """List what is proposed to be taken back and waits for a second person."""
    with installation.reading() as session:
        project, _by = owned(session, slug, actor)
        found = corrections.waiting(session, project.id)
        people = accounts.by_id(session, [each.person_id for each in found])
    for each in found:
        amount = money.text(each.amount_minor, each.currency)
        click.echo(f"{each.id}\t{amount}\t{people[each.person_id].name}\t{each.reason}")


@click.command()
@_project
@_person
@click.argument("currency", metavar="FROM")
@click.argument("wanted", metavar="TO")
@click.option("--rate", required=True, help="How many units of TO one of FROM is.")
@click.option("--source", required=True, help="Who publishes the rate, such as ECB.")
@click.option("--on", type=DAY, required=True, help="The day that it is for.")
@click.option("--agreed-by", metavar="EMAIL", required=True, help="Who else agrees.")
@installation.acts
def exchange(
    slug: str,
    email: str,
    currency: str,
    wanted: str,
    rate: str,
    source: str,
    on: datetime,
    agreed_by: str,
    actor: str | None,
) -> None:
    """Change all that is due to somebody for another currency. Ask them before.

    It takes two owners or administrators, as a bad rate takes pay away. What is left of the
    smallest unit is rounded up at the project's cost.
    """

    def change(session: Session) -> str:
        project, by = owned(session, slug, actor)
        _project, second = owned(session, slug, agreed_by)
        person, quote = _member(session, project, email), Quote(rate, source, on.date())
        whom = project.id, person, currency, wanted, quote
        done = exchanges.exchange(session, *whom, agreed_by=second, by=by)
        gave, got = money.text(done.gave_minor, currency), money.text(done.got_minor, wanted)
        return f"{gave} of {person.name} became {got}."

    click.echo(installation.write(change))


@click.command("round-up")
@_project
@_person
@click.option("--rail", type=RAIL, required=True, help="By which way they are paid.")
@_currency
@installation.acts
def round_up(slug: str, email: str, rail: str, currency: str | None, actor: str | None) -> None:
    """Round what is due to somebody up to what can be paid, when they leave or ask for it."""

    def add(session: Session) -> str:
        project, by = owned(session, slug, actor)
        person, code = _member(session, project, email), currency or project.currency
        step = making.step(Rail(rail), code)
        added = exchanges.round_up(session, project.id, person, code, step, by=by)
        return f"Rounded up by {money.text(added, code)}."

    click.echo(installation.write(add))


COMMANDS = (correct, take_back, agree, forgo, list_, exchange, round_up)


def _member(session: Session, project: Project, email: str) -> Person:
    """Return who has, or had, a part in the project; raises NotFound."""
    person = accounts.find(session, email)
    memberships.require_ever(session, project.id, person)
    return person


def _decide(verb: Callable[..., None], slug: str, number: int, actor: str) -> None:
    def decide(session: Session) -> None:
        project, by = owned(session, slug, actor)
        verb(session, corrections.find(session, project.id, number), by=by)

    installation.write(decide)
