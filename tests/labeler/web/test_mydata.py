"""One's own data on its page: taken along at any time, forgotten when nothing is open any more."""

import csv
import io
import json
import zipfile
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from exports.files import writing
from labeler import audit, clock
from labeler.errors import Conflict
from labeler.pay import destinations, earnings, ledger, payouts, runs, statements
from labeler.pay.destinations import Destination
from labeler.pay.payouts import PayoutState
from labeler.people import accounts, passwords
from labeler.people.accounts import Person
from labeler.people.sign_ins import SignIn, SignInLink
from labeler.privacy import erasure
from labeler.privacy.identities import KeptIdentity
from labeler.work import queue
from labeler.work.judgments import Judgment
from tests.conftest import StoppedClock
from tests.exports.stories import judge_all, plan, release
from tests.labeler.web.conftest import Site
from tests.make import judge_next, load_rows, make_row, send_pay
from tests.visits import Visit

ACCOUNT = {"kind": "bank", "name": "Ada", "iban": "DE89370400440532013000"}
PASSWORD = "four plain words here"
ERASE = "/my-data/erase"


def called(folder: Path) -> list[set[str]]:
    """Return whom a release names, row by row."""
    files = sorted((folder / "jsonl").glob("dpo-*"))
    return [{*row["annotator_ids"]} for file in files for row in writing.read_lines(file)]


@pytest.mark.both
def test_somebody_works_is_paid_and_is_forgotten(
    site: Site, frozen: StoppedClock, tmp_path: Path
) -> None:
    people = site.people
    # Ada and Bea judge, a dataset is made of it, and Ada would like to be forgotten.
    with site.writing() as (session, project):
        destinations.replace(session, people.ada, "EUR", ACCOUNT)
        for person in (people.ada, people.bea):
            judge_all(session, project, person, lambda _name: 0)
    first = plan(site.database, project, min_margin=1)
    release(site.database, first, tmp_path / "1", data=tmp_path, by=people.olga)
    assert [len(names) for names in called(tmp_path / "1")] == [2, 2, 2]

    # Her pay is not out yet: the page says so, and so does whoever tries all the same.
    ada = site.visit("ada")
    page = ada.get("/my-data").text
    assert "1.05 EUR in Helpful answers is not paid out yet" in page
    assert "Erase me" not in page
    assert ada.post(ERASE, email="ada@example.org").status_code == 409

    # It is paid, her month gets its statement, and then nothing is in the way.
    frozen.forward(days=4)
    with site.writing() as (session, project):
        assert [*earnings.approve_due(session, project.id)]
        run = send_pay(session, project, people, clock.now().date())
        [hers] = [p.id for p in payouts.of_run(session, run.id) if p.person_id == people.ada.id]
        runs.settle(session, run, {hers: PayoutState.confirmed}, by=people.olga)
        month = statements.first_of(clock.now().date())
        statements.make(session, project.id, people.ada.id, "EUR", month)
    stale = ada.post(ERASE, email="ada@example.org")
    assert stale.status_code == 409 and "sign in anew" in stale.text
    ada = site.visit("ada")
    assert "Erase me" in ada.get("/my-data").text
    assert ada.post(ERASE, email="bea@example.org").status_code == 422
    assert ada.post(ERASE, email=" Ada@example.org").location == "/sign-in"

    # She is signed out, and nothing of hers signs anybody in.
    assert ada.get("/").location.startswith("/sign-in")
    assert "You are erased." in ada.get("/sign-in").text
    with site.database.reading() as session:
        her = session.get_one(Person, people.ada.id)
        assert her.name == erasure.NAME and her.email.endswith("@erased.invalid")
        assert (her.pseudonym_key, her.password_hash, her.language) == (None, None, None)
        for kind in (SignIn, SignInLink):
            assert session.scalars(sa.select(kind).where(kind.person_id == her.id)).all() == []
        # What she earned still adds up, and who she was is kept for whoever must show it.
        [statement] = statements.of_person(session, her.id)
        assert statements.read(statement).gained_minor == 105
        assert ledger.earned(session, person_id=her.id) == {"EUR": 105}
        [kept] = session.scalars(sa.select(KeptIdentity)).all()
        assert (kept.person_id, kept.name, kept.until.year) == (her.id, "Ada", 2037)
        assert session.scalars(sa.select(Destination)).one().content["iban"] == ACCOUNT["iban"]
        assert [*audit.faults(session)] == []
        judged = sa.select(sa.func.count()).where(Judgment.person_id == her.id)
        assert session.scalar(judged) == 3

    # The old dataset stays, and cannot be made again; the next one counts her and names her not.
    with pytest.raises(Conflict, match="erased since"):
        release(site.database, first, tmp_path / "again", data=tmp_path, by=people.olga)
    second = plan(site.database, project, min_margin=1)
    assert second.number == 2
    release(site.database, second, tmp_path / "2", data=tmp_path, by=people.olga)
    [bea], *others = called(tmp_path / "2")
    assert others == [{bea}, {bea}]
    # Her number stands on no page by her name any more.
    assert "Ada" not in site.visit("olga").get("/projects/helpful/people").text


