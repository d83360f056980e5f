"""Loading comparisons from a page: the good way, faults by line, large files."""

import gzip
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from labeler.work.batches import Batch, BatchState
from labeler.work.comparisons import Comparison
from labeler.work.layouts import Layout
from tests.labeler.web.conftest import HELPFUL, HOSTILE, Site
from tests.make import load_rows, make_row
from tests.visits import Visit

BATCHES = f"{HELPFUL}/batches"


def record(name: str, **changes: Any) -> dict[str, Any]:
    given = {
        "id": name,
        "prompt": "What keeps rice fresh?",
        "responses": [{"text": "A lid.", "model": "x"}, {"text": "A cold place.", "model": "y"}],
    }
    return given | changes


def upload(
    visit: Visit, rows: Sequence[dict[str, Any]], name: str = "pairs.jsonl", **fields: str
) -> TestResponse:
    """Send rows as a file, from the page for it."""
    data = "\n".join(json.dumps(row) for row in rows).encode()
    if name.endswith(".gz"):
        data = gzip.compress(data)
    visit.get(BATCHES)
    return visit.post(BATCHES, file=(io.BytesIO(data), name), layout="auto", language="", **fields)


def count(site: Site) -> int:
    """Return how many comparisons there are beyond those of the beginning."""
    with site.database.reading() as session:
        return (session.scalar(sa.select(sa.func.count()).select_from(Comparison)) or 0) - 4


@pytest.mark.parametrize("name", ["pairs.jsonl", "PAIRS.JSONL", "pairs.jsonl.gz"])
def test_a_file_is_loaded(site: Site, name: str) -> None:
    olga = site.visit("olga")
    loaded = upload(olga, [record("one"), record("two")], name)
    assert loaded.location == BATCHES
    page = olga.get(BATCHES).text
    assert "2 comparisons are loaded." in page
    assert name in page
    assert count(site) == 2


def test_the_layout_of_transcripts(site: Site) -> None:
    olga = site.visit("olga")
    talk = "\n\nHuman: Hello\n\nAssistant: "
    row = {"chosen": f"{talk}Welcome.", "rejected": f"{talk}Go away."}
    assert upload(olga, [row], known_answers="1").status_code == 302
    with site.database.reading() as session:
        assert session.scalars(sa.select(Comparison.is_gold).order_by(Comparison.id)).all()[-1]


def test_a_public_dataset_is_chosen_on_the_page(site: Site) -> None:
    olga = site.visit("olga")
    page = olga.get(BATCHES).text
    assert all(f'<option value="{layout.value}"' in page for layout in Layout)
    turns = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]
    battle = {
        "question_id": "q1",
        "winner": "tie (bothbad)",
        "conversation_a": turns,
        "conversation_b": [turns[0], {"role": "assistant", "content": "5"}],
    }
    assert upload(olga, [battle]).status_code == 302
    with site.database.reading() as session:
        last = session.scalars(sa.select(Comparison).order_by(Comparison.id)).all()[-1]
        assert last.details == {"label": {"verdict": "both_bad"}}


def test_faults_name_their_line_and_nothing_is_loaded(site: Site) -> None:
    olga = site.visit("olga")
    bad = record("two", prompt="")
    refused = upload(olga, [record("one"), bad, record("one")])
    assert refused.status_code == 422
    assert "Nothing was loaded" in refused.text
    assert "line 2, prompt:" in refused.text
    assert "line 3, id:" in refused.text
    assert count(site) == 0


def test_bad_rows_can_be_left_out(site: Site) -> None:
    olga = site.visit("olga")
    loaded = upload(olga, [record("one"), record("two", prompt="")], skip_bad="1")
    assert loaded.status_code == 200
    assert "1 comparison is loaded. 1 row was left out." in loaded.text
    assert "line 2, prompt:</b> " in loaded.text
    assert count(site) == 1


def test_rows_that_were_left_out_are_there_to_be_mended(site: Site) -> None:
    olga, bad = site.visit("olga"), record("two", prompt="")
    upload(olga, [record("zero")], "whole.jsonl")
    loaded = upload(olga, [record("one"), bad], "some.jsonl.gz", skip_bad="1").text
    (address,) = set(re.findall(r'href="([^"]+/refused)"', loaded))
    assert set(re.findall(r'href="([^"]+/refused)"', olga.get(BATCHES).text)) == {address}
    got = olga.get(address)
    disposition = "attachment; filename=some.jsonl.gz.refused.jsonl"
    assert got.headers["Content-Disposition"] == disposition
    row = json.loads(got.text)
    got.close()
    assert (row["line"], row["field"], json.loads(row["text"])) == (2, "prompt", bad)
    assert site.visit("rex").get(address).status_code == 403
    assert site.visit("mallory").get(address).status_code == 404


