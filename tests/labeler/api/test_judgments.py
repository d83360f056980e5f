"""Reading judgments page by page, as a program does."""

from typing import Any

from labeler.database import Database
from labeler.people.memberships import Role
from labeler.work import answers, judgments, projects
from tests.calling import HELPFUL, Callers, claim, judge, problem
from tests.cast import Cast


def read(callers: Callers, **query: int) -> dict[str, Any]:
    """Read one page."""
    answer = callers.rex.get(f"{HELPFUL}/judgments", query_string=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def test_a_judgment_as_a_reviewer_reads_it(callers: Callers, people: Cast) -> None:
    assignment = claim(callers.ada)
    receipt = judge(callers.ada, assignment["id"], choice=7, reason="Right sum.").json
    (told,) = read(callers)["judgments"]
    assert told["id"] == receipt["id"]
    assert told["comparison"].startswith("pair-")
    assert told["annotator"] == people.ada.id
    assert (told["choice"], told["verdict"], told["strength"]) == (7, "preference", 3)
    assert told["reason"] == "Right sum."
    number = int(told["comparison"].removeprefix("pair-"))
    texts = [f"It is {number + 1}.", f"It is {number}."]
    assert texts[told["preferred"]] == assignment["responses"][1]["text"]


def test_names_of_people_and_models_are_not_told(callers: Callers) -> None:
    judge(callers.ada, claim(callers.ada)["id"])
    text = callers.rex.get(f"{HELPFUL}/judgments").text
    assert not any(word in text for word in ("Ada", "ada@", "model-", "gold"))


def test_pages_follow_each_other(callers: Callers) -> None:
    assert read(callers) == {"judgments": [], "next": None}
    for caller in (callers.ada, callers.bea):
        for _ in range(3):
            judge(caller, claim(caller)["id"])
    pages, after = [], 0
    while after is not None:
        page = read(callers, after=after, limit=4)
        pages.append([told["id"] for told in page["judgments"]])
        after = page["next"]
    assert [len(page) for page in pages] == [4, 2]
    assert sorted(pages[0] + pages[1]) == pages[0] + pages[1]
    assert len(set(pages[0] + pages[1])) == 6


def test_every_version_is_there(callers: Callers, database: Database, people: Cast) -> None:
    first = judge(callers.ada, claim(callers.ada)["id"], choice=1).json
    with database.writing() as session:
        project = projects.find(session, "helpful", by=people.ada, role=Role.annotator)
        judgment = session.get_one(judgments.Judgment, first["id"])
        assignment = session.get_one(judgments.Assignment, judgment.assignment_id)
        answer = answers.read(session, assignment, "tie")
        judgments.change(session, project, judgment, answer, key="0" * 32)
        session.commit()
    told = read(callers)["judgments"]
    assert [(each["version"], each["is_current"], each["choice"]) for each in told] == [
        (1, False, 1),
        (2, True, "tie"),
    ]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"limit": 0}, "limit"),
    ({"limit": 1001}, "limit"),
    ({"limit": "many"}, "limit"),
    ({"after": -1}, "after"),
    ({"after": 2**63}, "after"),
    ({"sort": "person.password_hash"}, "sort"),
    ({"person_id": 1}, "person_id"),
]


def test_what_cannot_be_asked(callers: Callers) -> None:
    for query, field in REFUSED:
        answer = callers.rex.get(f"{HELPFUL}/judgments", query_string=query)
        assert list(problem(answer, 422)["fields"]) == [field]