def test_the_archive_opens_without_us_and_holds_what_the_database_does(
    site: Site, frozen: StoppedClock
) -> None:
    with site.writing() as (session, project):
        session.get_one(Person, site.people.ada.id).name = "=Ada"
        destinations.replace(session, site.people.ada, "EUR", ACCOUNT)
        mine = [judge_next(session, project, site.people.ada) for _ in range(3)]
        judge_next(session, project, site.people.bea)
        ids = [judgment.id for judgment in mine]
    ada = site.visit("ada")
    ada.get("/my-data")
    answer = ada.post("/my-data")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data-2026-11-23.zip"'

    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    files = {name: archive.read(name).decode() for name in archive.namelist()}
    said = {n.removesuffix(".json"): json.loads(t) for n, t in files.items() if n.endswith(".json")}
    # Each file is there twice and says the same; every column is explained.
    for name, rows in said.items():
        table = [*csv.DictReader(io.StringIO(files[f"{name}.csv"], newline=""))]
        assert len(table) == len(rows), name
        assert f"## {name}\n" in files["README.md"]
        for row in rows[:1]:
            assert [*row] == [*table[0]]
    assert [row["number"] for row in said["judgments"]] == ids
    assert {row["was_right"] for row in said["judgments"]} == {None}  # she was not told
    assert [row["amount"] for row in said["earnings"]] == ["0.35"] * 3
    assert [row["amount_minor"] for row in said["earnings"]] == [35] * 3
    assert [row["account"] for row in said["payment_details"]] == ["…3000"]
    assert said["profile"][0]["name"] == "=Ada" and "'=Ada" in files["profile.csv"]
    assert said["events"][-1]["kind"] == "data.copied"
    text = answer.data.decode("latin-1") + "".join(files.values())
    for foreign in ("bea@example.org", "model-x", "model-y", ACCOUNT["iban"], "pseudonym"):
        assert foreign not in text.replace("Your pseudonym", "")


def test_somebody_else_at_an_open_browser_erases_nobody(site: Site, frozen: StoppedClock) -> None:
    with site.writing() as (session, _project):
        accounts.set_password(session, site.people.rex, passwords.hashed(PASSWORD))
    rex = site.visit("rex")
    rex.get("/my-data")
    page = rex.post(ERASE, email="rex@example.org", password="five other words are here")
    assert page.status_code == 422 and 'id="password-fault"' in page.text
    with site.database.reading() as session:
        assert accounts.find(session, "rex@example.org").failures == 1
    assert rex.post(ERASE, email="rex@example.org", password=PASSWORD).location == "/sign-in"


def test_a_copy_after_each_judgment_tells_no_known_answer(
    site: Site, frozen: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies differ in the same way after a known answer and after any other."""
    monkeypatch.setattr(queue, "_random", Random(3))
    with site.writing() as (session, project):
        project.gold_share = 0.5
        rows = [make_row(n, gold=0 if n % 2 else None) for n in range(20, 32)]
        load_rows(session, project, rows, by=site.people.olga)
    ada, told, known_ones = site.visit("ada"), [], set()
    ada.get("/my-data")
    for _ in range(6):
        with site.writing() as (session, project):
            known_ones.add(judge_next(session, project, site.people.ada).gold_right)
        told.append(numbers(ada))
    assert None in known_ones and len(known_ones) > 1  # so that there were both
    for done, (row, *others) in enumerate(told, start=1):
        assert (row["judged"], row["gold"], row["gold_right"], others) == (done, 0, 0, [])
        assert "counted" not in row


def numbers(visit: Visit) -> list[dict[str, object]]:
    """Return somebody's counts as a copy that is made now tells them."""
    archive = zipfile.ZipFile(io.BytesIO(visit.post("/my-data").data))
    found: list[dict[str, object]] = json.loads(archive.read("counts.json"))
    return found
