"""An owner reads the reasons that are held, decides, and may think again."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from exports.kept.clearances import Clearance, Fate
from labeler.database import Database
from tests.exports.ordering import HOME
from tests.exports.test_clearances import tell
from tests.serving import lend_app
from tests.visits import Visit

HELD = f"{HOME}/held"
MARKED = re.compile(r"<mark>(.*?)</mark> <bdi class=\"tag\">(.*?)</bdi>")


@pytest.fixture
def app(address: str, tmp_path: Path) -> Iterator[Flask]:
    with lend_app(address, tmp_path, releases=True) as app:
        tell(app.extensions["labeler.database"])
        yield app


def field_of(page: str, text: str) -> str:
    """Return the name of the field that decides about the text."""
    after = page.partition(text)[2]
    found = re.search(r'name="(reason-\d+)"', after)
    assert found is not None
    return found[1]


def test_reading_deciding_and_thinking_again(app: Flask) -> None:
    olga = Visit(app).arrive("olga@example.org")
    asked = f"{HOME}?min_judgments=1&test_percent=0&free_text=1"
    assert "3 reasons hold what looks like personal data" in olga.get(asked).text
    page = olga.get(HELD).text
    assert sorted(MARKED.findall(page)) == [
        ("06 12 34 56 78", "telephone number"),
        ("@rosa_b", "name of an account"),
        ("rosa@example.org", "e-mail address"),
    ]
    phone, mail = field_of(page, "06 12"), field_of(page, "rosa@")
    assert olga.post(HELD, **{phone: "", mail: ""}).location == HELD
    assert "Nothing was chosen." in olga.get(HELD).text
    odd = olga.post(HELD, **{phone: "published", mail: "let_go"})
    assert (odd.status_code, f'id="{phone}-fault"' in odd.text) == (422, True)
    assert olga.post(HELD, **{"reason-999999": "let_go"}).status_code == 404
    assert olga.post(HELD, **{phone: "let_go", mail: "kept_out"}).location == HELD
    assert [what for _, what in MARKED.findall(olga.get(HELD).text)] == ["name of an account"]
    assert "1 reason holds" in olga.get(asked).text
    decided = olga.get(f"{HELD}/decided").text
    assert {text for text, _ in MARKED.findall(decided)} == {"06 12 34 56 78", "rosa@example.org"}
    assert decided.count("Keep it out") == decided.count("Let it go out") == 1
    assert olga.post(HELD, decided="1", **{phone: "kept_out"}).location == f"{HELD}/decided"
    assert olga.get(f"{HELD}/decided").text.count("Let it go out") == 2
    database: Database = app.extensions["labeler.database"]
    with database.reading() as session:
        of_phone = sa.select(Clearance.fate).where(Clearance.judgment_id == int(phone[7:]))
        fates = session.scalars(of_phone.order_by(Clearance.id)).all()
    assert fates == [Fate.let_go, Fate.kept_out]
