"""Projects from the command line: made, listed, moved, given people."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from labeler.people import memberships
from labeler.work.projects import Project, ProjectState
from tests.cast import Cast
from tests.labeler.cli.conftest import Terminal, settle

TOML = """
title = "Kind answers"
languages = ["en", "sw"]
guidelines = "Prefer the *kinder* one."

[rubric]
steps = 4
tie = false

[pay]
per_judgment = "12"
currency = "KES"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A project as an owner writes it."""
    path = tmp_path / "kind.toml"
    path.write_text(TOML)
    return path


def found(terminal: Terminal, slug: str) -> tuple[Project, dict[str, str]]:
    """Return a project and the roles in it by address."""
    with terminal.session() as session:
        project = session.scalars(sa.select(Project).where(Project.slug == slug)).one()
        people = memberships.of_project(session, project.id)
    return project, {person.email: role.value for person, role in people}


def test_create_gives_the_project_to_its_owner_alone(either: Terminal, file: Path) -> None:
    people = settle(either)
    said = either.good("project", "create", file, "--owner", "mallory@example.org")
    assert said == "Made the project kind-answers: Kind answers\n"
    project, roles = found(either, "kind-answers")
    assert roles == {"mallory@example.org": "owner"}
    assert (project.created_by, project.pay_minor, project.currency) == (
        people.root.id,
        1200,
        "KES",
    )


def test_an_owner_makes_another_project_in_their_own_name(
    terminal: Terminal, people: Cast, file: Path
) -> None:
    olga = "olga@example.org"
    terminal.good("project", "create", file, "--owner", olga, "--as", olga)
    project, roles = found(terminal, "kind-answers")
    assert (project.created_by, roles) == (people.olga.id, {olga: "owner"})


def test_a_project_without_an_owner_named_is_of_who_makes_it(
    either: Terminal, file: Path, tmp_path: Path
) -> None:
    settle(either)
    either.good("project", "create", file)
    assert found(either, "kind-answers")[1] == {"root@example.org": "owner"}
    other = tmp_path / "other.toml"
    other.write_text('title = "Other"')
    either.good("project", "create", other, "--as", "olga@example.org")
    assert found(either, "other")[1] == {"olga@example.org": "owner"}


def test_create_refuses(terminal: Terminal, people: Cast, file: Path) -> None:
    ada = ("--owner", "ada@example.org")
    assert "Only administrators" in terminal.refused(
        1, "project", "create", file, *ada, "--as", "ada@example.org"
    )
    file.write_text('title = ""\nsteps = 3\n[rubric]\nsteps = 12\n')
    said = terminal.refused(2, "project", "create", file, *ada)
    assert all(f"  {field}: " in said for field in ("title", "steps", "rubric.steps"))
    file.write_text("title: Kind answers")
    assert "is not a TOML file" in terminal.refused(2, "project", "create", file, *ada)
    file.write_bytes(b'title = "\xff"')
    assert "is not a TOML file" in terminal.refused(2, "project", "create", file, *ada)
    assert "does not exist" in terminal.refused(2, "project", "create", "nowhere.toml", *ada)
    assert terminal.good("project", "list").count("\n") == 1


def test_ask(either: Terminal, file: Path) -> None:
    settle(either)
    either.good("project", "create", file, "--owner", "olga@example.org")
    file.write_text('[[rubric.questions]]\nkind = "ranking"\nties = false\n')
    for number, more in (("2", ""), ("2", ", as before")):
        said = either.good("project", "ask", "kind-answers", file)
        assert said == f"kind-answers asks by form {number}{more}.\n"
    file.write_text('[[rubric.questions]]\nkind = "reason"\n')
    assert "main question" in either.refused(2, "project", "ask", "kind-answers", file)
    assert found(either, "kind-answers")[0].rubric_number == 2


def test_list(terminal: Terminal, people: Cast, file: Path) -> None:
    terminal.good("project", "create", file, "--owner", "olga@example.org")
    assert terminal.good("project", "list").splitlines() == [
        "helpful\tactive\tHelpful answers",
        "kind-answers\tactive\tKind answers",
    ]


def test_pause_resume_close(terminal: Terminal, people: Cast) -> None:
    states = {"pause": "paused", "resume": "active", "close": "closed"}
    for command, state in states.items():
        assert terminal.good("project", command, "helpful") == f"helpful is {state}.\n"
        assert found(terminal, "helpful")[0].state is ProjectState(state)


def test_moves_that_are_refused(terminal: Terminal, people: Cast) -> None:
    terminal.good("project", "close", "helpful")
    assert "open it again first" in terminal.refused(1, "project", "pause", "helpful")
    assert "`labeler project list`" in terminal.refused(1, "project", "pause", "nothing")
    ada, mallory = ("--as", "ada@example.org"), ("--as", "mallory@example.org")
    assert "Only an owner" in terminal.refused(1, "project", "resume", "helpful", *ada)
    assert "no such project" in terminal.refused(1, "project", "resume", "helpful", *mallory)
    assert found(terminal, "helpful")[0].state is ProjectState.closed


def test_invite_somebody_new_and_somebody_known(either: Terminal) -> None:
    settle(either)
    said = either.good("project", "invite", "helpful", "cy@example.org", "Cy")
    assert said.startswith("Cy <cy@example.org> is annotator of helpful.\n")
    assert "http://127.0.0.1:8000/link/" in said
    said = either.good(
        "project", "invite", "helpful", "mallory@example.org", "M", "--role", "reviewer"
    )
    assert said.startswith("Mallory <mallory@example.org> is reviewer of helpful.\n")
    roles = found(either, "helpful")[1]
    assert (roles["cy@example.org"], roles["mallory@example.org"]) == ("annotator", "reviewer")


def test_an_invitation_changes_nobodys_role(terminal: Terminal, people: Cast) -> None:
    invite = ("project", "invite", "helpful")
    said = terminal.refused(1, *invite, "olga@example.org", "Olga")
    assert "as owner" in said
    assert "is not one of" in terminal.refused(2, *invite, "a@b.org", "A", "--role", "king")


def test_place(either: Terminal) -> None:
    settle(either)
    place = ("project", "place", "helpful", "ada@example.org")
    assert either.good(*place) == "Ada judges every language; groups: none.\n"
    said = either.good(*place, "--language", "fr", "--language", "pt-BR", "--cohort", "Experts")
    assert said == "Ada judges fr pt-BR; groups: experts.\n"
    assert either.good(*place, "--any-language") == "Ada judges every language; groups: experts.\n"
    said = either.good(*place, "--no-cohort", "--language", "en")
    assert said == "Ada judges en; groups: none.\n"
    assert either.good(*place, "--place", "ke").endswith("groups: none; works in KE.\n")
    assert either.good(*place, "--no-place") == "Ada judges en; groups: none.\n"


def test_place_refuses(terminal: Terminal, people: Cast) -> None:
    place = ("project", "place", "helpful")
    ada = (*place, "ada@example.org")
    assert "languages.0: " in terminal.refused(2, *ada, "--language", "french")
    assert "undo" in terminal.refused(2, *ada, "--language", "fr", "--any-language")
    assert "place: 'Kenya' is not a country" in terminal.refused(2, *ada, "--place", "Kenya")
    assert "has no part" in terminal.refused(1, *place, "mallory@example.org")
    assert "Only an owner" in terminal.refused(1, *ada, "--as", "rex@example.org")


def test_an_invitation_may_say_what_they_judge(terminal: Terminal, people: Cast) -> None:
    invite = ("project", "invite", "helpful", "cy@example.org", "Cy", "--language", "sw")
    terminal.good(*invite, "--cohort", "night")
    said = terminal.good("project", "place", "helpful", "cy@example.org")
    assert said == "Cy judges sw; groups: night.\n"
