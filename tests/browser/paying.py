"""Somebody to pay in the demo: a draft in which one payout waits, one has nowhere to go."""

from datetime import date

from sqlalchemy.orm import Session

from labeler.pay import destinations, mappings, runs
from labeler.pay.rails.making import Rail
from labeler.pay.runs import RunState
from labeler.people.accounts import Person
from labeler.work.projects import Project
from tests.make import make_due

IBANS = ("DE89370400440532013000", "IT60X0542811101000000123456", "FR7630006000011234567890189")


DAYS = {"period_end": date(2026, 11, 22), "pay_on": date(2026, 11, 25)}


def owe(session: Session, project: Project, people: list[Person], *, by: Person) -> int:
    """Draft a run for these people; return its number.

    The first one has moved her account, the last one has not said where to be paid.
    """
    for number, person in enumerate(people):
        make_due(session, project, person, 1234 + 917 * number)
    for iban, person in zip(IBANS, people[:-1], strict=False):
        _bank(session, person, iban)
    payer = {"name": "Labelling Society", "iban": IBANS[0]}
    mappings.lay_out(session, project.id, Rail.sepa, payer, by=by)
    return draft_anew(session, project, people[0], by=by)


def draft_anew(session: Session, project: Project, person: Person, *, by: Person) -> int:
    """Draft a run in which this person's payout waits, because they have just moved."""
    held = destinations.newest(session, [person.id], "EUR")[person.id]
    _bank(session, person, IBANS[held.number % len(IBANS)])
    for run in runs.of_project(session, project.id):
        if run.state is RunState.draft:
            runs.drop(session, run, by=by)
    return runs.draft(session, project.id, "EUR", Rail.sepa, **DAYS, by=by).id


def _bank(session: Session, person: Person, iban: str) -> None:
    account = {"kind": "bank", "name": person.name, "iban": iban}
    destinations.replace(session, person, "EUR", account)
