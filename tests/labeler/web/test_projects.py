"""Projects for their owners: the list, making one, its settings, its state, its dashboard."""

import json
import re
from typing import Any

import pytest
import sqlalchemy as sa

from labeler.people import memberships
from labeler.people.memberships import Role
from labeler.work import guidelines, projects, questions
from labeler.work.projects import Project, ProjectState
from labeler.work.redundancy import AdaptiveDraft
from labeler.work.rubrics import ReasonRule, Rubric, RubricDraft
from tests.conftest import StoppedClock
from tests.labeler.web.conftest import HELPFUL, HOSTILE, Site, statements
from tests.labeler.web.test_members import words
from tests.make import judge_next, make_project

FILLED_IN = {
    "title": "Kind answers",
    "slug": "",
    "languages": "en, sw",
    "question": "Which answer is kinder?",
    "rubric.steps": "5",
    "rubric.tie": "1",
    "rubric.reason": "required",
    "rubric.reason_min": "12",
    "guidelines": "Be **fair**.\r\n\r\nTake your time.",
    "judgments_per_comparison": "4",
    "adaptive.most": "9",
    "adaptive.confidence_percent": "97.5",
    "adaptive.audit_percent": "10",
    "adaptive.audit_judgments": "5",
    "gold_percent": "7.5",
    "repeat_percent": "2.5",
    "models_from": "eu",
    "most_per_person": "500",
    "most_per_language": "sw: 100,\r\nbn:0",
    "pay.per_judgment": "12.50",
    "pay.currency": "KES",
    "time_limit_minutes": "30",
    "change_window_minutes": "0",
}
PAYLOAD = re.compile(r"\b(prompts|responses|golds)\b|judgments\.reason|comparisons\.details")


