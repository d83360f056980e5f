"""What is kept, at the terminal: reports, copies, erasure, and backups that bring nobody back."""

import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from labeler import clock
from labeler.events import Event
from labeler.people import sign_ins
from labeler.people.accounts import Person
from labeler.people.sign_ins import SignIn
from labeler.privacy import erasure, replay
from labeler.work import projects
from tests import postgres
from tests.cast import Cast
from tests.labeler.cli.conftest import Terminal, settle
from tests.make import make_due

BY_ROOT = ("--as", "root@example.org")
LETTER = ("--reason", "A letter of 3 May.", *BY_ROOT)


def name_of(terminal: Terminal, person: Person) -> str:
    with terminal.session() as session:
        return session.get_one(Person, person.id).name


def on(address: str, data: Path) -> Terminal:
    return Terminal(
        {
            "LABELER_DATABASE_URL": address,
            "LABELER_DATA": str(data),
            "LABELER_PG_PROGRAMS": str(postgres.programs()),
        }
    )


@pytest.fixture
def nowhere(address: str, tmp_path: Path) -> Iterator[str]:
    """The address of a database where nothing is yet."""
    if address.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'elsewhere.db'}"
        return
    empty = postgres.create_database(address)
    yield empty
    postgres.drop_database(empty)


@pytest.mark.both
def test_a_backup_from_before_brings_nobody_back(
    address: str, nowhere: str, tmp_path: Path
) -> None:
    here = on(address, tmp_path / "data")
    cast = settle(here)
    here.good("backup", tmp_path / "before.tar")
    here.good("person", "erase", "ada@example.org", *LETTER)
    [line] = (tmp_path / "data" / "erasures.jsonl").read_text().splitlines()
    assert set(json.loads(line)) == {"person", "created_at", "erased_at"} and "ada" not in line

    there = on(nowhere, tmp_path / "data")
    said = there.good("restore", tmp_path / "before.tar")
    assert f"Erased again: number {cast.ada.id}." in said
    assert (name_of(there, cast.ada), name_of(there, cast.bea)) == (erasure.NAME, "Bea")
    with there.session() as session:
        her = session.get_one(Person, cast.ada.id)
        assert (her.erased_at, her.pseudonym_key) == (
            next(replay.read(tmp_path / "data" / "erasures.jsonl")).erased_at,
            None,
        )
        last = session.scalars(sa.select(Event).order_by(Event.id.desc()).limit(1)).one()
        assert last.data == {"subject": cast.ada.id, "replayed": True}
    there.good("verify")
    # Twice changes nothing, and a refresh would have found it too.
    assert "Erased again" not in there.good("refresh")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_list_from_elsewhere_is_kept_beside_the_database(address: str, tmp_path: Path) -> None:
    """So a refresh erases again, too: after an upgrade, or where restoring was stopped."""
    here = on(address, tmp_path / "data")
    settle(here)
    here.good("backup", tmp_path / "before.tar")
    here.good("person", "erase", "ada@example.org", *LETTER)
    (tmp_path / "data" / "erasures.jsonl").rename(tmp_path / "copy.jsonl")
    there = on(f"sqlite:///{tmp_path / 'elsewhere.db'}", tmp_path / "other")
    there.good("restore", tmp_path / "before.tar", "--erasures", tmp_path / "copy.jsonl")
    kept, copy = (tmp_path / at for at in ("other/erasures.jsonl", "copy.jsonl"))
    assert [*replay.read(kept)] == [*replay.read(copy)] != []


def test_a_list_of_another_database_erases_nobody(
    terminal: Terminal, people: Cast, tmp_path: Path
) -> None:
    data = Path(terminal.settings["LABELER_DATA"])
    erased = replay.Erased(
        person=people.ada.id,
        created_at=people.ada.created_at - timedelta(seconds=1),
        erased_at=clock.now(),
    )
    data.mkdir(parents=True, exist_ok=True)
    # A crash had left half a line; the whole one after it counts, if it were hers.
    half = '{"person": 2, "crea\n'
    (data / "erasures.jsonl").write_text(half + erased.model_dump_json() + "\n")
    terminal.good("refresh")
    assert name_of(terminal, people.ada) == "Ada"
    (data / "erasures.jsonl").write_text('{"who": 1}\n')
    assert "line 1 is no erasure" in terminal.refused(2, "refresh")


def test_an_administrator_gives_out_a_copy_and_erases_on_record(
    terminal: Terminal, people: Cast, tmp_path: Path
) -> None:
    copy = tmp_path / "ada.zip"
    given = ("person", "data", "ada@example.org", "-o", copy)
    terminal.refused(1, *given, "--as", "olga@example.org")
    assert not copy.exists()
    terminal.good(*given, *BY_ROOT)
    assert copy.stat().st_mode & 0o777 == 0o600
    profile = json.loads(zipfile.ZipFile(copy).read("profile.json"))
    assert profile[0]["email"] == "ada@example.org"
    assert "something at" in terminal.refused(1, *given, *BY_ROOT)
    said = terminal.good("person", "erase", "ada@example.org", *LETTER)
    assert f"under the number {people.ada.id}" in said
    with terminal.session() as session:
        kinds = session.execute(sa.select(Event.kind, Event.person_id, Event.data))
        last = [row for row in kinds if row.kind in ("data.copied", "person.erased")]
    assert [(row.kind, row.person_id) for row in last] == [
        ("data.copied", people.root.id),
        ("person.erased", people.root.id),
    ]
    assert last[-1].data["reason"] == "A letter of 3 May."
    unpaid = ("person", "identity", str(people.ada.id), "--reason", "An audit.", *BY_ROOT)
    assert "Nobody of this number is kept" in terminal.refused(1, *unpaid)


def test_who_was_paid_is_told_for_a_reason_each_time_on_record(
    terminal: Terminal, people: Cast
) -> None:
    with terminal.session() as session:
        project = projects.find(session, "helpful", by=people.root)
        make_due(session, project, people.ada, 500)
        erasure.forget(session, session.get_one(Person, people.ada.id), at=clock.now())
        session.commit()
    asked = ("person", "identity", str(people.ada.id), "--reason", "An audit.", *BY_ROOT)
    for _ in range(2):
        assert terminal.good(*asked).startswith("Ada; kept until ")
    with terminal.session() as session:
        read = session.scalars(sa.select(Event.data).where(Event.kind == "identity.read")).all()
    assert read == [{"subject": people.ada.id, "reason": "An audit."}] * 2


def test_the_report_changes_nothing_and_refreshing_lets_go(
    terminal: Terminal, people: Cast
) -> None:
    with terminal.session() as session:
        sign_ins.start(session, people.ada)
        past = clock.now() - timedelta(days=400)
        session.execute(sa.update(SignIn).values(expires_at=past))
        session.commit()
    assert "sign_ins: 1 would be deleted" in terminal.good("retention")
    kept = terminal.good("retention", keep_sign_ins_days="3000")
    assert "sign_ins: 0 would be deleted" in kept
    assert terminal.good("retention", "apply") == "sign_ins: 1\n"
    assert terminal.good("retention", "apply") == ""