def test_a_batch_is_loaded_even_if_its_refused_rows_cannot_be_kept(
    site: Site, tmp_path: Path
) -> None:
    (tmp_path / "refused").write_text("a file where the folder should be")
    olga = site.visit("olga")
    loaded = upload(olga, [record("one"), record("two", prompt="")], skip_bad="1")
    assert "1 comparison is loaded. 1 row was left out." in loaded.text
    assert "/refused" not in loaded.text
    assert count(site) == 1


def test_the_first_of_many_rows_left_out_are_named(site: Site) -> None:
    rows = [record("one"), *(record(f"bad-{n}", prompt="") for n in range(30))]
    page = upload(site.visit("olga"), [*rows, record(HOSTILE), record(HOSTILE)], skip_bad="1").text
    assert "31 rows were left out." in page
    assert "line 21, prompt:" in page
    assert "line 22, prompt:" not in page
    hostile = upload(
        site.visit("olga"), [record("two"), record(HOSTILE), record(HOSTILE)], skip_bad="1"
    )
    assert HOSTILE not in hostile.text


def test_nothing_stays_behind_on_disk(site: Site, tmp_path: Path) -> None:
    olga = site.visit("olga")
    upload(olga, [record("one")])
    upload(olga, [record("one", prompt="")])
    assert list((tmp_path / "uploads").iterdir()) == []


def test_the_same_file_is_loaded_once(site: Site) -> None:
    olga = site.visit("olga")
    assert upload(olga, [record("one")]).status_code == 302
    again = upload(olga, [record("one")], "other-name.jsonl")
    assert again.status_code == 409
    assert "This file was loaded before, as pairs.jsonl" in again.text
    assert count(site) == 1


def test_a_file_larger_than_any_other_form_may_be(site: Site) -> None:
    olga = site.visit("olga")
    text = "word " * 20_000
    rows = [record(f"long-{n}", prompt=f"{n} {text}") for n in range(30)]
    data = "\n".join(json.dumps(row) for row in rows).encode()
    assert len(data) > site.app.config["MAX_CONTENT_LENGTH"]
    olga.get(BATCHES)
    assert send(olga, data).status_code == 302
    assert count(site) == 30
    nobody = Visit(site.app)
    nobody.get("/sign-in")
    assert send(nobody, data).status_code == 413


def send(visit: Visit, data: bytes) -> TestResponse:
    """Send a file without leaving it open, as the client does with large ones."""
    file = FileStorage(io.BytesIO(data), "long.jsonl")
    given = {"csrf_token": visit.token, "layout": "auto", "language": "", "file": file}
    boundary, body = encode_multipart(given)
    kind = f"multipart/form-data; boundary={boundary}"
    return visit.client.post(BATCHES, data=body, content_type=kind)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({}, "Please choose a file."),
        ({"file": (io.BytesIO(b""), "")}, "Please choose a file."),
        ({"file": (io.BytesIO(b"{}"), "pairs.xlsx")}, "The name of the file must end in"),
        ({"file": (io.BytesIO(b""), "pairs.jsonl")}, "The file is empty."),
        ({"file": (io.BytesIO(b"{}"), "a.jsonl"), "layout": "odd"}, "Please choose one of these: "),
        ({"file": (io.BytesIO(b"{}"), "a.jsonl"), "language": "not one"}, "language"),
    ],
)
def test_refusals_in_words(site: Site, fields: dict[str, Any], fault: str) -> None:
    olga = site.visit("olga")
    olga.get(BATCHES)
    sent = {
        name: (io.BytesIO(value[0].getvalue()), value[1]) if isinstance(value, tuple) else value
        for name, value in fields.items()
    }
    refused = olga.post(BATCHES, **({"layout": "auto", "language": ""} | sent))
    assert refused.status_code == 422
    assert fault in refused.text
    assert count(site) == 0


@pytest.mark.parametrize(("name", "status"), [("rex", 403), ("ada", 403), ("mallory", 404)])
def test_only_owners_load(site: Site, name: str, status: int) -> None:
    visit = site.visit(name)
    data = json.dumps(record("one")).encode()
    sent = visit.post(BATCHES, file=(io.BytesIO(data), "pairs.jsonl"), layout="auto", language="")
    assert sent.status_code == status
    assert count(site) == 0