def specs(page: str) -> list[dict[str, Any]]:
    """Return the drawings of a page as a browser reads them."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    found = re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    return [json.loads(text, parse_constant=refuse) for text in found]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (HELPFUL, {"root", "olga", "rex"}),
        (f"{HELPFUL}/setup", {"root", "olga"}),
        (f"{HELPFUL}/people", {"root", "olga", "rex"}),
        (f"{HELPFUL}/comparisons", {"root", "olga", "rex"}),
        (f"{HELPFUL}/batches", {"root", "olga"}),
        ("/projects/new", {"root", "olga"}),
    ],
)
def test_who_may_see_what(site: Site, path: str, allowed: set[str]) -> None:
    for name in ("root", "olga", "rex", "ada", "mallory"):
        stranger = name == "mallory" and path != "/projects/new"
        expected = 200 if name in allowed else 404 if stranger else 403
        assert site.visit(name).get(path).status_code == expected, name
    assert site.app.test_client().get(path).location.startswith("/sign-in?next=")


def test_the_list_tells_each_their_part(site: Site) -> None:
    with site.writing() as (session, project):
        judge_next(session, project, site.people.bea)
    olga = site.visit("olga").get("/projects").text
    assert "1 of 6" in olga
    assert 'href="/projects/new"' in olga
    ada = site.visit("ada").get("/projects").text
    assert "Helpful answers" in ada
    assert "of 6" not in ada
    assert f'href="{HELPFUL}"' not in ada
    assert "Helpful answers" not in site.visit("mallory").get("/projects").text


def test_without_a_most_the_number_is_fixed(site: Site) -> None:
    olga = site.visit("olga")
    olga.get("/projects/new")
    assert olga.post("/projects/new", **(FILLED_IN | {"adaptive.most": ""})).status_code == 302
    with site.database.reading() as session:
        project = projects.find(session, "kind-answers", by=site.people.olga)
    assert project.adaptive is None


def test_the_plan_says_what_an_accuracy_costs(site: Site) -> None:
    with site.writing() as (_, project):
        project.pay_minor = 40
    olga = site.visit("olga")
    page = olga.get(f"{HELPFUL}/plan?comparisons=1000").text
    assert "as in published work" in page
    for shown in ("3 judgments of each", "2 to 9, until 95% sure", "1,200.00", "3,000"):
        assert shown in page
    assert olga.get(f"{HELPFUL}/plan").status_code == 200
    assert olga.get(f"{HELPFUL}/plan?comparisons=many").status_code == 200
    assert site.visit("rex").get(f"{HELPFUL}/plan").status_code == 200
    assert site.visit("ada").get(f"{HELPFUL}/plan").status_code == 403


def test_the_list_takes_as_many_statements_for_many_projects(site: Site) -> None:
    with site.database.writing() as session:
        for number in range(5):
            make_project(session, site.people, slug=f"other-{number}", title=f"No. {number}")
        session.commit()
    olga = site.visit("olga")
    with statements(site.database) as seen:
        assert "No. 4" in olga.get("/projects").text
    assert len(seen) <= 6, seen


def test_those_who_manage_find_the_way_to_their_projects(site: Site) -> None:
    for name, shown in (("root", True), ("rex", True), ("ada", False), ("mallory", False)):
        assert ('href="/projects"' in site.visit(name).get("/").text) is shown


def test_making_a_project(site: Site) -> None:
    olga = site.visit("olga")
    olga.get("/projects/new")
    made = olga.post("/projects/new", **FILLED_IN)
    assert made.location == "/projects/kind-answers"
    assert "Load comparisons to begin" in olga.get(made.location).text
    with site.database.reading() as session:
        project = projects.find(session, "kind-answers", by=site.people.olga, role=Role.owner)
        rubric = projects.rubric_draft(session, project)
        assert guidelines.version(session, project.id, 1).text == "Be **fair**.\n\nTake your time."
    assert (project.pay_minor, project.currency) == (1250, "KES")
    assert project.languages == ["en", "sw"]
    assert project.gold_share == pytest.approx(0.075)
    assert (project.time_limit_s, project.change_window_s) == (1800, 0)
    assert (project.repeat_share, project.most_per_person) == (pytest.approx(0.025), 500)
    assert project.models_from.value == "eu"
    assert project.most_per_language == {"sw": 100, "bn": 0}
    assert project.adaptive == AdaptiveDraft(
        most=9, confidence=0.975, audit_share=0.1, audit_judgments=5
    )
    setup = olga.get("/projects/kind-answers/setup").text
    for shown in ('value="97.5"', 'value="2.5"', 'value="500"', 'value="sw: 100, bn: 0"'):
        assert shown in setup
    assert (rubric.steps, rubric.tie, rubric.both_bad) == (5, True, False)
    assert (rubric.reason, rubric.reason_min) == (ReasonRule.required, 12)


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("title", "", "Please fill this in."),
        ("title", "x" * 301, "300 characters at most."),
        ("slug", "No Spaces", "characters that do not belong here"),
        ("slug", "helpful", "There is already a project called helpful."),
        ("languages", "", "Please fill this in."),
        ("languages", "en not*one", "is not a language tag"),
        ("rubric.steps", "12", "This must be 9 at most."),
        ("rubric.reason", "perhaps", "Please choose one of these: "),
        ("judgments_per_comparison", "many", "This must be a whole number."),
        ("gold_percent", "80", "from 0 to 50"),
        ("gold_percent", "some", "from 0 to 50"),
        ("gold_percent", "nan", "from 0 to 50"),
        ("repeat_percent", "21", "from 0 to 20"),
        ("adaptive.most", "3", "fewer than the least"),
        ("adaptive.most", "some", "This must be a whole number."),
        ("adaptive.confidence_percent", "100", "above 50 and below 100"),
        ("adaptive.audit_percent", "101", "from 0 to 100"),
        ("adaptive.audit_judgments", "1", "This must be 2 at least."),
        ("models_from", "moon", "Please choose one of these"),
        ("most_per_person", "0", "This must be 1 at least."),
        ("most_per_person", "some", "This must be a whole number."),
        ("most_per_language", "sw", "like this: sw: 500, bn: 0"),
        ("most_per_language", "sw: -1", "like this: sw: 500, bn: 0"),
        ("most_per_language", "swahili: 5", "like this: sw: 500, bn: 0"),
        ("most_per_language", ": 5", "like this: sw: 500, bn: 0"),
        ("pay.per_judgment", "1.234", "KES has 2 decimals"),
        ("pay.per_judgment", "a lot", "is not an amount of money"),
        ("pay.currency", "XYZ", "For example EUR."),
        ("time_limit_minutes", "0", "This must be 1 at least."),
        ("guidelines", "x" * 100_001, "At most 100,000 characters."),
        ("guidelines", "a\0b", "a character that cannot be stored"),
        ("title", "a\u202eb", "characters that do not belong here"),
    ],
)
def test_a_form_with_a_fault_is_given_back_as_it_was(
    site: Site, field: str, value: str, fault: str
) -> None:
    olga = site.visit("olga")
    olga.get("/projects/new")
    given_back = olga.post("/projects/new", **(FILLED_IN | {field: value}))
    assert given_back.status_code == (409 if value == "helpful" else 422)
    page = given_back.text
    assert fault in page
    assert f'href="#{field}-field"' in page
    assert f'id="{field}-fault"' in page
    label = re.search(rf'<label for="{field}-field">([^<]+?) ?<', page)
    named = f'href="#{field}-field">{label[1] if label else ""}: '
    assert named in page or field.startswith("rubric.")
    assert 'value="Which answer is kinder?"' in page
    assert '<option value="5" selected>' in page or field == "rubric.steps"
    assert not re.search(r'name="rubric.both_bad"[^>]* checked', page)
    with site.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Project)) == 1


def test_an_odd_scale_needs_its_middle(site: Site) -> None:
    olga = site.visit("olga")
    olga.get("/projects/new")
    without_tie = {name: value for name, value in FILLED_IN.items() if name != "rubric.tie"}
    answer = olga.post("/projects/new", **without_tie)
    assert answer.status_code == 422
    assert "An odd number of steps has a middle" in answer.text


LAST_LOOK: list[tuple[dict[str, str], str]] = [
    ({}, "Pay 12.50 KES for each judgment; 100 comparisons cost 5,000.00 KES"),
    ({}, "Languages English, Swahili"),
    ({}, "Guidelines 5 words"),
    ({}, "Judgments 4 for each comparison, by different people"),
    ({"title": " "}, "Title Not filled in yet"),
    ({"guidelines": ""}, "Guidelines None yet."),
    ({"judgments_per_comparison": "many"}, "Judgments many"),
    ({"judgments_per_comparison": ""}, "Pay 12.50 KES for each judgment Known answers"),
    ({"pay.per_judgment": "0"}, "Pay Nothing is paid."),
    ({"pay.per_judgment": "a lot"}, "Pay &#39;a lot&#39; is not an amount of money."),
    ({"pay.currency": "EURO"}, "Pay &#39;EURO&#39; is not a currency of ISO 4217."),
    ({"languages": "not*one"}, "Languages not*one"),
    ({"rubric.steps": "12"}, "How it is answered The form does not fit together yet."),
]


def test_the_last_look_says_what_the_form_comes_to(site: Site) -> None:
    olga = site.visit("olga")
    olga.get("/projects/new")
    for changes, told in LAST_LOOK:
        page = olga.post("/projects/new", preview="1", **(FILLED_IN | changes)).text
        outline = page[page.index('<dl class="outline"') :]
        assert told in words(outline[: outline.index("</dl>")])


@pytest.mark.parametrize("name", ["rubric", "pay", "", "surprise", "rubric.surprise", "a.b.c"])
def test_a_field_that_is_not_on_the_form_breaks_nothing(site: Site, name: str) -> None:
    olga = site.visit("olga")
    olga.get("/projects/new")
    assert olga.post("/projects/new", **(FILLED_IN | {name: "x"})).status_code in (302, 422)


@pytest.mark.parametrize("name", ["ada", "mallory"])
def test_only_some_make_projects(site: Site, name: str) -> None:
    visit = site.visit(name)
    assert visit.post("/projects/new", **FILLED_IN).status_code == 403


def test_setup_shows_what_holds_and_keeps_only_what_changed(site: Site) -> None:
    olga = site.visit("olga")
    page = olga.get(f"{HELPFUL}/setup").text
    for shown in ('value="0.35"', "Prefer what is **correct**.", '<option value="7" selected>'):
        assert shown in page
    assert not re.search(r'name="pay.currency"(?![^>]*hidden)[^>]*type="text"', page)
    given = {
        "title": "Most helpful answers",
        "slug": olga.hidden("slug"),
        "languages": "en fr",
        "question": "Which answer is better?",
        "rubric.steps": "7",
        "rubric.tie": "1",
        "rubric.both_bad": "1",
        "rubric.reason": "optional",
        "rubric.reason_min": "0",
        "guidelines": "Prefer what is **kind**.",
        "judgments_per_comparison": "2",
        "gold_percent": "10",
        "pay.per_judgment": "0.40",
        "pay.currency": "EUR",
        "time_limit_minutes": "60",
        "change_window_minutes": "60",
    }
    assert olga.post(f"{HELPFUL}/setup", **given).location == HELPFUL
    with site.writing() as (_, project):
        assert (project.title, project.pay_minor) == ("Most helpful answers", 40)
        assert (project.guideline_number, project.rubric_number) == (2, 1)
    refused = olga.post(f"{HELPFUL}/setup", **(given | {"pay.currency": "USD"}))
    assert refused.status_code == 422
    assert "Start another project." in refused.text
    assert olga.post(f"{HELPFUL}/setup", **(given | {"title": " "})).status_code == 422
    assert site.visit("rex").post(f"{HELPFUL}/setup", **given).status_code == 403


def test_an_owner_pauses_resumes_and_closes(site: Site) -> None:
    olga = site.visit("olga")
    for state, button in (("paused", "Resume"), ("active", "Pause"), ("closed", "Open it again")):
        olga.get(HELPFUL)
        assert olga.post(f"{HELPFUL}/state", state=state).location == HELPFUL
        assert button in olga.get(HELPFUL).text
    assert olga.post(f"{HELPFUL}/state", state="paused").status_code == 409
    refused = olga.post(f"{HELPFUL}/state", state="gone")
    assert refused.status_code == 422
    assert "state: Please choose one of these" in refused.text
    assert site.visit("rex").post(f"{HELPFUL}/state", state="active").status_code == 403
    assert "Open it again" not in site.visit("rex").get(HELPFUL).text
    with site.writing() as (_, project):
        assert project.state is ProjectState.closed


def test_a_form_without_its_token_is_refused(site: Site) -> None:
    olga = site.visit("olga")
    assert olga.client.post(f"{HELPFUL}/state", data={"state": "closed"}).status_code == 400


def test_the_dashboard_counts_without_reading_texts(site: Site) -> None:
    with site.writing() as (session, project):
        for person in (site.people.ada, site.people.bea):
            for choice in (1, 6, "tie"):
                judge_next(session, project, person, choice)
    olga = site.visit("olga")
    with statements(site.database) as seen:
        page = olga.get(HELPFUL).text
    assert "All 6 judgments are in" in page
    assert len(seen) <= 19, seen
    assert [statement for statement in seen if PAYLOAD.search(statement)] == []
    assert len(specs(page)) >= 4


def test_the_dashboard_of_a_new_project_is_kind(site: Site) -> None:
    page = site.visit("olga").get(HELPFUL).text
    assert "Ready for the first judgment" in page
    assert specs(page) == []
    assert "Nobody has skipped anything" in page


def test_the_dashboard_forecasts_with_a_range(site: Site, frozen: StoppedClock) -> None:
    with site.writing() as (session, project):
        project.judgments_per_comparison = 2
        for person in (site.people.ada, site.people.bea, site.people.rex):
            judge_next(session, project, person)
            frozen.forward(days=1)
    page = site.visit("olga").get(HELPFUL).text
    assert "Likely done on" in page
    assert "the rest will likely be judged between" in page


def test_what_people_wrote_is_text_everywhere(site: Site) -> None:
    with site.writing() as (session, project):
        project.title = project.question = HOSTILE
        site.people.ada.name = HOSTILE
        session.merge(site.people.ada)
        judge_next(session, project, site.people.ada, 1)
    olga = site.visit("olga")
    paths = ("/projects", HELPFUL, *(f"{HELPFUL}/{room}" for room in ("setup", "people")))
    for path in paths:
        page = olga.get(path).text
        assert "&lt;script&gt;" in page, path
        assert "<script>alert" not in page, path
        assert "<b onclick" not in page, path


def test_the_links_to_rooms_follow_the_role(site: Site) -> None:
    rex, olga = site.visit("rex").get(HELPFUL).text, site.visit("olga").get(HELPFUL).text
    for room in ("people", "comparisons"):
        assert f'href="{HELPFUL}/{room}"' in rex
    for room in ("batches", "setup"):
        assert f'href="{HELPFUL}/{room}"' not in rex
        assert f'href="{HELPFUL}/{room}"' in olga


def test_a_rubric_of_another_length_starts_the_steps_anew(site: Site) -> None:
    with site.writing() as (session, project):
        judge_next(session, project, site.people.ada, 7)
        rubric = Rubric(
            questions=questions.store(RubricDraft(steps=4).asked),
            project_id=project.id,
            number=2,
            created_by=site.people.olga.id,
            created_at=project.created_at,
        )
        session.add(rubric)
        project.rubric_number = 2
        judge_next(session, project, site.people.ada, 4)
    page = site.visit("olga").get(HELPFUL).text
    assert "A was better in 0 of 1 judgments" in page


def test_a_past_owner_is_a_stranger(site: Site) -> None:
    with site.writing() as (session, project):
        memberships.remove(session, project.id, site.people.olga, by=site.people.root)
    assert site.visit("olga").get(HELPFUL).status_code == 404
