"""Migrations: from nothing to what the code declares and back, whole or not at all, once."""

import ast
import hmac
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

import labeler.app  # noqa: F401 (which every table comes with)
from exports.kept import clearances, declarations
from exports.kept.clearances import Fate
from exports.kept.releases import Release
from exports.privacy import pseudonyms
from labeler import audit, clock, jobs
from labeler import database as database_module
from labeler.arena import visits
from labeler.database import Database
from labeler.endpoints import calls, profiles, purses, registry
from labeler.generation.generations import Generation, GenerationState
from labeler.generation.screening import Reason
from labeler.generation.stored import GenerationPrompt, KeptOut
from labeler.pay import budgets, destinations, limits, mappings, rates, statements, wages
from labeler.pay.corrections import Correction
from labeler.pay.payouts import Payout
from labeler.pay.rails.making import Rail
from labeler.pay.runs import FiledPayouts, PayRun, RunState
from labeler.people import evaluations, forum, remarks, representatives, sign_ins, terms, tokens
from labeler.people.accounts import Person
from labeler.people.evaluations import EvaluationDraft
from labeler.privacy import identities
from labeler.quality import gold, refreshing
from labeler.schema import Base
from labeler.work import comparisons, opt_ins, projects, queue
from labeler.work.assignments import Assignment
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from labeler.work.tallies import Tally
from tests import postgres
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.exports.stories import plan, release, tell
from tests.labeler.arena import talks
from tests.lives import live
from tests.make import judge, judge_next, load_rows, make_batch, make_project, make_row

APPENDED = (
    *("adjudications", "clearances", "comments", "consents", "corrections", "declines"),
    *("destinations", "disputes", "evaluations", "events"),
    *("intervals", "judgments", "payout_files", "payout_layouts", "rates", "refusals"),
    *("remarks", "representatives"),
    *("seals", "statements", "terms", "transfers", "wage_references"),
)
FOLDER = Path(__file__).parents[2] / "migrations"
VERSIONS = sorted(FOLDER.joinpath("versions").glob("*.py"))
SCRIPTS = ScriptDirectory(str(FOLDER))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database in which there is nothing yet."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/empty.db")
        yield database
        database.close()
        return
    address = postgres.create_database(request.getfixturevalue("postgresql_server"))
    database = Database(address)
    yield database
    database.close()
    postgres.drop_database(address)


