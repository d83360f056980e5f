"""Known answers on pages: the report, writing, setting, mining and unscoring; lessons while new."""

from typing import Any

import pytest
import sqlalchemy as sa

from labeler.people import accounts, memberships
from labeler.people.memberships import Role
from labeler.work import queue
from labeler.work.batches import Batch
from labeler.work.comparisons import Comparison
from labeler.work.gold import Gold, GoldSource
from tests.labeler.web.conftest import HELPFUL, HOSTILE, Site
from tests.make import judge, load_rows, make_row, new_key
from tests.visits import Visit

WRITTEN: dict[str, Any] = {
    "prompt": "How many legs has a spider?",
    "answer_1": "Eight.",
    "answer_2": "Six.",
    "better": "1",
    "why": f"Count them. {HOSTILE}",
    "language": "en",
}


def golds(site: Site) -> list[Gold]:
    with site.database.reading() as session:
        return list(session.scalars(sa.select(Gold).order_by(Gold.comparison_id)))


def comparison_id(site: Site, name: str) -> int:
    with site.database.reading() as session:
        which = sa.select(Comparison.id).where(Comparison.external_id == name)
        return session.scalars(which).one()


@pytest.fixture
def olga(site: Site) -> Visit:
    visit = site.visit("olga")
    visit.get(f"{HELPFUL}/gold/write")
    return visit


def test_an_owner_writes_one_and_reads_how_it_fares(site: Site, olga: Visit) -> None:
    assert olga.post(f"{HELPFUL}/gold/write", **WRITTEN).location == f"{HELPFUL}/gold"
    page = olga.get(f"{HELPFUL}/gold").text
    assert "How many legs has a spider?" in page
    assert "It is one of the known answers now." in page
    _, made = golds(site)
    assert (made.source, made.better, made.why) == (GoldSource.written, 0, WRITTEN["why"])
    shown = olga.get(f"{HELPFUL}/comparisons/{made.comparison_id}").text
    assert HOSTILE not in shown


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"answer_2": "Eight."}, "answer_2"),
        ({"answer_1": " "}, "answer_1"),
        ({"prompt": ""}, "prompt"),
        ({"language": "no tag"}, "language"),
        ({"better": ""}, "better"),
        ({"why": ""}, "why"),
    ],
)
def test_what_is_wrong_is_marked_and_the_rest_stays(
    olga: Visit, change: dict[str, str], field: str
) -> None:
    answer = olga.post(f"{HELPFUL}/gold/write", **WRITTEN | change)
    assert answer.status_code == 422
    assert f'href="#{field}-field"' in answer.text
    assert change.get("language", 'value="en"') in answer.text


def test_the_same_again_is_said_to_be_there(olga: Visit) -> None:
    olga.post(f"{HELPFUL}/gold/write", **WRITTEN)
    answer = olga.post(f"{HELPFUL}/gold/write", **WRITTEN)
    assert answer.status_code == 409
    assert "in the project already" in answer.text


def test_what_is_for_qualification_goes_into_a_batch_of_its_own(site: Site, olga: Visit) -> None:
    olga.post(f"{HELPFUL}/gold/write", **WRITTEN, for_qualification="1")
    with site.database.reading() as session:
        batch = session.scalars(sa.select(Batch).where(Batch.is_qualification)).one()
    assert batch.comparisons == 1
    assert "Before the work" in olga.get(f"{HELPFUL}/gold").text


def test_an_owner_sets_the_answer_of_what_is_there(site: Site, olga: Visit) -> None:
    pair = comparison_id(site, "pair-1")
    page = olga.get(f"{HELPFUL}/comparisons/{pair}").text
    assert "Make it a known answer" in page
    refused = olga.post(f"{HELPFUL}/gold/{pair}/set", better="2", why="")
    assert refused.status_code == 422
    assert 'value="2" checked' in refused.text
    olga.post(f"{HELPFUL}/gold/{pair}/set", better="2", why="It counts right.")
    *_, made = golds(site)
    assert (made.copied_from_id, made.better, made.source) == (pair, 1, GoldSource.set)
    assert olga.post(f"{HELPFUL}/gold/{pair}/set", better="2", why="Again.").status_code == 409


