"""The ledger, looked at: every reconciliation, one line each."""

import click

from labeler import config, dumps, reconciliation
from labeler.cli import installation


@click.group()
def ledger() -> None:
    """Look after the books."""


@ledger.command("verify")
def verify() -> None:
    """Hold the ledger against what people did, check by check.

    Changes nothing. Names every fault, and exits with 1 if there is one.
    """
    found = 0
    with installation.opened(config.load()) as database:
        database.require_current()
        for name, check in reconciliation.CHECKS:
            with database.reading() as session:
                dumps.unhurried(session)
                faults = [*check(session)]
            click.echo(f"{'Wrong' if faults else 'Sound'}: {name}.")
            for fault in faults:
                click.echo(f"  {fault}")
            found += len(faults)
    if found:
        raise click.ClickException(f"{found} faults in the ledger.")