def left_in(database: Database) -> set[str]:
    """Return the names of tables, indexes, triggers and functions, but the migrations' own."""
    queries = ["SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_autoindex_%'"]
    if not database.is_sqlite:
        queries = [
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
            "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        ]
    with database.reading() as session:
        found = {name for query in queries for name in session.scalars(sa.text(query))}
    return found - {"alembic_version", "alembic_version_pkc"}


def shape(database: Database) -> set[str]:
    """Return what is left in a database, down to its columns and indexes."""
    inspector = sa.inspect(database.writer)
    found = left_in(database)
    for (_, table), columns in inspector.get_multi_columns().items():
        found |= {f"{table}.{column['name']}" for column in columns}
    for (_, table), indexes in inspector.get_multi_indexes().items():
        found |= {f"{table}: {index['name']}" for index in indexes}
    return found


def work(database: Database) -> int:
    """Do a little of everything; return how many judgments there are then."""
    with database.writing() as session:
        number = session.scalar(sa.select(sa.func.count(Judgment.id))) or 0
        if number:
            session.execute(sa.text("UPDATE people SET email = email || '.old'"))
        cast = make_cast(session)
        project = make_project(session, cast, slug=f"project-{number}")
        make_batch(session, project, cast)
        judge_next(session, project, cast.ada)
        session.commit()
    return number + 1


# What they make


def test_the_newest_version_is_what_the_code_declares(database: Database) -> None:
    with database.writer.begin() as connection:
        config = database_module._alembic(connection)
        config.attributes["metadata"] = Base.metadata
        command.check(config)  # raises, with what is missing and what is too much


def test_every_table_of_the_code_is_made(database: Database) -> None:
    assert {"people", "projects", "judgments", "transfers", "releases"} <= set(Base.metadata.tables)
    assert set(Base.metadata.tables) <= left_in(database)


def test_what_is_appended_is_guarded(database: Database) -> None:
    guards = {"delete", "update"} if database.is_sqlite else {"delete", "update", "truncate"}
    triggers = {f"{t}_refuse_{g}" for t in APPENDED for g in guards}
    assert triggers <= left_in(database)


def test_they_end_in_one_place() -> None:
    assert len(SCRIPTS.get_heads()) == 1
    assert len(SCRIPTS.get_bases()) == 1


def test_they_know_nothing_of_the_code() -> None:
    assert VERSIONS
    for path in [*VERSIONS, FOLDER / "env.py"]:
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        names = [
            alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
        ]
        names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
        assert not [name for name in names if name.split(".")[0] in ("labeler", "exports")], path


# Up and down


def test_down_to_nothing_and_up_again_with_data(database: Database) -> None:
    work(database)
    database.downgrade("base")
    assert left_in(database) == set()
    database.upgrade()
    assert work(database) == 1


def test_what_was_drawn_ahead_goes_back_to_the_queue(database: Database) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, judgments_per_comparison=1)
        make_batch(session, project, cast)
        assert queue.claim(session, project, by=cast.ada) is not None
        given = [queue.reserve(session, project, by=each) for each in (cast.ada, cast.bea)]
        # Wanted no more, so that they are beside what is wanted.
        comparisons.want(session, [each.comparison_id for each in given if each], 0)
        session.commit()
    database.downgrade("2026_11_27_pages")
    database.upgrade()
    with database.writing() as session:
        assert list(audit.faults(session)) == []
        states = session.scalars(sa.select(Assignment.state).order_by(Assignment.id)).all()
        assert [state.value for state in states] == ["open", "expired", "expired"]


def test_an_unscored_answer_is_scored_again_by_older_programs(database: Database) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        project.gold_share = 1.0
        load_rows(session, project, [make_row(1), make_row(2, gold=0)], by=cast.olga)
        known = session.get_one(Comparison, judge_next(session, project, cast.ada).comparison_id)
        assert queue.claim(session, project, by=cast.bea) is not None  # who holds it
        gold.unscore(session, known, "Wrong.", by=cast.olga)
        session.commit()
    database.downgrade("2026_11_27_questions")
    database.upgrade()
    with database.writing() as session:
        assert list(audit.faults(session)) == []
        assert session.scalar(sa.select(sa.func.sum(Tally.gold))) == 1
        project = session.get_one(Project, project.id)
        given = queue.claim(session, project, by=session.get_one(Person, cast.rex.id))
        assert given is not None
        assert given.comparison_id == known.id


def test_there_is_no_way_back_for_what_older_programs_give_to_everybody(
    database: Database,
) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, support_contact="Care")
        load_rows(session, project, [make_row(1, sensitive="violence:3")], by=cast.olga)
        session.commit()
    with pytest.raises(RuntimeError, match="older programs give to everybody"):
        database.downgrade("2026_11_28_terms")
    database.require_current()
    with database.writing() as session:
        project = session.get_one(Project, project.id)
        assert queue.claim(session, project, by=session.get_one(Person, cast.ada.id)) is None


def test_whom_older_releases_name_stays_known_as_long_as_they_have_their_key(
    database: Database, tmp_path: Path
) -> None:
    cast, judged = tell(database, {"p": [0, 0]})
    release(database, plan(database, judged), tmp_path / "1", data=tmp_path, by=cast.olga)
    database.downgrade("2026_11_28_terms")
    with database.reading() as session:
        old = session.scalar(sa.text("SELECT pseudonym_key FROM releases"))
    database.upgrade()
    with database.reading() as session:
        made = session.scalars(sa.select(Release)).one()
        own = dict(session.execute(sa.select(Person.id, Person.pseudonym_key)).all())
    names = pseudonyms.of_people(made.pseudonym_key, own, made.masked)
    before = {
        person.id: hmac.digest(bytes.fromhex(old), str(person.id).encode(), "sha256").hex()[:12]
        for person in (cast.ada, cast.bea)
    }
    assert names == before
    assert made.pseudonym_key != old
    # Nothing that is left without her key tells what Ada was called.
    told = str(made.masked) + made.pseudonym_key
    assert before[cast.ada.id] not in told


