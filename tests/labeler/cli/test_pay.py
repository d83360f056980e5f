"""Pay runs from the command line, from the draft to what the bank says."""

import hashlib
from pathlib import Path

import sqlalchemy as sa

from labeler.pay import destinations, ledger
from labeler.pay.accounts import Account, AccountKind
from labeler.pay.corrections import Correction
from labeler.pay.ledger import Transfer
from labeler.pay.mappings import PayoutLayout
from labeler.pay.payouts import Payout
from labeler.pay.runs import FiledPayouts, PayRun
from labeler.people import memberships
from labeler.people.memberships import Role
from labeler.work.projects import Project
from tests.cast import Cast
from tests.labeler.cli.conftest import Terminal
from tests.make import make_due

PAYER = 'name = "Labelling Society"\niban = "DE89370400440532013000"\n'
OLGA = ("--as", "olga@example.org")
OTHER = ("--as", "mallory@example.org")


def furnish(terminal: Terminal, people: Cast) -> None:
    """Let Ada and Bea have something due; Bea has not said where to. Mallory owns it too."""
    with terminal.session() as session:
        project = session.scalars(sa.select(Project)).one()
        memberships.grant(session, project.id, people.mallory, Role.owner, by=people.olga)
        for person in (people.ada, people.bea):
            make_due(session, project, person, 1234)
        account = {"kind": "bank", "name": "Ada", "iban": "FR7630006000011234567890189"}
        destinations.replace(session, people.ada, "EUR", account)
        session.commit()


def twice(terminal: Terminal, *words: object) -> str:
    """Take a step, and take it again, which changes nothing; return what was said first."""
    said = terminal.good("pay", *words)
    before = rows(terminal)
    terminal.good("pay", *words)
    assert rows(terminal) == before
    return said


def rows(terminal: Terminal) -> list[str]:
    """Return every row that a step might change or add."""
    with terminal.session() as session:
        tables = (PayRun, Payout, FiledPayouts, PayoutLayout, Transfer, Account, Correction)
        return [str(row) for each in tables for row in session.execute(sa.select(each.__table__))]


def test_what_is_given_up_or_let_go_is_so_once(terminal: Terminal, people: Cast) -> None:
    furnish(terminal, people)
    with terminal.session() as session:
        again = {"kind": "bank", "name": "Ada", "iban": "IT60X0542811101000000123456"}
        destinations.replace(session, people.ada, "EUR", again)
        session.commit()
    when = ("--until", "2026-11-22", "--pay-on", "2026-11-25")
    terminal.good("pay", "draft", "helpful", "--rail", "plain", *when, *OLGA)
    reference = terminal.good("pay", "show", "helpful", "1").split()[0]
    twice(terminal, "let-go", "helpful", "1", reference, "--reason", "She told me herself.")
    twice(terminal, "drop", "helpful", "1")


def test_a_run_is_taken_step_by_step(terminal: Terminal, people: Cast, tmp_path: Path) -> None:
    furnish(terminal, people)
    layout = tmp_path / "payer.toml"
    layout.write_text(PAYER)
    assert "say first" in terminal.refused(2, "pay", "draft", "helpful", "--rail", "sepa")
    twice(terminal, "layout", "helpful", "sepa", layout)
    when = ("--until", "2026-11-22", "--pay-on", "2026-11-25")
    said = twice(terminal, "draft", "helpful", "--rail", "sepa", *when, *OLGA)
    assert said.startswith("Run 1: 1 payouts, 12.34 EUR; 1 held.")
    shown = terminal.good("pay", "show", "helpful", "1").splitlines()
    assert shown[0].split("\t")[1:] == ["prepared", "12.34 EUR", "Ada", "…0189"]
    assert shown[1].split("\t")[1:] == ["prepared", "12.34 EUR", "Bea", "-", "no_destination"]
    assert "another owner" in terminal.refused(1, "pay", "approve", "helpful", "1", *OLGA)
    assert twice(terminal, "approve", "helpful", "1", *OTHER) == "Run 1 is approved.\n"
    written = [terminal.good("pay", "file", "helpful", "1", "--output", tmp_path) for _ in range(2)]
    assert written[0] == written[1]
    [file] = tmp_path.glob("*.xml")
    assert file.stat().st_mode & 0o077 == 0
    assert hashlib.sha256(file.read_bytes()).hexdigest() in written[0]
    assert b"FR7630006000011234567890189" in file.read_bytes()
    twice(terminal, "sent", "helpful", "1")
    results = tmp_path / "results.csv"
    results.write_text(f"reference,status\n{shown[0].split()[0]},booked\n")
    assert "line 2" in terminal.refused(2, "pay", "results", "helpful", "1", results)
    results.write_text(f"reference,status\n{shown[0].split()[0]},confirmed\n")
    assert "run 1 is closed" in twice(terminal, "results", "helpful", "1", results)
    listed = terminal.good("pay", "list", "helpful").split("\t")
    assert listed == ["1", "closed", "sepa", "2026-11-22", "1", "12.34 EUR\n"]
    with terminal.session() as session:
        [found] = ledger.standing(session, person_id=people.ada.id).values()
    assert found[AccountKind.paid] == 1234


def test_only_owners_pay(terminal: Terminal, people: Cast) -> None:
    furnish(terminal, people)
    for who in ("rex", "ada"):
        by = ("--as", f"{who}@example.org")
        terminal.refused(1, "pay", "draft", "helpful", "--rail", "plain", *by)
        terminal.refused(1, "pay", "list", "helpful", *by)


def test_what_was_booked_wrong_is_put_right(terminal: Terminal, people: Cast) -> None:
    furnish(terminal, people)
    root = ("--as", "root@example.org")
    ada = ("helpful", "ada@example.org")
    said = twice(terminal, "correct", *ada, "5.00", "--reason", "Monday was missing.")
    assert said == "Ada is paid 5.00 EUR more.\n"
    refused = terminal.refused(1, "pay", "take-back", *ada, "0.34", "--reason", "Twice.", *OLGA)
    assert "Only administrators" in refused
    twice(terminal, "take-back", *ada, "0.34", "--reason", "Twice.", *root)
    assert terminal.good("pay", "corrections", "helpful") == "1\t0.34 EUR\tAda\tTwice.\n"
    assert "somebody else" in terminal.refused(1, "pay", "agree", "helpful", "1", *root)
    assert twice(terminal, "agree", "helpful", "1", *OLGA) == "Correction 1 is booked.\n"
    terminal.good("pay", "take-back", *ada, "0.01", "--reason", "Again.", *root)
    twice(terminal, "forgo", "helpful", "2", *OLGA)
    rate = ("--rate", "151.2345", "--source", "ECB", "--on", "2026-11-20")
    alone = (*rate, *OLGA, "--agreed-by", "olga@example.org")
    assert "somebody else" in terminal.refused(1, "pay", "exchange", *ada, "EUR", "KES", *alone)
    rate += (*OLGA, "--agreed-by", "root@example.org")
    said = terminal.good("pay", "exchange", *ada, "EUR", "KES", *rate)
    assert said == "12.00 EUR of Ada became 1,814.82 KES.\n"
    before = rows(terminal)
    terminal.refused(1, "pay", "exchange", *ada, "EUR", "KES", *rate)
    assert rows(terminal) == before
    said = twice(terminal, "round-up", *ada, "--rail", "mpesa", "--currency", "KES")
    assert said == "Rounded up by 0.18 KES.\n"
    assert "Wrong" not in terminal.good("ledger", "verify")
