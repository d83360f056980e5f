"""Programs that order releases, follow them and fetch them; nobody but owners' programs may."""

import hashlib
import io
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from exports import publishing
from exports.api.models import Order, ReleasePage, WholeRelease
from exports.checking import verification
from exports.kept import releases
from labeler.database import Database
from labeler.people import accounts
from labeler.people.tokens import Scope
from labeler.work import comparisons
from labeler.work.comparisons import Comparison
from labeler.work.projects import Project
from tests.calling import API, HELPFUL, Caller, make_caller, problem
from tests.exports.ordering import do_jobs
from tests.exports.stories import Said, contents, tell
from tests.serving import lend_app

HOME = f"{HELPFUL}/releases"
RULES: dict[str, Any] = {"min_judgments": 2, "test_share": 0}
VOTES: dict[str, list[Said]] = {f"p{n}": [n % 2, n % 2] for n in range(8)}


@pytest.fixture
def app(address: str, tmp_path: Path) -> Iterator[Flask]:
    with lend_app(address, tmp_path, releases=True) as app:
        tell(app.extensions["labeler.database"], VOTES)
        yield app


@pytest.fixture
def database(app: Flask) -> Database:
    found: Database = app.extensions["labeler.database"]
    return found


@pytest.fixture
def olga(app: Flask) -> Caller:
    return call_as(app, "olga")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the first release lies."""
    return tmp_path / "releases" / "helpful" / "1"


def call_as(app: Flask, name: str, *scopes: Scope) -> Caller:
    """Make a token for somebody."""
    database: Database = app.extensions["labeler.database"]
    with database.reading() as session:
        person = accounts.find(session, f"{name}@example.org")
    return make_caller(app, database, person, *scopes)


def order(caller: Caller, **changes: Any) -> dict[str, Any]:
    """Order a release, under a new key unless it is said."""
    answer = caller.post(HOME, json={"key": str(uuid.uuid4())} | RULES | changes)
    assert answer.status_code == 202, answer.text
    return dict(answer.json or {})


def cut(app: Flask, caller: Caller, **changes: Any) -> str:
    """Order a release and have it cut; return its address."""
    asked = order(caller, **changes)
    do_jobs(app)
    return str((caller.get(asked["next"]).json or {})["next"])


def fetch(caller: Caller, path: str, **headers: str) -> TestResponse:
    """Fetch a file to its end."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return caller.client.get(path, headers=caller.headers | named, buffered=True)


def withdraw_a_comparison(database: Database) -> None:
    """Let something happen after which a release is another one."""
    with database.writing() as session:
        one = session.scalars(sa.select(Comparison).where(Comparison.external_id == "p1")).one()
        olga = accounts.find(session, "olga@example.org")
        comparisons.withdraw(session, one, "It shows a name.", by=olga)
        session.commit()


def test_ordered_followed_listed_fetched_file_by_file_and_verified(
    app: Flask, olga: Caller, tmp_path: Path, folder: Path
) -> None:
    asked = order(olga, formats=["kto", "comparisons"], licence="mit")
    assert (asked["number"], asked["state"], asked["done"]) == (1, "waiting", 0)
    assert asked["criteria"]["licence"] == "mit"
    assert olga.get(asked["next"]).json == asked
    do_jobs(app)
    told = Order.model_validate_json(olga.get(asked["next"]).text, strict=True)
    assert (told.state.value, told.next) == ("done", f"{HOME}/1")
    listed = ReleasePage.model_validate_json(olga.get(HOME).text, strict=True)
    assert [one.formats for one in listed.releases] == [["comparisons", "kto"]]
    assert (listed.releases[0].rows, listed.releases[0].tombstone) == (8, None)
    shown = WholeRelease.model_validate_json(olga.get(told.next).text, strict=True)
    assert dict(listed.releases[0]).items() <= dict(shown).items()
    assert shown.manifest is not None
    assert shown.manifest.counts.formats["kto"].rows == 16
    for file in shown.files:
        answer = fetch(olga, f"{told.next}/files/{file.path}")
        got = tmp_path / "got" / file.path
        got.parent.mkdir(parents=True, exist_ok=True)
        got.write_bytes(answer.data)
        assert (len(answer.data), answer.headers["ETag"]) == (file.bytes, f'"{file.sha256}"')
        assert hashlib.sha256(answer.data).hexdigest() == file.sha256
    assert verification.verify(tmp_path / "got") == []
    assert contents(tmp_path / "got") == contents(folder)
    manifest = hashlib.sha256((tmp_path / "got" / "MANIFEST.json").read_bytes()).hexdigest()
    assert shown.manifest_sha256 == manifest