def test_an_owner_takes_what_people_agree_on(site: Site, olga: Visit) -> None:
    with site.writing() as (session, project):
        project.judgments_per_comparison = 5
        load_rows(session, project, [make_row(50), make_row(51)], by=site.people.olga)
        for n in range(5):
            person = accounts.create(session, f"p{n}@example.org", f"P{n}", by=None)
            memberships.grant(session, project.id, person, Role.annotator, by=person)
            while (given := queue.claim(session, project, by=person)) is not None:
                judge(session, given, 1 if given.places[0] == 1 else 7, person)
    page = olga.get(f"{HELPFUL}/gold/mine").text
    assert page.count('name="take"') == 2
    assert "All 5 said: answer 2 is better." in page
    assert olga.post(f"{HELPFUL}/gold/mine", least="5", percent="100").status_code == 422
    ticked = comparison_id(site, "pair-50")
    fields = {"take": str(ticked), f"why-{ticked}": "Everybody says so."}
    olga.post(f"{HELPFUL}/gold/mine", least="5", percent="100", **fields)
    *_, made = golds(site)
    assert (made.copied_from_id, made.better, made.why) == (ticked, 1, "Everybody says so.")
    again = olga.post(f"{HELPFUL}/gold/mine", least="5", percent="100", **fields)
    assert again.status_code == 409
    assert "otherwise meanwhile" in again.text
    assert "nothing of which" in olga.get(f"{HELPFUL}/gold/mine?least=6").text


def test_an_owner_lets_a_wrong_one_count_for_nobody(site: Site, olga: Visit) -> None:
    known = comparison_id(site, "pair-3")
    assert olga.post(f"{HELPFUL}/gold/{known}/unscore", reason=" ").status_code == 422
    olga.post(f"{HELPFUL}/gold/{known}/unscore", reason="Both are right.")
    page = olga.get(f"{HELPFUL}/comparisons/{known}").text
    assert "counts for nobody" in page
    assert "Both are right." in page
    assert "Let it count for nobody" not in page
    assert "Counts for nobody" in olga.get(f"{HELPFUL}/gold").text


def test_reviewers_read_and_change_nothing(site: Site) -> None:
    rex = site.visit("rex")
    page = rex.get(f"{HELPFUL}/gold").text
    assert "pair-3" in page
    assert "gold/write" not in page
    assert "gold/mine" not in page
    known = comparison_id(site, "pair-3")
    assert "Let it count" not in rex.get(f"{HELPFUL}/comparisons/{known}").text


# Lessons


@pytest.fixture
def ada(site: Site) -> Visit:
    """Ada, who is new, and whose next task is the known answer."""
    with site.writing() as (_session, project):
        project.onboarding, project.gold_share = 2, 1.0
    return site.visit("ada")


def known_first(site: Site, visit: Visit, *, right: bool) -> tuple[str, dict[str, str]]:
    """Start on the known answer; return its address and what to send."""
    address = visit.post(f"{HELPFUL}/start").location
    number = int(address.rpartition("/")[2])
    with site.database.reading() as session:
        places = session.scalars(
            sa.text(f"SELECT places FROM assignments WHERE id = {number}")
        ).one()
    first = str(places)[1] == "0"
    return address, {"key": new_key(), "choice": "1" if first is right else "7"}


@pytest.mark.parametrize(
    ("right", "words"), [(True, "is the better answer"), (False, "is known to be the better")]
)
def test_beginners_are_told_at_once_what_was_right_and_why(
    site: Site, ada: Visit, right: bool, words: str
) -> None:
    address, said = known_first(site, ada, right=right)
    page = ada.get(ada.post(address, **said).location).text
    assert words in page
    assert "Count it." in page
    changed = ada.post(f"{address}/change", **said | {"key": new_key(), "choice": "4"})
    assert changed.status_code == 409, "what was told is no secret any more"


def test_a_script_is_told_too(site: Site, ada: Visit) -> None:
    address, said = known_first(site, ada, right=False)
    told = ada.ask(address, **said).json
    assert told is not None
    assert "Count it." in told["told"]
    again = ada.ask(address, **said).json
    assert again is not None
    assert again["told"] == told["told"], "a reply that was lost is given again"


def test_nobody_is_told_later_on(site: Site, ada: Visit) -> None:
    with site.writing() as (session, project):
        project.gold_share = 0.0
        for _ in range(2):
            given = queue.claim(session, project, by=site.people.ada)
            assert given is not None
            judge(session, given, 1, site.people.ada)
        project.gold_share = 1.0
    address, said = known_first(site, ada, right=False)
    answer = ada.ask(address, **said).json
    assert answer is not None
    assert "told" not in answer