def test_a_hostile_name_of_a_file_is_text(site: Site) -> None:
    olga = site.visit("olga")
    name = HOSTILE.replace("/", "").replace('"', "") + ".jsonl"
    assert upload(olga, [record("one")], name).status_code == 302
    page = olga.get(BATCHES).text
    assert "<b onclick" not in page
    assert "&lt;b onclick" in page


def test_no_name_of_a_file_ends_the_line_that_it_stands_in(site: Site) -> None:
    olga = site.visit("olga")
    olga.get(BATCHES)
    rows = "\n".join(json.dumps(row) for row in (record("one"), record("two", prompt="")))
    said = "filename*=UTF-8''a%0D%0AX-Evil%3A%201.jsonl"
    head = f'--x\r\nContent-Disposition: form-data; name="file"; {said}\r\n\r\n{rows}\r\n'
    token = f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{olga.token}\r\n'
    skip = '--x\r\nContent-Disposition: form-data; name="skip_bad"\r\n\r\n1\r\n--x--'
    sent = olga.client.post(
        BATCHES, data=head + token + skip, content_type="multipart/form-data; boundary=x"
    )
    assert sent.status_code == 200, sent.text
    (address,) = set(re.findall(r'href="([^"]+/refused)"', sent.text))
    with olga.client.get(address) as got:
        assert got.status_code == 200
        assert "X-Evil" not in got.headers


GIVEN = {"priority": "5", "cohorts": "experts, night", "most_per_person": "50", "judgments": "4"}


def address_of_the_batch(site: Site) -> str:
    with site.database.reading() as session:
        return f"{BATCHES}/{session.scalars(sa.select(Batch.id)).one()}"


def test_an_owner_arranges_a_batch(site: Site) -> None:
    olga, batch = site.visit("olga"), address_of_the_batch(site)
    page = olga.get(BATCHES).text
    assert f'href="{batch}"' in page
    assert "2 judgments each" in page
    assert "priority" not in page
    assert 'value="2"' in olga.get(batch).text
    assert olga.post(batch, **GIVEN).location == BATCHES
    page = olga.get(BATCHES).text
    arranged = "4 judgments each · priority 5 · only for experts, night · 50 for one person at most"
    assert arranged in page
    form = olga.get(batch).text
    for value in ("5", "experts night", "50", "4"):
        assert f'value="{value}"' in form
    empty = {"priority": "0", "cohorts": " ", "most_per_person": "", "judgments": ""}
    assert olga.post(batch, **empty).location == BATCHES
    page = olga.get(BATCHES).text
    assert "4 judgments each" in page
    assert "for one person" not in page


def test_an_arrangement_with_a_fault_is_given_back(site: Site) -> None:
    olga, batch = site.visit("olga"), address_of_the_batch(site)
    olga.get(batch)
    for field, value in (
        ("priority", "high"),
        ("priority", ""),
        ("cohorts", "a/b"),
        ("most_per_person", "0"),
        ("judgments", "101"),
    ):
        refused = olga.post(batch, **(GIVEN | {field: value}))
        assert refused.status_code == 422
        assert f'id="{field}-fault"' in refused.text
        assert f'value="{value}"' in refused.text
        assert f'value="{GIVEN["cohorts"]}"' in refused.text or field == "cohorts"
    assert "priority" not in olga.get(BATCHES).text
    assert olga.get(f"{BATCHES}/999").status_code == 404
    for name, status in (("rex", 403), ("ada", 403), ("mallory", 404)):
        assert site.visit(name).get(batch).status_code == status
        assert site.visit(name).post(batch, **GIVEN).status_code == status


def test_a_batch_that_is_being_loaded_is_not_asked_for_more(site: Site) -> None:
    olga, batch = site.visit("olga"), address_of_the_batch(site)
    olga.get(batch)
    with site.writing() as (session, _):
        session.execute(sa.update(Batch).values(state=BatchState.loading))
    assert olga.post(batch, **GIVEN).status_code == 409
    assert "still being loaded" in olga.get(batch).text
    assert olga.post(batch, **(GIVEN | {"judgments": ""})).location == BATCHES


def test_a_batch_of_known_answers_is_not_asked_for_more(site: Site) -> None:
    with site.writing() as (session, project):
        rows = [make_row(9, id="known", gold=0)]
        number = load_rows(session, project, rows, by=site.people.olga, name="known").id
    olga = site.visit("olga")
    assert 'name="judgments"' not in olga.get(f"{BATCHES}/{number}").text
    given = {name: value for name, value in GIVEN.items() if name != "judgments"}
    assert olga.post(f"{BATCHES}/{number}", **given).location == BATCHES
