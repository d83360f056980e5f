"""Guests of a chat: how they come in, that nothing else is open to them, and the rules for them."""

import html
import io
import re
import zipfile

import pytest
import sqlalchemy as sa
from werkzeug.routing import Rule

from labeler.pay.ledger import Transfer
from labeler.people.accounts import Person
from labeler.web import guests
from labeler.work.judgments import Judgment
from tests import chats
from tests.labeler.web.conftest import HELPFUL, Site
from tests.labeler.web.test_chat import CHAT, Room, begin, press, seen, vote, write
from tests.visits import Visit

RULES = f"{CHAT}/rules"
LINK = re.compile(r"http://labeler\.test(/visit/[\w-]+)")
FORM = {
    "manner": "better",
    "most_turns": "4",
    "further": "1",
    "models.gull": "1",
    "models.heron": "1",
}
LIMITS = {"visitors": "1", "per_visitor": "1", "per_day": "5"}
FILLED = {
    "slug": "helpful",
    "secret": "x",
    "ticket": "x",
    "filename": "labeler.css",
    "layout": "csv",
    "kind": "sides",
    "name": "matrix.csv",
}


@pytest.fixture
def room(site: Site) -> Room:
    """A chat that lets guests in."""
    with site.writing() as (session, project):
        chats.add_models(session)
        limits = {"per_visitor": 1, "per_day": 5}
        chats.open_chat(session, project, by=site.people.olga, visitors=limits)
    return Room(site)


def link_of(room: Room) -> str:
    """Have Olga make a link; return its path."""
    olga = room.site.visit("olga")
    olga.get(RULES)
    page = olga.post(f"{CHAT}/links", label="For the fair", days="3")
    found = LINK.search(html.unescape(page.text))
    assert found is not None
    assert found[1] not in olga.get(RULES).text
    return found[1]


def enter(room: Room) -> Visit:
    """Come by a link."""
    link, guest = link_of(room), Visit(room.site.app)
    page = guest.get(link)
    for words in ("labeler.test", "published dataset", "not paid", "Helpful answers"):
        assert words in page.text
    assert guest.post(link).location == CHAT
    return guest


def test_a_guest_chats_and_is_not_paid(room: Room) -> None:
    guest = enter(room)
    chat = begin(guest)
    write(guest, chat, "Why does bread rise?")
    room.answer()
    page = guest.get(chat)
    assert len(seen(page)) == 2
    assert "data-clock" not in page.text
    vote(guest, "2")
    guest.get(chat)
    press(guest, "End the conversation")
    guest.get(chat)
    press(guest, "Show who answered")
    assert "Gull-Large-9" in guest.get(chat).text
    guest.get(CHAT)
    assert guest.post(CHAT, language="en").status_code == 409
    with room.site.database.reading() as session:
        [said] = session.scalars(sa.select(Judgment))
        assert not session.scalars(sa.select(Transfer).where(Transfer.judgment_id == said.id)).all()


def test_nothing_but_the_chat_is_open_to_a_guest(room: Room) -> None:
    guest = enter(room)
    begin(guest)
    assert guest.get("/").location == CHAT
    rules = [rule for rule in room.site.app.url_map.iter_rules() if rule.endpoint != "work.home"]
    assert {rule.endpoint for rule in rules} > guests.OPEN
    asked = {(rule.endpoint, method): _ask(guest, rule, method) for rule, method in _all(rules)}
    let_in = {endpoint for (endpoint, _), status in asked.items() if status != 403}
    by_program = {endpoint for endpoint in let_in if endpoint.startswith("api.")}
    assert let_in - by_program == guests.OPEN
    stranger = Visit(room.site.app)
    for rule, method in _all([rule for rule in rules if rule.endpoint in by_program]):
        assert asked[rule.endpoint, method] == _ask(stranger, rule, method)


def _all(rules: list[Rule]) -> list[tuple[Rule, str]]:
    # Signing out comes last: nobody is a guest any more then.
    ordered = sorted(rules, key=lambda rule: rule.endpoint == "sessions.sign_out")
    methods = ("GET", "POST", "PUT", "PATCH", "DELETE")
    return [(rule, each) for rule in ordered for each in methods if each in (rule.methods or ())]


def _ask(guest: Visit, rule: Rule, method: str) -> int:
    filled = {name: FILLED.get(name, 1) for name in rule.arguments}
    path = guest.app.url_map.bind("").build(rule.endpoint, filled, method=method)
    sent = {"csrf_token": guest.token} if method == "POST" else None
    with guest.client.open(path, method=method, data=sent) as answer:
        return answer.status_code


