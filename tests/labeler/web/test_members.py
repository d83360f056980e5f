"""The people of a project: their numbers, invitations, roles."""

import re

import pytest
import sqlalchemy as sa

from labeler.people import accounts, memberships, sign_ins
from labeler.people.memberships import Role
from labeler.work import assignments, queue
from labeler.work.assignments import SkipReason
from tests.conftest import StoppedClock
from tests.labeler.web.conftest import HELPFUL, HOSTILE, Site, statements
from tests.make import judge, judge_next
from tests.visits import Visit

PEOPLE = f"{HELPFUL}/people"
LINK = re.compile(r'id="link-field"[^>]*>http://labeler\.test(/link/[^<]+)<')
CARLA = {"email": "carla@example.org", "name": "Carla", "role": "annotator"}


def words(page: str) -> str:
    """Return what a page says, in one line without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def row_of(page: str, name: str) -> str:
    """Return what the table says of one person."""
    rows = [words(row) for row in re.findall(r'<tr role="row">.*?</tr>', page, re.DOTALL)]
    return next(row for row in rows if row.startswith(name))


def test_everybody_s_numbers_by_name(site: Site, frozen: StoppedClock) -> None:
    with site.writing() as (session, project):
        project.gold_share = 1.0  # every claim takes a known answer while there is one
        for person, right in ((site.people.ada, True), (site.people.bea, False)):
            held = queue.claim(session, project, by=person)
            assert held is not None
            frozen.forward(seconds=90)
            judge(session, held, 1 if (held.places[0] == 0) is right else 7, person)
        skipped = queue.claim(session, project, by=site.people.ada)
        assert skipped is not None
        assignments.skip(session, skipped, SkipReason.subject)
    page = site.visit("rex").get(PEOPLE).text
    ada, bea = row_of(page, "Ada"), row_of(page, "Bea")
    assert "Annotator 1 1 of 1 21–100%" in ada
    assert "1:30 1 0.35 EUR" in ada
    assert "0 of 1 0–79%" in bea
    table = words(page[page.index("<tbody") :])
    assert table.index("Ada") < table.index("Bea") < table.index("Olga") < table.index("Rex")
    assert "none yet" in row_of(page, "Olga")


def test_everybody_stands_there_once_and_leads_to_what_they_do(site: Site) -> None:
    ada = f"{PEOPLE}/{site.people.ada.id}"
    olga = site.visit("olga")
    page = olga.get(PEOPLE).text
    assert (page.count("Ada"), page.count(f'href="{ada}"')) == (1, 1)
    own = olga.get(ada).text
    assert all(f'action="{ada}/{verb}"' in own for verb in ("role", "remove"))
    assert re.search(r'value="annotator" selected', own)
    assert f'href="{ada}"' not in site.visit("rex").get(PEOPLE).text


def test_the_table_takes_as_many_statements_for_many_people(site: Site) -> None:
    with site.writing() as (session, project):
        for number in range(6):
            person = accounts.create(session, f"p{number}@example.org", f"P{number}", by=None)
            memberships.grant(session, project.id, person, Role.annotator, by=site.people.olga)
    olga = site.visit("olga")
    with statements(site.database) as seen:
        assert "P5" in olga.get(PEOPLE).text
    assert len(seen) <= 10, seen


def test_an_invitation_is_shown_once_and_signs_in_once(site: Site) -> None:
    olga = site.visit("olga")
    olga.get(PEOPLE)
    invited = olga.post(f"{PEOPLE}/invite", **CARLA)
    assert invited.status_code == 200
    assert "A link for Carla" in invited.text
    found = LINK.search(invited.text)
    assert found
    assert "link-field" not in olga.get(PEOPLE).text
    carla = Visit(site.app)
    carla.get(found[1])
    assert carla.post(found[1]).location == "/"
    assert "Helpful answers" in carla.get("/").text
    assert Visit(site.app).get(found[1]).status_code == 404


def test_a_lost_link_is_made_again_by_who_made_it(site: Site) -> None:
    olga = site.visit("olga")
    olga.get(PEOPLE)
    for _ in range(2):
        assert LINK.search(olga.post(f"{PEOPLE}/invite", **CARLA).text)


def test_inviting_never_opens_the_account_of_somebody_else(site: Site) -> None:
    olga = site.visit("olga")
    site.visit("ada")
    with site.database.writing() as session:
        carla = accounts.create(session, "carla@example.org", "Carla", by=site.people.root)
        sign_ins.make_link(session, carla, by=site.people.root)
        session.commit()
    for email in ("root@example.org", "ada@example.org", "carla@example.org"):
        olga.get(PEOPLE)
        with statements(site.database) as seen:
            role = "owner" if email == "root@example.org" else "annotator"
            given = CARLA | {"email": email, "role": role}
            invited = olga.post(f"{PEOPLE}/invite", **given)
        assert invited.location == PEOPLE
        assert [one for one in seen if "INSERT INTO sign_in_links" in one] == []
        assert "finds the project after signing in" in olga.get(PEOPLE).text
        assert LINK.search(olga.get(PEOPLE).text) is None


def test_inviting_changes_nobodys_role(site: Site) -> None:
    olga = site.visit("olga")
    olga.get(PEOPLE)
    given = CARLA | {"email": "rex@example.org", "role": "annotator"}
    refused = olga.post(f"{PEOPLE}/invite", **given)
    assert refused.status_code == 409
    assert "as reviewer" in refused.text


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("email", "", "Please fill this in."),
        ("email", "no address", "For example ada@example.org."),
        ("name", "", "Please fill this in."),
        ("name", " ", "A name is needed."),
        ("role", "king", "Please choose one of these: "),
    ],
)
def test_an_invitation_with_a_fault_is_given_back(
    site: Site, field: str, value: str, fault: str
) -> None:
    olga = site.visit("olga")
    olga.get(PEOPLE)
    given_back = olga.post(f"{PEOPLE}/invite", **(CARLA | {field: value}))
    assert given_back.status_code == 422
    assert fault in given_back.text
    label = {"email": "E-mail address", "name": "Name", "role": "As"}[field]
    assert f'<a href="#{field}-field">{label}: ' in given_back.text
    assert 'value="Carla"' in given_back.text or field == "name"
    assert 'value="carla@example.org"' in given_back.text or field == "email"


def test_a_closed_account_is_not_invited_anew(site: Site) -> None:
    with site.database.writing() as session:
        session.execute(sa.text("UPDATE people SET closed_at = created_at WHERE name = 'Mallory'"))
        session.commit()
    olga = site.visit("olga")
    olga.get(PEOPLE)
    refused = olga.post(f"{PEOPLE}/invite", **(CARLA | {"email": "mallory@example.org"}))
    assert refused.status_code == 409
    assert "There is already a person" in refused.text


def test_roles_change_and_end(site: Site) -> None:
    olga, rex = site.visit("olga"), site.visit("rex")
    with site.writing() as (session, project):
        judge_next(session, project, site.people.ada)
    ada = site.people.ada.id
    olga.get(PEOPLE)
    assert olga.post(f"{PEOPLE}/{ada}/role", role="reviewer").location == PEOPLE
    page = olga.get(PEOPLE).text
    assert "Ada is a reviewer now." in page
    assert row_of(page, "Ada").startswith("Ada Reviewer")
    assert olga.post(f"{PEOPLE}/{ada}/remove").location == PEOPLE
    assert row_of(olga.get(PEOPLE).text, "Ada").startswith("Ada Has left")
    assert f"{PEOPLE}/{ada}/role" not in olga.get(PEOPLE).text
    assert site.visit("ada").get(PEOPLE).status_code == 404
    assert olga.post(f"{PEOPLE}/{ada}/remove").status_code == 404
    assert "change" not in words(rex.get(PEOPLE).text).lower()


def test_refusals(site: Site) -> None:
    olga, rex, bea = site.visit("olga"), site.visit("rex"), site.people.bea.id
    for visit in (rex, site.visit("bea")):
        visit.get(PEOPLE)
        for path, fields in (("invite", CARLA), (f"{bea}/role", {"role": "owner"})):
            assert visit.post(f"{PEOPLE}/{path}", **fields).status_code == 403
        assert visit.post(f"{PEOPLE}/{bea}/remove").status_code == 403
    assert site.visit("mallory").post(f"{PEOPLE}/invite", **CARLA).status_code == 404
    olga.get(PEOPLE)
    refused = olga.post(f"{PEOPLE}/{bea}/role", role="king")
    assert refused.status_code == 422
    assert "role: Please choose one of these" in refused.text
    assert olga.post(f"{PEOPLE}/{site.people.mallory.id}/role", role="owner").status_code == 404


def test_a_project_keeps_an_owner(site: Site) -> None:
    root = site.visit("root")
    root.get(PEOPLE)
    assert root.post(f"{PEOPLE}/{site.people.root.id}/remove").location == PEOPLE
    refused = root.post(f"{PEOPLE}/{site.people.olga.id}/role", role="annotator")
    assert refused.status_code == 422
    assert "A project needs an owner" in refused.text


def test_a_hostile_name_is_text(site: Site) -> None:
    olga = site.visit("olga")
    olga.get(PEOPLE)
    page = olga.post(f"{PEOPLE}/invite", **(CARLA | {"name": HOSTILE})).text
    assert "<script>alert" not in page
    assert "<b onclick" not in page
    assert page.count("&lt;b onclick") >= 2


def test_who_came_without_a_password_gets_a_new_link_from_who_invited_them(site: Site) -> None:
    olga = site.visit("olga")
    olga.get(PEOPLE)
    first = LINK.search(olga.post(f"{PEOPLE}/invite", **CARLA).text)
    assert first
    carla = Visit(site.app)
    carla.get(first[1])
    carla.post(first[1])
    with site.database.reading() as session:
        path = f"{PEOPLE}/{accounts.find(session, 'carla@example.org').id}/link"
    page = path.removesuffix("/link")
    assert path in olga.get(page).text
    again = LINK.search(olga.post(path).text)
    assert again
    assert "link-field" not in olga.get(PEOPLE).text
    carla = Visit(site.app)
    carla.get(again[1])
    assert carla.post(again[1], password="a few words that do well").location == "/"
    assert path not in olga.get(page).text
    refused = olga.post(path)
    assert refused.status_code == 403
    assert "Please ask an administrator." in refused.text
    root = site.visit("root")
    root.get(PEOPLE)
    assert LINK.search(root.post(path).text)


def test_nobody_gets_a_link_for_whom_somebody_else_invited(site: Site) -> None:
    site.visit("ada")  # by a link from the command line
    path = f"{PEOPLE}/{site.people.ada.id}/link"
    for name, status in (("olga", 403), ("rex", 403), ("mallory", 404)):
        visit = site.visit(name)
        assert path not in visit.get(PEOPLE).text
        with statements(site.database) as seen:
            assert visit.post(path).status_code == status
        assert not [one for one in seen if "INSERT INTO sign_in_links" in one]
    olga = site.visit("olga")
    olga.get(PEOPLE)
    assert olga.post(f"{PEOPLE}/{site.people.mallory.id}/link").status_code == 404


def test_an_owner_says_what_somebody_judges(site: Site) -> None:
    olga, ada = site.visit("olga"), f"{PEOPLE}/{site.people.ada.id}"
    assert f'href="{ada}"' in olga.get(PEOPLE).text
    olga.get(ada)
    assert olga.post(ada, languages="fr, pt-BR", cohorts="Experts night").location == PEOPLE
    page = olga.get(PEOPLE).text
    assert "Ada is given work by it from now on." in page
    assert row_of(page, "Ada").startswith(
        "Ada Annotator French · Portuguese (Brazil) · experts · night"
    )
    form = olga.get(ada).text
    assert 'value="fr pt-BR"' in form
    assert 'value="experts night"' in form
    assert olga.post(ada, languages="", cohorts="").location == PEOPLE
    assert row_of(olga.get(PEOPLE).text, "Ada").startswith("Ada Annotator 0 ")


def test_what_somebody_judges_with_a_fault_is_given_back(site: Site) -> None:
    olga, ada = site.visit("olga"), f"{PEOPLE}/{site.people.ada.id}"
    olga.get(ada)
    refused = olga.post(ada, languages="fr french", cohorts="night")
    assert refused.status_code == 422
    assert 'id="languages-fault"' in refused.text
    assert 'value="fr french"' in refused.text
    assert 'value="night"' in refused.text
    assert 'id="cohorts-fault"' in olga.post(ada, languages="", cohorts="a/b").text
    nobody = f"{PEOPLE}/{site.people.mallory.id}"
    assert olga.get(nobody).status_code == 404
    assert olga.post(nobody, languages="fr", cohorts="").status_code == 404
    for name, status in (("rex", 403), ("ada", 403), ("mallory", 404)):
        visit = site.visit(name)
        assert visit.get(ada).status_code == status
        assert visit.post(ada, languages="fr", cohorts="").status_code == status


def test_an_invitation_may_say_what_they_judge(site: Site) -> None:
    olga = site.visit("olga")
    olga.get(PEOPLE)
    given = CARLA | {"languages": "sw", "cohorts": "night"}
    refused = olga.post(f"{PEOPLE}/invite", **(given | {"cohorts": "a/b"}))
    assert refused.status_code == 422
    assert 'id="cohorts-fault"' in refused.text
    assert 'value="sw"' in refused.text
    assert "Carla" not in words(olga.get(PEOPLE).text)
    page = olga.post(f"{PEOPLE}/invite", **given).text
    assert row_of(page, "Carla").startswith("Carla Annotator Swahili · night")