def test_up_again_changes_nothing(database: Database) -> None:
    work(database)
    database.upgrade()
    assert work(database) == 2


# What a step computes anew may afterwards say the same in other words; the audit counts it again.
LOST = {"releases.pseudonym_key"}
"""What a step destroys for good: going up, releases get other keys, and no way leads back."""
REDONE = {
    # Older programs make pseudonyms of numbers, and know nobody who was erased.
    "2026_11_28_keys": {
        *("people.pseudonym_key", "people.erased_at", "releases.masked"),
        "releases.pseudonym_key",
    },
    "2026_11_28_erasure": {"kept_identities"},
    # Older programs know no accounts of who made a release, nor what became of it.
    "2026_11_28_published": {
        *("declarations", "releases.labor_card", "releases.state", "releases.published_at"),
        *("releases.withdrawn_at", "releases.withdrawn_because"),
    },
    "2026_11_24": {"counts", "tallies"},
    "2026_11_27_lanes": {"lanes.spent_at"},
    "2026_11_27_adaptive": {"reliabilities"},
    "2026_11_27_snapshots": {"snapshots"},
    # Older programs know of no reviews: they are lost on the way back.
    "2026_11_27_reviews": {"adjudications", "comments", "reviews", "assignments.sent_back_at"},
    "2026_11_28_wages": {"wage_references"},
    # Older programs know one rate for each project, and count what was spent whatever it was in.
    "2026_11_28_rates": {"counts", "rates", "assignments.rate_id", "memberships.place"},
    "2026_11_28_budgets": {"budgets"},
    "2026_11_27_qualify": {
        *("qualifications", "projects.qualification_questions", "projects.qualification_right"),
        *("assignments.qualification_id", "assignments.told_at", "batches.is_qualification"),
    },
    # Older programs know of no seals, and not why money moved.
    "2026_11_28_money": {
        *("seals", "transfers.kind", "transfers.reason"),
        *("transfers.about_id", "transfers.by_id"),
    },
    # Older programs know of no time.
    "2026_11_28_worktime": {"intervals"},
    # And of no payouts.
    "2026_11_28_destinations": {"destinations", "payout_layouts"},
    "2026_11_28_runs": {"pay_runs", "payouts", "payout_files"},
    "2026_11_28_statements": {"statements"},
    # And of no refusals: what is held stays so until a person lets it go.
    "2026_11_28_disputes": {"refusals", "disputes"},
    "2026_11_28_limits": {"limits"},
    "2026_11_28_terms": {"terms", "consents"},
    "2026_11_28_sensitive": {"opt_ins"},
    "2026_11_28_put_right": {"corrections"},
    "2026_11_28_jobs": {"jobs"},
    # And of no models that are asked, and nobody who chats with them.
    "2026_11_28_conversations": {"chat_rules", "conversations", "turns", "chat_links", "visits"},
    "2026_11_28_endpoints": {"endpoints", "endpoint_lines", "calls", "purses"},
    "2026_11_28_generations": {"generations", "generation_prompts", "kept_out"},
    # And of no reasons that are held: they leave all of them out.
    "2026_11_28_clearances": {"clearances"},
    # Leaderboards are worked out anew.
    "2026_11_28_leaderboards": {"leaderboards"},
    "2026_11_28_voice": {
        *("topics", "posts", "representatives", "remarks", "declines", "evaluations"),
    },
}

