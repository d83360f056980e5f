"""An owner's pages: counting, cutting, looking, downloading; nobody else gets in."""

import html
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask

from exports.checking import verification
from exports.choosing import criteria
from exports.choosing.criteria import Criteria
from exports.files import manifests, writing
from exports.files.tallies import Written
from labeler.database import Database
from labeler.people.accounts import Person
from labeler.work.projects import Project
from tests.exports.ordering import HOME, RULES, cut
from tests.exports.stories import Said, contents, tell
from tests.make import load_rows, make_row
from tests.serving import lend_app
from tests.visits import Visit

VOTES: dict[str, list[Said]] = {f"p{n}": [n % 2, n % 2] for n in range(8)} | {
    "t": ["tie", 0],
    "s": [0, 1],
}


@pytest.fixture
def app(address: str, tmp_path: Path) -> Iterator[Flask]:
    with lend_app(address, tmp_path, releases=True) as app:
        tell(app.extensions["labeler.database"], VOTES)
        yield app


@pytest.fixture
def olga(app: Flask) -> Visit:
    return Visit(app).arrive("olga@example.org")


def counts(page: str) -> list[str]:
    return re.findall(r'<span class="count">([^<]*)</span>', page)


def test_counting_before_cutting(olga: Visit) -> None:
    assert counts(olga.get(HOME).text) == ["10", "−1", "−1", "8"]
    stricter = olga.get(f"{HOME}?min_judgments=3").text
    assert counts(stricter) == ["10", "−10", "0"]
    assert "There is nothing to release yet" in stricter


def test_rules_that_make_no_sense_are_marked(olga: Visit) -> None:
    answer = olga.get(f"{HOME}?agreement_percent=lots&min_margin=0")
    assert answer.status_code == 422
    assert 'id="agreement_percent-fault"' in answer.text
    assert 'id="min_margin-fault"' in answer.text
    assert 'value="lots"' in answer.text


def test_rules_that_do_not_go_together_are_marked(olga: Visit) -> None:
    answer = olga.get(f"{HOME}?since=2026-11-24&until=2026-11-23&guidelines=1+x&aggregation=odd")
    assert answer.status_code == 422
    for name in ("guidelines", "aggregation"):
        assert f'id="{name}-fault"' in answer.text
    assert "This must be a whole number." in answer.text
    period = olga.get(f"{HOME}?since=2026-11-24&until=2026-11-23")
    assert (period.status_code, 'id="until-fault"' in period.text) == (422, True)
    assert "The period ends before it begins" in period.text


def test_every_rule_on_the_page_is_in_the_manifest(app: Flask, olga: Visit, tmp_path: Path) -> None:
    with app.extensions["labeler.database"].writing() as session:
        project = session.scalars(sa.select(Project)).one()
        admin = session.scalars(sa.select(Person).where(Person.is_admin)).first()
        load_rows(session, project, [make_row(99)], by=admin, name="other, one")
        session.commit()
    rules = {
        "formats": ["kto", "sft"],
        "min_judgments": "1",
        "aggregation": "one_coin",
        "min_margin": "2",
        "agreement_percent": "60",
        "posterior_percent": "55",
        "ranking_pairs": "top",
        "languages": "en, sw",
        "batches": "pairs\r\n other, one \r\n",
        "guidelines": "1 2",
        "since": "2020-01-01",
        "until": "2099-12-31",
        "max_tokens": "900",
        "free_text": "1",
        "held_back": "Agreed with their makers.",
        "test_percent": "12.5",
        "licence": "mit",
    }
    seen = olga.get(f"{HOME}?{urlencode(rules, doseq=True)}").text
    assert "labeler release cut --rules" in seen
    assert cut(olga, **rules) == f"{HOME}/1"
    said = manifests.read(tmp_path / "releases" / "helpful" / "1").criteria
    assert said == Criteria(
        formats=("kto", "sft"),
        min_judgments=1,
        aggregation="one_coin",
        min_margin=2,
        min_agreement=0.6,
        min_posterior=0.55,
        ranking_pairs="top",
        languages=("en", "sw"),
        batches=("pairs", "other, one"),
        guidelines=(1, 2),
        since=date(2020, 1, 1),
        until=date(2099, 12, 31),
        max_tokens=900,
        free_text=True,
        held_back="Agreed with their makers.",
        test_share=0.125,
        licence="mit",
    )
    for page in (seen, olga.get(f"{HOME}/1").text):
        assert criteria.toml(said) in html.unescape(page)


def test_rows_are_shown_as_they_would_be_and_were_written(olga: Visit) -> None:
    asked = f"{HOME}?formats=kto&formats=openai&test_percent=0"
    before = olga.get(asked).text
    assert ("kto</span>: 16 rows" in before, "openai</span>: 8 rows" in before) == (True, True)
    assert before.count("preferred_output") == 2 * 3  # of three rows, with the other output
    assert "s</span>: People disagree" in before
    cut(olga, formats=["kto", "openai"], test_percent="0")
    after = olga.get(f"{HOME}/1").text
    assert after.count("preferred_output") == 2 * 3
    assert '<th scope="row" translate="no">kto</th><td class="n">16</td>' in after


