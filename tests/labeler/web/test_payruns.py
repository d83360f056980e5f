"""Pay runs at the pages: two owners, one file, and what became of each payout."""

import io
import re

import pytest
import sqlalchemy as sa

from labeler import reconciliation
from labeler.pay import destinations, ledger
from labeler.pay.accounts import AccountKind
from labeler.pay.payouts import Payout
from labeler.people import memberships
from labeler.people.memberships import Role
from tests.labeler.web.conftest import Site
from tests.make import make_due
from tests.visits import Visit

PAY = "/projects/helpful/payouts"
RUN = {"currency": "EUR", "rail": "plain", "period_end": "2026-11-22", "pay_on": "2026-11-25"}
ACCOUNT = {"kind": "bank", "name": "Ada", "iban": "FR7630006000011234567890189"}
CHANGED = ACCOUNT | {"iban": "DE89370400440532013000"}


@pytest.fixture
def paying(site: Site) -> Site:
    """The site, where Mallory owns the project too; Ada and Bea are due, and Ada says where to."""
    with site.writing() as (session, project):
        people = site.people
        memberships.grant(session, project.id, people.mallory, Role.owner, by=people.olga)
        for person in (people.ada, people.bea):
            make_due(session, project, person, 1234)
        destinations.replace(session, people.ada, "EUR", ACCOUNT)
    return site


def draft(visit: Visit) -> str:
    visit.get(PAY)
    return str(visit.post(f"{PAY}/runs", **RUN).location)


def step(visit: Visit, run: str, to: str) -> int:
    visit.get(run)
    return visit.post(f"{run}/step", step=to).status_code


def test_two_owners_pay_ada(paying: Site) -> None:
    olga, mallory = paying.visit("olga"), paying.visit("mallory")
    assert "24.68" in olga.get(PAY).text
    run = draft(olga)
    page = olga.get(run).text
    assert "They have not said where to." in page and "…0189" in page
    assert "30006000" not in page
    assert "Approve the run" not in page  # nor does the address let her
    assert step(olga, run, "approved") == 403
    assert [step(mallory, run, "approved") for _ in range(2)] == [302, 302]
    assert olga.get(f"{run}/file").status_code == 404
    assert step(olga, run, "filed") == 302
    with olga.client.get(f"{run}/file") as one, mallory.client.get(f"{run}/file") as other:
        assert one.data == other.data
        assert b"FR7630006000011234567890189" in one.data
        assert "attachment" in one.headers["Content-Disposition"]
    assert step(olga, run, "sent") == 302
    [reference] = re.findall(rb"PAY\d+", one.data)
    wrong, right = (f"reference,status\n{reference.decode()},{s}\n" for s in ("booked", "paid"))
    given_back = olga.post(f"{run}/results", file=(io.BytesIO(wrong.encode()), "a.csv"))
    assert given_back.status_code == 422 and "line 2" in given_back.text
    assert olga.post(f"{run}/results", file=(io.BytesIO(right.encode()), "a.csv")).location == run
    assert "It is known of every payout what became of it." in olga.get(run).text
    with paying.database.reading() as session:
        [standing] = ledger.standing(session, person_id=paying.people.ada.id).values()
        assert standing[AccountKind.paid] == 1234
        assert list(reconciliation.faults(session)) == []


def test_what_is_held_waits_for_a_reason_and_each_payout_is_settled_by_hand(paying: Site) -> None:
    with paying.writing() as (session, _project):
        destinations.replace(session, paying.people.ada, "EUR", CHANGED)
    olga, mallory = paying.visit("olga"), paying.visit("mallory")
    run = draft(olga)
    with paying.database.reading() as session:
        found = session.scalars(sa.select(Payout).order_by(Payout.id)).first()
    assert found is not None
    one = f"{run}/payouts/{found.id}"
    assert "Their details changed lately." in olga.get(run).text
    assert step(mallory, run, "approved") == 422
    assert olga.post(f"{one}/release", reason=" ").status_code == 422
    assert olga.post(f"{one}/release", reason="I have called her.").location == run
    assert "Looked at: I have called her." in mallory.get(run).text
    for visit, to in ((mallory, "approved"), (olga, "filed"), (olga, "sent")):
        assert step(visit, run, to) == 302
    olga.get(run)
    for outcome in ("unknown", "unknown", "failed"):
        assert olga.post(f"{one}/outcome", outcome=outcome, note="Closed.").status_code == 302
    assert olga.post(f"{one}/outcome", outcome="confirmed", note="").status_code == 409
    assert "Failed, due again" in olga.get(run).text
    with paying.database.reading() as session:
        [standing] = ledger.standing(session, person_id=paying.people.ada.id).values()
    assert standing[AccountKind.earned_approved] == 1234


def test_files_are_laid_out_by_whoever_pays(paying: Site) -> None:
    olga = paying.visit("olga")
    olga.get(f"{PAY}/layouts?rail=mpesa")
    given = {"rail": "mpesa", "columns": "MSISDN: account\nKSh whole_amount"}
    page = olga.post(f"{PAY}/layouts", **given)
    assert page.status_code == 422 and "Line 2" in page.text and 'id="columns-fault"' in page.text
    given["columns"] = "MSISDN: account\nKSh: whole_amount"
    assert olga.post(f"{PAY}/layouts", **given, is_verified="1").status_code == 302
    page = olga.get(f"{PAY}/layouts?rail=mpesa")
    assert "KSh: whole_amount" in page.text and "checked" in page.text
    olga.get(PAY)
    refused = olga.post(f"{PAY}/runs", **(RUN | {"rail": "sepa"}))
    assert refused.status_code == 422 and "say first" in refused.text