def test_the_whole_is_fetched_as_the_page_gives_it_and_once(
    app: Flask, olga: Caller, tmp_path: Path, folder: Path
) -> None:
    archive = f"{cut(app, olga)}/archive"
    sent = fetch(olga, archive)
    assert (sent.status_code, sent.mimetype) == (200, "application/zip")
    assert "helpful-release-1.zip" in sent.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(sent.data)) as file:
        file.extractall(tmp_path)
    assert verification.verify(tmp_path / "helpful-release-1") == []
    assert contents(tmp_path / "helpful-release-1") == contents(folder)
    again = fetch(olga, archive, If_None_Match=sent.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    other = fetch(olga, archive, If_None_Match='"other"')
    assert (other.status_code, other.data) == (200, sent.data)


def test_a_file_goes_on_where_it_broke_off(app: Flask, olga: Caller, folder: Path) -> None:
    path = f"{cut(app, olga)}/files/jsonl/dpo-train.jsonl"
    written = (folder / "jsonl" / "dpo-train.jsonl").read_bytes()
    etag = fetch(olga, path).headers["ETag"]
    rest = fetch(olga, path, Range="bytes=100-", If_Range=etag)
    assert (rest.status_code, rest.data) == (206, written[100:])
    assert rest.headers["Content-Range"] == f"bytes 100-{len(written) - 1}/{len(written)}"
    anew = fetch(olga, path, Range="bytes=100-", If_Range='"other"')
    assert (anew.status_code, anew.data) == (200, written)
    problem(fetch(olga, path, Range=f"bytes={len(written)}-"), 416)
    assert fetch(olga, path, If_None_Match=etag).status_code == 304


def test_one_key_is_one_order_whatever_has_happened_since(
    app: Flask, database: Database, olga: Caller
) -> None:
    key = str(uuid.uuid4())
    first = order(olga, key=key)
    assert order(olga, key=key) == first
    other = str(uuid.uuid4())
    assert order(olga, key=other) == first  # nothing has happened: it is the same release
    do_jobs(app)
    withdraw_a_comparison(database)
    for used in (key, other):
        assert order(olga, key=used)["next"] == f"{HOME}/1"
    problem(olga.post(HOME, json={"key": key, "min_margin": 2} | RULES), 409)
    assert order(olga)["number"] == 2
    theirs = order(call_as(app, "root"), key=key)  # a key is its owner's
    assert theirs["number"] == 2


def test_a_key_stands_for_the_judgments_that_the_project_asked_for_then(
    database: Database, olga: Caller
) -> None:
    given = {"key": str(uuid.uuid4()), "test_share": 0}
    first = olga.post(HOME, json=given).json
    with database.writing() as session:
        session.execute(sa.update(Project).values(judgments_per_comparison=1))
        session.commit()
    assert olga.post(HOME, json=given).json == first


def test_rules_that_make_no_sense_are_named(olga: Caller) -> None:
    odd = {"min_margin": 0, "formats": ["csv"], "languages": ["english!"], "colour": "blue"}
    fields = problem(olga.post(HOME, json=odd), 422)["fields"]
    named = {name.partition(".")[0] for name in fields}
    assert named == {"key", "min_margin", "formats", "languages", "colour"}
    for rule, wrong in (("batches", ["no"]), ("since", "yesterday"), ("free_text", "yes")):
        given = {"key": str(uuid.uuid4()), rule: wrong}
        assert set(problem(olga.post(HOME, json=given), 422)["fields"]) == {rule}
    given = {"key": str(uuid.uuid4()), "languages": ["sw"]}
    assert "nothing to release" in problem(olga.post(HOME, json=given), 422)["message"]


def test_every_rule_is_taken_as_toml_takes_it(olga: Caller) -> None:
    rules = {
        "formats": ["kto", "sft"],
        "aggregation": "one_coin",
        "min_margin": 2,
        "min_agreement": 0.6,
        "min_posterior": 0.55,
        "ranking_pairs": "top",
        "languages": ["en"],
        "batches": ["pairs"],
        "guidelines": [1],
        "since": "2020-01-01",
        "until": "2099-12-31",
        "max_tokens": 900,
        "free_text": True,
        "held_back": "Agreed with their makers.",
        "test_share": 0.125,
        "licence": "mit",
        "min_judgments": 1,
    }
    assert order(olga, **rules)["criteria"] == rules


def test_what_is_stopped_is_not_cut(app: Flask, olga: Caller, folder: Path) -> None:
    asked = order(olga)
    for _ in range(2):
        stopped = olga.post(f"{asked['next']}/stop")
        assert (stopped.status_code, (stopped.json or {})["state"]) == (200, "cancelled")
    do_jobs(app)
    assert not folder.exists()
    cut(app, olga)
    problem(olga.post(f"{HOME}/orders/{asked['id'] + 1}/stop"), 409)


def test_what_fails_says_why(app: Flask, olga: Caller, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("Mine.")
    asked = order(olga)
    do_jobs(app)
    told = dict(olga.get(asked["next"]).json or {})
    assert (told["state"], told["next"]) == ("failed", asked["next"])
    assert "There is something at" in told["why"]


def test_pages_of_releases(app: Flask, olga: Caller) -> None:
    for licence in ("mit", "cc0-1.0", "other"):
        cut(app, olga, licence=licence)
    found, after = [], 0
    while after is not None:
        page = dict(olga.get(f"{HOME}?limit=2&after={after}").json or {})
        found.append([release["number"] for release in page["releases"]])
        after = page["next"]
    assert found == [[1, 2], [3]]


def test_a_withdrawn_release_has_a_tombstone_and_no_files(
    app: Flask, database: Database, olga: Caller, tmp_path: Path
) -> None:
    home = cut(app, olga)
    file = dict(olga.get(home).json or {})["files"][-1]["path"]
    with database.writing() as session:
        release = releases.find(session, session.scalars(sa.select(Project)).one(), 1)
        by = accounts.find(session, "olga@example.org")
        publishing.withdraw(session, release, "It names somebody.", by=by)
        session.commit()
    publishing.bury(release, "helpful", tmp_path)
    shown = dict(olga.get(home).json or {})
    assert (shown["state"], shown["manifest"], shown["files"]) == ("withdrawn", None, [])
    assert shown["tombstone"]["because"] == "It names somebody."
    assert dict(olga.get(HOME).json or {})["releases"][0]["tombstone"] == shown["tombstone"]
    for path in (f"files/{file}", "files/MANIFEST.json", "files/TOMBSTONE.json", "archive"):
        problem(olga.get(f"{home}/{path}"), 404)


def test_what_was_changed_is_not_given_out(app: Flask, olga: Caller, folder: Path) -> None:
    home = cut(app, olga)
    lines, path = folder / "jsonl" / "dpo-train.jsonl", f"{home}/files/jsonl/dpo-train.jsonl"
    written = lines.read_bytes()
    assert fetch(olga, path).status_code == 200
    lines.write_bytes(written.replace(b"model-x", b"model-z"))
    for there in (path, f"{home}/archive"):
        assert "changed" in problem(olga.get(there), 404)["message"]
    assert fetch(olga, f"{home}/files/README.md").status_code == 200
    lines.write_bytes(written)
    assert fetch(olga, path).data == written
    manifest = folder / "MANIFEST.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"model-x", b"model-z") + b" ")
    problem(olga.get(path), 404)
    assert dict(olga.get(home).json or {})["manifest"] is None


def test_what_is_not_there_is_not_found(app: Flask, olga: Caller) -> None:
    home = cut(app, olga)
    for number in (0, 7, 2**31, 2**63 - 1):
        for path in (f"{HOME}/{number}", f"{HOME}/{number}/archive", f"{HOME}/orders/{number}"):
            problem(olga.get(path), 404)
    for path in ("nothing", "jsonl", "../1/MANIFEST.json", "%2e%2e/1/README.md", "README.md/"):
        problem(olga.get(f"{home}/files/{path}"), 404)
    assert olga.post(f"{API}/projects", json={"title": "Other"}).status_code == 201
    for path in ("1", "1/archive", "1/files/README.md", "orders/1"):
        problem(olga.get(f"{API}/projects/other/releases/{path}"), 404)
    problem(olga.post(f"{API}/projects/other/releases/orders/1/stop"), 404)


@pytest.mark.parametrize(("name", "status"), [("rex", 403), ("ada", 403), ("mallory", 404)])
def test_nobody_but_owners_gets_anything(app: Flask, olga: Caller, name: str, status: int) -> None:
    home, other = cut(app, olga), call_as(app, name)
    for path in (HOME, home, f"{home}/archive", f"{home}/files/README.md", f"{HOME}/orders/1"):
        problem(other.get(path), status)
    problem(other.post(HOME, json={"key": str(uuid.uuid4())}), status)
    problem(other.post(f"{HOME}/orders/1/stop"), status)


def test_a_token_that_only_reads_orders_nothing(app: Flask, olga: Caller) -> None:
    home = cut(app, olga)
    reads, manages = (call_as(app, "olga", scope) for scope in (Scope.read, Scope.manage))
    assert fetch(reads, f"{home}/archive").status_code == 200
    for answer in (reads.post(HOME, json={}), reads.post(f"{HOME}/orders/1/stop")):
        assert "manage" in problem(answer, 403)["message"]
    assert order(manages, licence="mit")["number"] == 2
    for path in (HOME, home, f"{home}/archive", f"{home}/files/README.md"):
        problem(manages.get(path), 403)


def test_what_takes_a_person_is_not_there(app: Flask, olga: Caller) -> None:
    home = cut(app, olga)
    for act in ("publish", "withdraw"):
        problem(olga.post(f"{home}/{act}", json={"reason": "No."}), 404)
    assert dict(olga.get(home).json or {})["state"] == "cut"