Rows = list[dict[str, object]]
NEW = 4
"""How many of the newest migrations are tried at length each time: the others change no more."""


def test_each_step_down_and_up_again_keeps_every_row(
    database: Database, frozen: StoppedClock, tmp_path: Path, soak: bool
) -> None:
    populate(database, frozen, tmp_path)
    whole, redone = rows_in(database), set[str]()
    assert [name for name, rows in whole.items() if not rows] == []

    def require_whole(revision: str) -> None:
        database.upgrade()
        assert without(redone, rows_in(database)) == without(redone, whole), revision
        with database.reading() as session:
            assert list(audit.faults(session)) == [], revision

    for number, script in enumerate(SCRIPTS.walk_revisions()):
        if script.down_revision is None:
            break  # below the first one there is nothing
        before, there = rows_in(database), shape(database)
        database.downgrade("-1")
        below = rows_in(database)
        assert shape(database) != there
        database.upgrade(script.revision)
        assert shape(database) == there
        anew = REDONE.get(script.revision, set())
        assert without(anew, rows_in(database)) == without(anew, before), script.revision
        redone |= anew
        if soak or number < NEW:
            require_whole(script.revision)
        database.downgrade(str(script.down_revision))
        assert without(LOST, rows_in(database)) == without(LOST, below), script.revision
    require_whole("all of them")


def populate(database: Database, time: StoppedClock, folder: Path) -> None:
    """Let some of everything happen, so that no table is empty."""
    cast, judged = tell(database, {"p": [0, 0]}, slug="judged")
    with database.writing() as session:
        wages.load(session, wages.shipped(), by=cast.root)
        lived = live(session, cast, time)
        identities.keep(session, cast.ada)
        limits.change(session, limits.Hours(day_hours=6, week_hours=30), by=cast.ada)
        opt_ins.choose(session, opt_ins.Choice(hate=1, is_adult=True), by=cast.ada)
        budgets.limit(session, lived.id, "EUR", 100_00, by=cast.olga)
        in_italy = rates.read({"place": "IT", "per_judgment": "0.50"})
        projects.price(session, lived, in_italy, by=cast.olga)
        asking = make_project(
            session, cast, slug="asking", qualification={"questions": 1, "right": 1}
        )
        load_rows(session, asking, [make_row(1, gold=0)], by=cast.olga, for_qualification=True)
        judge_next(session, asking, cast.ada)
        terms.publish(session, asking.id, {"en": "Be kind."}, notice_days=30, by=cast.olga)
        terms.agree(session, asking.id, 1, "en", by=cast.ada)
        account = {"kind": "bank", "name": "Ada", "iban": "DE89370400440532013000"}
        destinations.replace(session, cast.ada, "EUR", account)
        mappings.lay_out(session, asking.id, Rail.plain, {"is_verified": True}, by=cast.olga)
        _have_a_run(session, asking, cast)
        _speak(session, asking, cast)
        _chat(session, cast, time)
        tokens.create(session, cast.olga)
        sign_ins.make_link(session, cast.ada, by=cast.olga)
        sign_ins.start(session, cast.ada)
        month = statements.first_of(clock.now().date())
        statements.make(session, judged.id, cast.ada.id, "EUR", month)
        session.commit()
        for _ in refreshing.refresh(session, database.reading, judged):
            session.commit()
    with database.writing() as session:
        mine = session.get_one(Project, judged.id)
        declarations.declare(session, mine, facts="", words="Made for bread.", by=cast.olga)
        _hold_a_reason(session, mine, cast)
        session.commit()
    release(database, plan(database, judged), folder / "release", data=folder, by=cast.olga)
    with database.writing() as session:
        jobs.ask(session, "test", {}, key="1", by=cast.olga.id, project_id=judged.id)
        _ask_a_model(session, judged, cast)
        session.commit()