def test_a_guests_pages_lead_nowhere_else(room: Room) -> None:
    guest = enter(room)
    chat = begin(guest)
    for page in map(guest.get, (CHAT, chat, "/account", "/my-data")):
        adapter = room.site.app.url_map.bind("")
        for address in re.findall(r'(?:href|action)="(/[^"#?]*)', page.text):
            method = "POST" if f'method="post" action="{address}"' in page.text else "GET"
            assert adapter.match(address, method=method)[0] in guests.OPEN | {"work.home"}, address


def test_a_guest_takes_everything_along_and_is_forgotten(room: Room) -> None:
    guest = enter(room)
    chat = begin(guest)
    write(guest, chat, "Why does bread rise?")
    page = guest.get("/my-data")
    with zipfile.ZipFile(io.BytesIO(guest.post("/my-data").data)) as archive:
        held = b"".join(map(archive.read, archive.namelist()))
    assert b"Why does bread rise?" in held
    [address] = set(re.findall(r"[\w.-]+@visitor\.invalid", page.text))
    assert guest.post("/my-data/erase", email="x").status_code == 422
    assert guest.post("/my-data/erase", email=address).location == "/sign-in"
    assert guest.get(chat).status_code == 302
    with room.site.database.reading() as session:
        assert not session.scalars(sa.select(Person).where(Person.email == address)).all()


def test_who_is_signed_in_stays_who_they_are(room: Room) -> None:
    link, ada = link_of(room), room.site.visit("ada")
    assert "You are signed in here already, as Ada." in ada.get(link).text
    assert ada.post(link).location == CHAT
    assert ada.get("/account").status_code == 200
    with room.site.database.reading() as session:
        assert not session.scalars(sa.select(Person).where(Person.name == "Visitor")).all()


def test_a_link_is_over_when_it_is_revoked(room: Room) -> None:
    guest = enter(room)
    link = link_of(room)
    olga = room.site.visit("olga")
    olga.get(RULES)
    for _ in range(2):
        for number in (1, 2):
            assert olga.post(f"{CHAT}/links/{number}/revoke").status_code == 302
    assert Visit(room.site.app).get(link).status_code == 404
    guest.get(CHAT)
    assert guest.post(CHAT, language="en").status_code == 409


# The rules, for owners


def test_an_owner_opens_a_chat(site: Site) -> None:
    with site.writing() as (session, _project):
        chats.add_models(session)
    olga = site.visit("olga")
    assert f'href="{RULES}"' not in olga.get(f"{HELPFUL}/setup").text
    assert f'href="{RULES}"' in olga.get(f"{HELPFUL}/batches").text
    olga.get(RULES)
    assert olga.post(RULES, **FORM | LIMITS).status_code == 302
    page = olga.get(RULES).text
    assert re.search(r'value="better"[^>]* checked', page)
    assert re.findall(r'name="models\.(\w+)" value="1" checked', page) == ["gull", "heron"]
    assert f'href="{RULES}"' in olga.get(f"{HELPFUL}/setup").text
    assert "Chat with two models" in site.visit("ada").get("/").text


def test_rules_that_do_not_fit_are_given_back(site: Site) -> None:
    with site.writing() as (session, _project):
        chats.add_models(session)
    olga = site.visit("olga")
    olga.get(RULES)
    one = olga.post(RULES, **{name: value for name, value in FORM.items() if "heron" not in name})
    assert one.status_code == 422
    assert 'id="endpoints-fault"' in one.text
    assert re.search(r'name="models.gull" value="1" checked', one.text)
    odd = olga.post(RULES, **FORM | LIMITS | {"most_turns": "99", "per_day": "0"})
    assert odd.status_code == 422
    assert ('id="most_turns-fault"' in odd.text, 'id="per_day-fault"' in odd.text) == (True, True)
    gone = olga.post(RULES, **FORM | {"models.swan": "1"})
    assert "There is no endpoint called swan." in html.unescape(gone.text)
    assert olga.post(f"{CHAT}/links", label="", days="3").status_code == 409


def test_rules_are_for_owners(room: Room) -> None:
    for name in ("rex", "ada"):
        visit = room.site.visit(name)
        assert visit.get(RULES).status_code == 403
        visit.get("/account")
        assert visit.post(RULES, **FORM).status_code == 403
        assert visit.post(f"{CHAT}/links", label="", days="3").status_code == 403