def test_cut_look_and_download(olga: Visit, tmp_path: Path) -> None:
    olga.get(f"{HOME}?test_percent=0")
    assert cut(olga) == f"{HOME}/1"
    page = olga.get(f"{HOME}/1").text
    assert "8 comparisons with a better answer." in page
    assert page.count('class="dpo"') == 3
    assert page.count("English") > 3  # of each row, and of all
    assert "<h3>Helpful answers</h3>" in page  # the card, as it reads
    assert "pretty_name" not in page
    assert counts(page) == ["10", "−1", "−1", "8"]
    sent = olga.get(f"{HOME}/1/download")
    assert sent.headers["Content-Disposition"] == 'attachment; filename="helpful-release-1.zip"'
    with zipfile.ZipFile(io.BytesIO(sent.data)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "got")
    got = tmp_path / "got" / "helpful-release-1"
    assert verification.verify(got) == []
    assert contents(got) == contents(tmp_path / "releases" / "helpful" / "1")
    assert olga.get(f"{HOME}/1/download").data == sent.data


def test_cutting_twice_is_one_release(olga: Visit) -> None:
    assert cut(olga) == f"{HOME}/1"
    assert olga.post(HOME, **RULES).location == f"{HOME}/1"
    assert "Nothing has changed since release 1: this is it." in olga.get(HOME).text
    assert olga.get(HOME).text.count(f'href="{HOME}/1"') == 1
    assert cut(olga, min_judgments="1") == f"{HOME}/2"


def test_files_that_are_gone_or_changed_are_not_offered(olga: Visit, tmp_path: Path) -> None:
    cut(olga)
    folder = tmp_path / "releases" / "helpful" / "1"
    folder.rename(tmp_path / "away")
    assert "labeler release again helpful 1" in olga.get(f"{HOME}/1").text
    assert olga.get(f"{HOME}/1/download").status_code == 404
    cut(olga)
    assert contents(folder) == contents(tmp_path / "away")


def test_one_file_that_was_changed_is_noticed(olga: Visit, tmp_path: Path) -> None:
    cut(olga)
    lines = tmp_path / "releases" / "helpful" / "1" / "jsonl" / "dpo-train.jsonl"
    lines.write_bytes(lines.read_bytes().replace(b"model-x", b"model-z"))
    assert olga.get(f"{HOME}/1/download").status_code == 404
    lines.unlink()
    page = olga.get(f"{HOME}/1")
    assert (page.status_code, "labeler release again helpful 1" in page.text) == (200, True)


def test_nothing_to_release_is_said_and_the_form_comes_back(olga: Visit) -> None:
    olga.get(HOME)
    answer = olga.post(HOME, languages="sw")
    assert answer.status_code == 422
    assert "There is nothing to release" in answer.text
    assert 'name="languages" type="text" value="sw"' in answer.text
    assert counts(answer.text)[-1] == "0"


def test_a_cut_by_rules_that_make_no_sense_gives_the_form_back(olga: Visit) -> None:
    olga.get(HOME)
    answer = olga.post(HOME, agreement_percent="lots", min_margin="2", languages="english")
    assert answer.status_code == 422
    assert 'id="agreement_percent-fault"' in answer.text
    assert 'value="lots"' in answer.text
    assert 'name="min_margin" type="number" value="2"' in answer.text
    assert 'id="languages-fault"' in answer.text


def test_others_write_while_files_are_made(
    app: Flask, olga: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    database: Database = app.extensions["labeler.database"]
    held: list[int] = []
    finish = writing.Writers.finish

    def notice(writers: writing.Writers) -> list[Written]:
        pools = database.writer.pool, database.reader.pool
        held.extend(pool.checkedout() for pool in pools)  # type: ignore[attr-defined]
        with database.writing() as session:
            session.execute(sa.update(Project).values(title="Renamed meanwhile"))
            session.commit()
        return finish(writers)

    monkeypatch.setattr(writing.Writers, "finish", notice)
    assert cut(olga) == f"{HOME}/1"
    assert set(held) == {0}
    assert "Renamed meanwhile" in olga.get(HOME).text


@pytest.mark.parametrize(
    ("email", "status"),
    [("rex@example.org", 403), ("ada@example.org", 403), ("mallory@example.org", 404)],
)
def test_nobody_but_owners_gets_in(app: Flask, olga: Visit, email: str, status: int) -> None:
    cut(olga)
    visit = Visit(app).arrive(email)
    for path in (HOME, f"{HOME}/1", f"{HOME}/1/download", f"{HOME}/orders/1"):
        assert visit.get(path).status_code == status
    assert visit.post(HOME, **RULES).status_code == status


def test_a_stranger_is_asked_to_sign_in(app: Flask) -> None:
    assert "/sign-in" in Visit(app).get(HOME).location


def test_what_is_not_there_is_not_found(olga: Visit) -> None:
    for number in (7, 10**15):
        assert olga.get(f"{HOME}/{number}").status_code == 404
        assert olga.get(f"{HOME}/orders/{number}").status_code == 404
    assert olga.get("/projects/other/releases").status_code == 404