def _hold_a_reason(session: Session, project: Project, cast: Cast) -> None:
    load_rows(session, project, [make_row(2)], by=cast.olga, name="more")
    given = queue.claim(session, project, by=cast.ada)
    assert given is not None
    said = judge(session, given, 1, cast.ada, reason="Ask @rosa_b.")
    clearances.decide(session, project, {said.id: Fate.kept_out}, by=cast.olga)


def _chat(session: Session, cast: Cast, time: StoppedClock) -> None:
    project = talks.make_chat(session, cast, visitors={})
    chat = talks.begin(session, project, cast.ada)
    talks.vote(session, talks.write(session, chat, "Hello", cast.ada), 1, cast.ada)
    tomorrow = time.time + timedelta(days=1)
    secret = visits.make_link(session, project, label="Fair", expires_at=tomorrow, by=cast.olga)
    visits.enter(session, secret)


def _ask_a_model(session: Session, project: Project, cast: Cast) -> None:
    given = {"provider": "llamacpp", "base_url": "http://127.0.0.1:8080/v1", "model": "small"}
    profile = profiles.read({"name": "here", "place": "on_premises", **given})
    here = registry.add(session, profile, by=cast.root)
    purses.fill(session, "generation:1", 1_000_000, "EUR")
    hello = [{"role": "user", "content": "Hello."}]
    call = calls.ask(session, here, hello, project_id=project.id, kin="generation:1", key="1")
    made = Generation(
        project_id=project.id,
        name="prompts.jsonl",
        digest="0",
        settings={"endpoints": ["here"], "samples": 2},
        endpoint_ids=[here.id],
        standing={},
        state=GenerationState.cancelled,
        prompts=1,
        asked=1,
        created_by=cast.olga.id,
        created_at=clock.now(),
    )
    session.add(made)
    session.flush()
    prompt = GenerationPrompt(generation_id=made.id, number=0, external_id="p", language="en")
    prompt.messages, prompt.details = hello, {}
    session.add(prompt)
    session.flush()
    kept = KeptOut(generation_id=made.id, prompt_id=prompt.id, call_id=call.id)
    kept.line, kept.reason, kept.detail = "here", Reason.empty, ""
    session.add(kept)


def _speak(session: Session, project: Project, cast: Cast) -> None:
    """Let workers talk and be spoken for, and a correction be proposed, without its money."""
    forum.open_topic(session, "Breaks", "Take them.", by=cast.ada)
    representatives.name(session, "ada@example.org", "By vote.", by=cast.root)
    remarks.write(session, project.id, "We waited.", by=cast.ada)
    remarks.decline(session, project.id, 1, "It was days.", by=cast.olga)
    held_on = clock.now().date()
    draft = EvaluationDraft(held_on=held_on, participants="Ada", text="Well.")
    evaluations.note(session, draft, by=cast.root)
    made = Correction(project_id=project.id, person_id=cast.ada.id, currency="EUR", amount_minor=1)
    made.reason, made.proposed_by, made.proposed_at = "Twice.", cast.root.id, clock.now()
    session.add(made)


def _have_a_run(session: Session, project: Project, cast: Cast) -> None:
    """Add a pay run without its money, which older programs would count as earned."""
    today = clock.now().date()
    run = PayRun(
        project_id=project.id,
        currency="EUR",
        rail=Rail.plain,
        pay_on=today,
        period_end=today,
        state=RunState.draft,
        made_by=cast.olga.id,
        made_at=clock.now(),
    )
    session.add(run)
    session.flush()
    payout = {"amount_minor": 1, "carried_minor": 0, "disputed_minor": 0, "currency": "EUR"}
    session.add(Payout(run_id=run.id, project_id=project.id, person_id=cast.ada.id, **payout))
    made = {"name": "a.csv", "media_type": "text/csv", "content": b"a", "sha256": "0" * 64}
    session.add(FiledPayouts(run_id=run.id, count=1, total_minor=1, made_at=clock.now(), **made))


