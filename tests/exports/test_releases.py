"""What makes two cuts the same release, what does not, and whether releases are as they were."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from exports import publishing
from exports.checking import verification
from exports.choosing.criteria import Criteria
from exports.choosing.pairs import Reason
from exports.files import manifests, writing
from exports.kept import releases
from exports.making import cutting
from exports.proof.envelopes import Signer
from labeler.database import Database
from labeler.errors import Conflict
from labeler.events import Event
from labeler.people.accounts import Person
from labeler.quality import adjudications, decisions
from labeler.quality.adjudications import Finding
from labeler.work import comparisons, listings
from labeler.work.projects import Project
from labeler.work.rubrics import Verdict
from tests.conftest import NewAddress, StoppedClock
from tests.exports.stories import Said, contents, plan, release, tell
from tests.make import judge_next, load_rows, make_row

VOTES: dict[str, list[Said]] = {"a": [0, 0], "b": [1, 1], "c": ["tie", 0]}


def judge_more(database: Database, project: Project, person: Person, by: Person) -> None:
    with database.writing() as session:
        load_rows(session, project, [make_row(50)], by=by)
        judge_next(session, project, person)
        session.commit()


def test_nothing_new_is_the_same_release(database: Database, tmp_path: Path) -> None:
    cast, project = tell(database, VOTES)
    made = [
        release(database, plan(database, project), tmp_path / name, data=tmp_path, by=cast.olga)
        for name in ("one", "other")
    ]
    assert [one.number for one in made] == [1, 1]
    assert contents(tmp_path / "one") == contents(tmp_path / "other")
    with database.reading() as session:
        assert [one.folder for one in releases.of_project(session, project.id)] == ["one"]
        kinds = session.scalars(sa.select(Event.kind).where(Event.kind.startswith("release")))
        assert list(kinds) == ["release.cut"]


def test_a_judgment_a_rule_or_an_exclusion_makes_another(
    database: Database, tmp_path: Path, frozen: StoppedClock
) -> None:
    cast, project = tell(database, VOTES)
    cuts = [plan(database, project)]
    release(database, cuts[0], tmp_path / "1", data=tmp_path, by=cast.olga)
    cuts.append(plan(database, project, min_margin=2))
    frozen.forward(seconds=1)
    with database.writing() as session:
        decisions.exclude(session, listings.page(session, project.id)[0], "Fast.", by=cast.rex)
        session.commit()
    cuts.append(plan(database, project))
    judge_more(database, project, cast.ada, cast.olga)
    cuts.append(plan(database, project))
    assert [cut.number for cut in cuts] == [1, 2, 2, 2]
    assert len({cut.pseudonym_key for cut in cuts}) == 4


def test_a_finding_makes_another_whose_row_says_so(
    database: Database, tmp_path: Path, frozen: StoppedClock
) -> None:
    cast, project = tell(database, VOTES)
    first = plan(database, project)
    release(database, first, tmp_path / "1", data=tmp_path, by=cast.olga)
    frozen.forward(seconds=1)
    with database.writing() as session:
        last = comparisons.page(session, project.id)[2]
        finding = Finding(Verdict.preference, 1)
        adjudications.adjudicate(session, last, finding, "0 is wrong.", by=cast.rex)
        session.commit()
    later = plan(database, project)
    assert (first.number, later.number) == (1, 2)
    release(database, later, tmp_path / "2", data=tmp_path, by=cast.olga)
    lines = [writing.read_lines(path) for path in (tmp_path / "2" / "jsonl").glob("dpo-*")]
    found = [row for rows in lines for row in rows if row["adjudicated"]]
    assert [(row["n_votes"], row["agreement"]) for row in found] == [(2, 0.0)]
    assert found[0]["chosen"][0]["content"] == "It is 2."
    assert verification.verify(tmp_path / "2") == []
    again = release(database, first, tmp_path / "again", data=tmp_path, by=cast.olga)
    assert again.number == 1
    assert contents(tmp_path / "again") == contents(tmp_path / "1")


def test_a_withdrawal_makes_another_and_leaves_the_first_as_it_was(
    database: Database, tmp_path: Path, frozen: StoppedClock
) -> None:
    cast, project = tell(database, VOTES)
    first = plan(database, project)
    release(database, first, tmp_path / "1", data=tmp_path, by=cast.olga)
    frozen.forward(seconds=1)
    with database.writing() as session:
        withdrawn = comparisons.page(session, project.id)[0]
        decisions.withdraw(session, withdrawn, "It names a person.", by=cast.olga)
        session.commit()
    later = plan(database, project)
    assert (later.number, later.mark.last_judgment_id) == (2, first.mark.last_judgment_id)
    release(database, later, tmp_path / "2", data=tmp_path, by=cast.olga)
    left_out = manifests.read(tmp_path / "2").left_out or ()
    assert {entry.id: entry.reason for entry in left_out}["a"] is Reason.withdrawn
    assert manifests.read(tmp_path / "2").counts.judgments == 4
    assert manifests.read(tmp_path / "2").counts.reasons[Reason.withdrawn] == 1
    assert verification.verify(tmp_path / "2") == []
    with database.reading() as session:
        again = releases.cut_of(project, releases.find(session, project, 1))
    release(database, again, tmp_path / "again", data=tmp_path, by=cast.olga)
    assert contents(tmp_path / "1") == contents(tmp_path / "again")


def test_a_release_can_be_made_again_whatever_came_since(
    database: Database, tmp_path: Path, frozen: StoppedClock
) -> None:
    cast, project = tell(database, VOTES)
    release(database, plan(database, project), tmp_path / "1", data=tmp_path, by=cast.olga)
    frozen.forward(days=1)
    judge_more(database, project, cast.ada, cast.olga)
    with database.reading() as session:
        cut = releases.cut_of(project, releases.find(session, project, 1))
    release(database, cut, tmp_path / "again", data=tmp_path, by=cast.olga)
    assert contents(tmp_path / "1") == contents(tmp_path / "again")


def test_another_key_signs_the_same_release(database: Database, tmp_path: Path) -> None:
    cast, project = tell(database, VOTES)
    release(database, plan(database, project), tmp_path / "1", data=tmp_path, by=cast.olga)
    with database.reading() as session:
        cut = releases.cut_of(project, releases.find(session, project, 1))
    with cutting.staged(cut, database.reading, tmp_path / "again", signer=Signer.make()):
        pass
    first, again = contents(tmp_path / "1"), contents(tmp_path / "again")
    others = {name for name in first if first[name] != again[name]}
    assert others == {manifests.ATTESTATION, manifests.PUBLIC_KEY}
    assert verification.verify(tmp_path / "again") == []


def test_nobody_can_be_followed_from_one_release_to_the_next(
    database: Database, tmp_path: Path
) -> None:
    cast, project = tell(database, VOTES)
    for number, margin in enumerate((1, 2)):
        cut = plan(database, project, min_margin=margin)
        release(database, cut, tmp_path / str(number), data=tmp_path, by=cast.olga)
    said = [b"".join(contents(tmp_path / name).values()).decode("latin-1") for name in "01"]
    with database.reading() as session:
        keys = [one.pseudonym_key for one in releases.of_project(session, project.id)]
        people = (cast.ada.id, cast.bea.id)
        mine = sa.select(Person.pseudonym_key).where(Person.id.in_(people))
        owned = [key or "" for key in session.scalars(mine)]
    names = [{releases.pseudonyms.pseudonym(key, own) for own in owned} for key in keys[::-1]]
    assert all(name in text for text, mine in zip(said, names, strict=True) for name in mine)
    assert names[0].isdisjoint(names[1])
    for word in ("Ada", "Bea", "example.org", *keys, *owned):
        assert word not in said[0] + said[1]


def test_two_at_once_do_not_share_a_number(database: Database, tmp_path: Path) -> None:
    cast, project = tell(database, VOTES)
    cuts = [plan(database, project), plan(database, project)]
    release(database, cuts[0], tmp_path / "1", data=tmp_path, by=cast.olga)
    with pytest.raises(Conflict):
        release(database, cuts[1], tmp_path / "2", data=tmp_path, by=cast.olga)
    assert not (tmp_path / "2").exists()


def test_a_release_that_comes_out_otherwise_is_refused(database: Database, tmp_path: Path) -> None:
    cast, project = tell(database, VOTES)
    cut = plan(database, project)
    release(database, cut, tmp_path / "1", data=tmp_path, by=cast.olga)
    other = replace(cut, criteria=Criteria(min_judgments=1))
    with pytest.raises(Conflict, match="could not be made again"):
        release(database, other, tmp_path / "2", data=tmp_path, by=cast.olga)
    assert not (tmp_path / "2").exists()


def test_faults_name_the_release(database: Database, tmp_path: Path) -> None:
    cast, project = tell(database, VOTES)
    for number in (1, 2):
        cut = plan(database, project, min_margin=number)
        release(database, cut, tmp_path / str(number), data=tmp_path, by=cast.olga)
    with database.reading() as session:
        assert list(publishing.faults(session, tmp_path)) == []
        (tmp_path / "1" / "README.md").write_text("Something nicer.")
        (tmp_path / "2").rename(tmp_path / "away")
        changed, gone = publishing.faults(session, tmp_path)
    assert "release 1 of helpful" in changed
    assert "README.md" in changed
    assert "release 2 of helpful" in gone
    assert "not there" in gone


def test_what_was_given_to_somebody_may_be_gone(database: Database, tmp_path: Path) -> None:
    cast, project = tell(database, VOTES)
    data, outside = tmp_path / "data", tmp_path / "outside"
    release(database, plan(database, project), outside, data=data, by=cast.olga)
    with database.reading() as session:
        assert list(publishing.faults(session, data)) == []
        (outside / "README.md").write_text("Something nicer.")
        assert len(list(publishing.faults(session, data))) == 1
        outside.rename(tmp_path / "given away")
        assert list(publishing.faults(session, data)) == []


@pytest.mark.parametrize("name", ["README.md", "MANIFEST.json", "MANIFEST.sha256"])
def test_contents_are_whole_or_nothing(new_address: NewAddress, tmp_path: Path, name: str) -> None:
    database = Database(new_address("sqlite"))
    cast, project = tell(database, VOTES)
    made = release(database, plan(database, project), tmp_path / "1", data=tmp_path, by=cast.olga)
    assert releases.contents(made, tmp_path) is not None
    (tmp_path / "1" / name).unlink()
    assert releases.contents(made, tmp_path) is None
    database.close()


def test_another_whole_release_in_its_place_is_a_fault(database: Database, tmp_path: Path) -> None:
    cast, project = tell(database, VOTES)
    for number in (1, 2):
        cut = plan(database, project, min_margin=number)
        release(database, cut, tmp_path / str(number), data=tmp_path, by=cast.olga)
    (tmp_path / "1").rename(tmp_path / "away")
    (tmp_path / "2").rename(tmp_path / "1")
    with database.reading() as session:
        fault, _gone = publishing.faults(session, tmp_path)
        first = releases.find(session, project, 1)
        assert releases.contents(first, tmp_path) is None
    assert "MANIFEST.json is not the one that was written" in fault
