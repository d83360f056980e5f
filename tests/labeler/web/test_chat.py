"""The pages of the blind chat, without JavaScript: and that none of them tells who answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from labeler.arena.turns import Turn
from labeler.database import Database
from labeler.pay.worktime import Interval, Source
from labeler.people import memberships, terms
from labeler.people.memberships import Placement
from labeler.work.judgments import Judgment
from labeler.work.rubrics import Verdict
from tests import chats
from tests.cast import make_cast
from tests.conftest import NewAddress, StoppedClock
from tests.labeler.web.conftest import HELPFUL, HOSTILE, Site
from tests.make import make_project, new_key
from tests.serving import lend_app
from tests.visits import Visit

CHAT = f"{HELPFUL}/chat"
TEXTS = {
    "gull": "Bread rises because the yeast in it breathes.",
    "heron": "It is the gas in it that raises up the dough.",
}
"""Of one length: what is told of how long a page is differs by nothing else then."""
SENT = re.compile(r'(name="(?:csrf_token|key)" value="|data-clock=")([^"]+)')
SHOWN = re.compile(r'<article class="answer" id="(\w)".*?<div class="prose"[^>]*>(.*?)</div>', re.S)


@dataclass
class Room:
    """A site whose project has a chat."""

    site: Site

    def answer(self, texts: Mapping[str, str] = TEXTS) -> None:
        """Have both models answer."""
        with self.site.database.writing() as session:
            chats.answer_all(session, texts)
            session.commit()

    def judgments(self) -> list[Judgment]:
        with self.site.database.reading() as session:
            return list(session.scalars(sa.select(Judgment).order_by(Judgment.id)))


@pytest.fixture
def room(site: Site) -> Room:
    """Two models, of which people are asked after every message."""
    with site.writing() as (session, project):
        chats.add_models(session)
        chats.open_chat(session, project, by=site.people.olga)
    return Room(site)


def begin(visit: Visit, language: str = "en") -> str:
    """Begin a conversation; return its address."""
    visit.get(CHAT)
    location = visit.post(CHAT, language=language).location
    assert visit.get(location).status_code == 200
    return location


def write(visit: Visit, chat: str, text: str, **changes: str) -> TestResponse:
    """Write a message, on the page that was last seen."""
    return visit.post(f"{chat}/messages", text=text, **({"key": visit.hidden("key")} | changes))


def vote(visit: Visit, choice: str, **changes: str) -> TestResponse:
    """Say which answer is better, on the page that was last seen."""
    assert visit.page is not None
    found = re.search(r'id="judgment" method="post" action="([^"]+)"', visit.page.text)
    assert found is not None
    return visit.post(found[1], **({"key": visit.hidden("key"), "choice": choice} | changes))


def press(visit: Visit, words: str) -> TestResponse:
    """Press a button of the page that was last seen, which has a form of its own."""
    assert visit.page is not None
    forms = re.findall(r'<form method="post" action="([^"]+)">(.*?)</form>', visit.page.text, re.S)
    [action] = [action for action, inside in forms if f">{words}<" in inside]
    return visit.post(action)


def seen(page: TestResponse) -> list[str]:
    """Return the answers that stand side by side, as they are drawn."""
    return [text for _letter, text in SHOWN.findall(page.text)]


# A conversation


def test_a_conversation_without_javascript(room: Room) -> None:
    ada = room.site.visit("ada")
    assert CHAT in ada.get("/").text
    chat = begin(ada)
    assert write(ada, chat, "Why does bread rise?").location == f"{chat}#now"
    page = ada.get(chat)
    assert "Both are writing" in page.text
    assert "Why does bread rise?" in page.text
    assert '<noscript><meta http-equiv="refresh"' in page.text
    assert not seen(page)
    room.answer()
    page = ada.get(chat)
    assert "http-equiv" not in page.text
    assert sorted(seen(page)) == sorted(f"<p>{text}</p>\n" for text in TEXTS.values())
    assert vote(ada, "7").location == f"{chat}#now"
    page = ada.get(chat)
    assert "You said: B much better." in page.text
    assert "Your judgment is saved." in page.text
    write(ada, chat, "And without yeast?")
    room.answer()
    ada.get(chat)
    vote(ada, "both_bad")
    page = ada.get(chat)
    assert "You said: Both are bad." in page.text
    assert "by lot" in page.text
    assert not any(name in page.text for name in chats.MODELS)
    press(ada, "End the conversation")
    ada.get(chat)
    press(ada, "Show who answered")
    page = ada.get(chat)
    assert all(name in page.text for name in chats.MODELS)
    assert [(said.verdict, said.step) for said in room.judgments()] == [
        (Verdict.preference, 7),
        (Verdict.both_bad, None),
    ]


def test_time_is_counted_without_javascript(room: Room, frozen: StoppedClock) -> None:
    ada = room.site.visit("ada")
    chat = begin(ada)
    frozen.forward(minutes=2)
    write(ada, chat, "Why?")
    room.answer()
    frozen.forward(minutes=3)
    ada.get(chat)
    vote(ada, "1")
    with room.site.database.reading() as session:
        [spent] = session.scalars(sa.select(Interval).where(Interval.source == Source.page))
        assert spent.person_id == room.site.people.ada.id
        assert (spent.ended_at - spent.started_at).total_seconds() > 0


def test_the_same_again_is_the_same(room: Room) -> None:
    ada = room.site.visit("ada")
    chat = begin(ada)
    assert begin(ada) == chat
    key = new_key()
    for _ in range(2):
        assert write(ada, chat, "Why?", key=key).status_code == 302
    room.answer()
    ada.get(chat)
    page, key = ada.page, new_key()
    for _ in range(2):
        ada.page = page
        assert vote(ada, "2", key=key).status_code == 302
    assert len(room.judgments()) == 1
    with room.site.database.reading() as session:
        assert len(session.scalars(sa.select(Turn)).all()) == 1


def test_what_is_missing_is_said_beside_it(room: Room) -> None:
    ada = room.site.visit("ada")
    chat = begin(ada)
    blank = write(ada, chat, "  ")
    assert blank.status_code == 422
    assert 'id="text-fault"' in blank.text
    long = write(ada, chat, "x" * 10_001)
    assert long.status_code == 422
    assert "x" * 10_001 in long.text
    write(ada, chat, "Why?")
    room.answer()
    ada.get(chat)
    nothing = vote(ada, "9", reason="Because it is so.")
    assert nothing.status_code == 422
    assert 'id="choice-fault"' in nothing.text
    assert "Because it is so." in nothing.text
    assert room.judgments() == []


def test_both_are_asked_again(room: Room) -> None:
    ada = room.site.visit("ada")
    chat = begin(ada)
    write(ada, chat, "Why?")
    room.answer()
    ada.get(chat)
    press(ada, "Ask both again")
    assert "Both are writing" in ada.get(chat).text
    room.answer({"gull": "Once more.", "heron": "Another time."})
    page = ada.get(chat)
    assert sorted(seen(page)) == ["<p>Another time.</p>\n", "<p>Once more.</p>\n"]


def test_an_answer_that_does_not_come_is_nobodys(room: Room) -> None:
    ada = room.site.visit("ada")
    chat = begin(ada)
    write(ada, chat, "Why?")
    with room.site.database.writing() as session:
        taken = chats.take_all(session)
        chats.finish(session, taken["heron"], "Because.")
        chats.break_off(session, taken["gull"])
        session.commit()
    page = ada.get(chat)
    assert "No answers came" in page.text
    assert "Because." not in page.text
    press(ada, "Ask both again")
    assert "Both are writing" in ada.get(chat).text


def test_at_the_end_of_two_conversations(site: Site) -> None:
    with site.writing() as (session, project):
        chats.add_models(session)
        chats.open_chat(session, project, by=site.people.olga, vote="end", goes_on="own")
    room, ada = Room(site), site.visit("ada")
    chat = begin(ada)
    for text in ("Why?", "Who says so?"):
        write(ada, chat, text)
        room.answer()
        page = ada.get(chat)
        assert len(seen(page)) == 2
    press(ada, "End and compare")
    page = ada.get(chat)
    assert "Show who answered, without a judgment" in page.text
    vote(ada, "6")
    assert "This conversation is over" in ada.get(chat).text
    assert [judgment.step for judgment in room.judgments()] == [6]


def test_names_come_after_the_end_and_close_the_vote(room: Room) -> None:
    ada = room.site.visit("ada")
    chat = begin(ada)
    write(ada, chat, "Why?")
    room.answer()
    asked = ada.get(chat)
    assert ada.post(f"{chat}/names").status_code == 409
    ada.get(chat)
    press(ada, "End the conversation")
    ada.get(chat)
    assert ada.post(f"{chat}/names").status_code == 302
    ada.page = asked
    assert vote(ada, "1").status_code == 409
    assert room.judgments() == []


def test_what_models_say_is_hostile(room: Room) -> None:
    ada = room.site.visit("ada")
    chat = begin(ada)
    write(ada, chat, HOSTILE)
    room.answer(dict.fromkeys(chats.MODELS, HOSTILE) | {"gull": HOSTILE + " again"})
    page = ada.get(chat)
    assert "<script>alert" not in page.text
    assert "onclick=alert" not in page.text.replace("&lt;b onclick=alert", "")


def test_a_script_is_told_in_json(room: Room) -> None:
    ada = room.site.visit("ada")
    chat, key = begin(ada), new_key()
    asked = ada.ask(f"{chat}/messages", query={"active_ms": 0}, text=" ", key=key)
    assert (asked.status_code, [*asked.json["error"]["fields"]]) == (422, ["text"])
    for _ in range(2):
        asked = ada.ask(f"{chat}/messages", query={"active_ms": 0}, text="Why?", key=key)
        assert (asked.status_code, asked.json) == (200, {})
    room.answer()
    asked = ada.ask("/chat/turns/1/vote", query={"active_ms": 0}, choice="1", key=new_key())
    assert (asked.status_code, asked.json) == (200, {})
    assert ada.get(f"{chat}/state").json == {"stage": "1.1-write"}


# Who may


def test_a_conversation_is_its_persons_alone(room: Room) -> None:
    ada, bea, olga = (room.site.visit(name) for name in ("ada", "bea", "olga"))
    chat = begin(ada)
    write(ada, chat, "Why?")
    for other in (bea, olga):
        assert other.get(chat).status_code == 404
        assert other.get(f"{chat}/state").status_code == 404
        other.get("/")
        assert other.post(f"{chat}/messages", text="Me?", key=new_key()).status_code == 404
        assert other.post("/chat/turns/1/vote", key=new_key(), choice="1").status_code == 404
        assert other.post("/chat/turns/1/again").status_code == 404


def test_no_chat_without_rules(site: Site) -> None:
    ada = site.visit("ada")
    assert "/chat" not in ada.get("/").text
    assert ada.get(CHAT).status_code == 404


def test_languages_are_the_persons_own(room: Room) -> None:
    with room.site.writing() as (session, project):
        ada, olga = room.site.people.ada, room.site.people.olga
        placement = Placement(languages=["fr"])
        memberships.place(session, project.id, ada, placement, by=olga)
    visit = room.site.visit("ada")
    page = visit.get(CHAT)
    assert 'name="language" value="fr"' in page.text
    assert visit.post(CHAT, language="en").status_code == 422
    assert visit.post(CHAT, language="fr").status_code == 302


def test_terms_come_first(room: Room) -> None:
    with room.site.writing() as (session, project):
        olga = room.site.people.olga
        terms.publish(session, project.id, {"en": "Be kind."}, notice_days=30, by=olga)
    ada = room.site.visit("ada")
    ada.get(CHAT)
    assert ada.post(CHAT, language="en").location == f"{HELPFUL}/terms"


# Blind


@dataclass
class Wire:
    """All that a browser is told, with the answers taken out and what is drawn for once masked."""

    visit: Visit
    told: list[str] = field(default_factory=list)

    def get(self, path: str) -> str:
        answer = self.visit.get(path)
        assert answer.status_code == 200
        return self.keep(answer)

    def keep(self, answer: TestResponse) -> str:
        body = answer.text
        for text in TEXTS.values():
            body = body.replace(text, "·" * len(text))
        body = SENT.sub(lambda found: found[1] + "·" * len(found[2]), body)
        heads = [(n, "·" if n == "Set-Cookie" else v) for n, v in answer.headers]
        self.told.append(f"{answer.status}\n{heads}\n{body}")
        return self.told[-1]


def test_nothing_tells_which_model_is_which(
    new_address: NewAddress, tmp_path: Path, frozen: StoppedClock
) -> None:
    assert len(set(map(len, TEXTS.values()))) == 1
    as_it_is = _conversation(new_address("sqlite"), tmp_path, TEXTS, first="gull")
    swapped = dict(zip(TEXTS, reversed(TEXTS.values()), strict=True))
    assert _conversation(new_address("sqlite"), tmp_path, swapped, first="heron") == as_it_is
    said = "".join(as_it_is).lower()
    assert not [name for name in {*chats.MODELS, *chats.MODELS.values()} if name.lower() in said]


def _conversation(address: str, folder: Path, texts: Mapping[str, str], *, first: str) -> list[str]:
    """Return all that is told of a conversation, in which one model is quicker than the other."""
    with lend_app(address, folder) as app:
        database: Database = app.extensions["labeler.database"]
        with database.writing() as session:
            cast = make_cast(session)
            project = make_project(session, cast)
            chats.add_models(session)
            chats.open_chat(session, project, by=cast.olga)
            session.commit()
        wire = Wire(Visit(app).arrive("ada@example.org"))
        chat = begin(wire.visit)
        for choice in ("2", "6"):
            wire.keep(write(wire.visit, chat, "Why does bread rise?"))
            none = [wire.get(chat), wire.get(f"{chat}/state")]
            with database.writing() as session:
                taken = chats.take_all(session)
                chats.finish(session, taken.pop(first), texts[first], thinking="Hm.", latency_ms=9)
                session.commit()
            assert [wire.get(chat), wire.get(f"{chat}/state")] == none
            with database.writing() as session:
                [(name, last)] = taken.items()
                chats.finish(session, last, texts[name], latency_ms=12_345, output_tokens=9000)
                session.commit()
            wire.get(f"{chat}/state")
            wire.get(chat)
            wire.keep(vote(wire.visit, choice))
            wire.get(chat)
        wire.keep(press(wire.visit, "End the conversation"))
        wire.get(chat)
        wire.get(CHAT)
        return wire.told