def rows_in(database: Database) -> dict[str, Rows]:
    """Return the rows of each table."""
    with database.writing() as session:  # others keep what was prepared for another version
        names = set(sa.inspect(session.connection()).get_table_names()) - {"alembic_version"}
        tables = {name: session.execute(sa.text(f'SELECT * FROM "{name}"')) for name in names}
        return {name: [*map(dict, rows.mappings())] for name, rows in tables.items()}


def without(left_out: set[str], tables: dict[str, Rows]) -> dict[str, list[str]]:
    """Return what may be compared, in whichever order it stands: all but these tables or columns
    of them."""
    return {
        name: sorted(_told(name, row, left_out) for row in rows)
        for name, rows in tables.items()
        if name not in left_out
    }


def _told(table: str, row: dict[str, object], left_out: set[str]) -> str:
    return str({name: row[name] for name in sorted(row) if f"{table}.{name}" not in left_out})


# When they fail


def test_the_first_one_leaves_nothing_when_it_fails_in_the_middle(empty: Database) -> None:
    with empty.writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE judgments (id INTEGER)")  # in the way
    with pytest.raises(sa.exc.DBAPIError, match="already exists"):
        empty.upgrade()
    assert left_in(empty) == {"judgments"}
    with empty.writer.begin() as connection:
        connection.exec_driver_sql("DROP TABLE judgments")
    empty.upgrade()
    assert work(empty) == 1


BREAKING = """
import sqlalchemy as sa
from alembic import op

revision = "breaking"
down_revision = {head!r}


def upgrade():
    op.add_column("judgments", sa.Column("mood", sa.Text()))
    op.create_table("moods", sa.Column("name", sa.Text(), nullable=False))
    op.execute("INSERT INTO moods VALUES ('fair')")
    op.execute("DROP INDEX ix_judgments_person")
    op.execute("INSERT INTO moods VALUES (NULL)")


def downgrade():
    pass
"""


def test_a_later_one_that_fails_leaves_the_version_before_it_at_work(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(database)
    before = left_in(database)
    folder = shutil.copytree(FOLDER, tmp_path / "migrations")
    folder.joinpath("versions", "breaking.py").write_text(
        BREAKING.format(head=SCRIPTS.get_current_head())
    )
    with monkeypatch.context() as patch:
        patch.setattr(database_module, "_migrations", lambda: folder)
        for _ in range(2):  # and it can be tried again
            with pytest.raises(sa.exc.IntegrityError):
                database.upgrade()
    assert left_in(database) == before
    database.require_current()
    assert work(database) == 2
    with database.reading() as session:
        assert list(audit.faults(session)) == []
        indexes = sa.inspect(session.connection()).get_indexes("judgments")
    assert "ix_judgments_person" in {index["name"] for index in indexes}


# At once

UPGRADE = "import sys; from labeler.database import Database; Database(sys.argv[1]).upgrade()"


def test_programs_that_start_at_once_upgrade_once(empty: Database) -> None:
    address = empty.url.render_as_string(hide_password=False)
    command_line = [sys.executable, "-c", UPGRADE, address]
    started = [subprocess.Popen(command_line, stderr=subprocess.PIPE) for _ in range(3)]
    complaints = [program.communicate(timeout=60)[1] for program in started]
    assert [program.returncode for program in started] == [0, 0, 0], complaints
    empty.require_current()
    assert work(empty) == 1


def test_who_waits_for_another_to_upgrade_waits_as_long_as_it_takes(
    postgresql_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(database_module.POSTGRESQL, "lock_timeout", "100ms")
    monkeypatch.setitem(database_module.POSTGRESQL, "statement_timeout", "100ms")
    database = Database(postgres.create_database(postgresql_server))
    locked = threading.Event()

    def upgrade_slowly() -> None:
        with database.writer.begin() as connection:
            _lock(connection)
            locked.set()
            time.sleep(0.5)

    slow = threading.Thread(target=upgrade_slowly)
    slow.start()
    locked.wait()
    database.upgrade()
    slow.join()
    database.require_current()
    database.close()


def _lock(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7236000)")
