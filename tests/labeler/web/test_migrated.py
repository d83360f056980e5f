"""What was judged elsewhere, on the pages of owners and reviewers."""

import pytest
import sqlalchemy as sa

from labeler.progress import offers
from labeler.progress.projects import median_ms
from labeler.quality.reviews import Review
from labeler.quality.snapshots import Snapshot
from labeler.work.layouts.shapes import TIE, better
from labeler.work.migrated import storing
from labeler.work.migrated.given import Brought
from tests.labeler.web.conftest import HELPFUL, Site
from tests.labeler.web.test_members import words
from tests.labeler.web.test_quality import refresh
from tests.labeler.work.migrated.test_storing import given
from tests.make import make_row


def bring(site: Site) -> None:
    """Bring twelve comparisons that three people judged elsewhere, and work out the quality."""
    brought = [
        Brought(
            make_row(n),
            tuple(
                given(who, TIE if (n + at) % 4 == 0 else better(n % 2, 1 + at), n * 5 + at)
                for at, who in enumerate(("Ines", "Omar", "Wen"))
            ),
        )
        for n in range(20, 32)
    ]
    with site.writing() as (session, project):
        storing.load(
            session,
            project,
            brought,
            source="elsewhere",
            name="old.jsonl",
            digest="d" * 64,
            by=site.people.olga,
        )
    refresh(site)


@pytest.mark.parametrize(
    "page",
    ["", "/quality", "/quality/disagreements", "/leaderboard", "/people", "/comparisons"],
)
def test_pages_show_it(site: Site, page: str) -> None:
    bring(site)
    assert site.visit("olga").get(HELPFUL + page).status_code == 200


def test_owners_see_who_judged_and_agreement_is_told(site: Site) -> None:
    bring(site)
    olga = site.visit("olga")
    assert "Two people say the same in" in words(olga.get(f"{HELPFUL}/quality").text)
    listed = words(olga.get(f"{HELPFUL}/people").text)
    assert all(f"{name} Judged elsewhere" in listed for name in ("Ines", "Omar", "Wen"))
    assert "Has left" not in listed


def test_times_that_nobody_knows_make_no_pace(site: Site) -> None:
    people = [f"P{n}" for n in range(12)]
    brought = [
        Brought(make_row(n), tuple(given(who, TIE, n, seconds=0) for who in people))
        for n in range(20, 60)
    ]
    with site.writing() as (session, project):
        storing.load(
            session,
            project,
            brought,
            source="elsewhere",
            name="old.jsonl",
            digest="d" * 64,
            by=site.people.olga,
        )
        assert offers.pace(session, project.id) is None
        assert median_ms(session, project.id) is None


def test_nobody_is_asked_to_look_at_whoever_cannot_be_heard(site: Site) -> None:
    brought = [
        Brought(make_row(n), (given("Ines", better(0, 1), n), given("Omar", better(n % 2, 1), n)))
        for n in range(20, 90)
    ]
    with site.writing() as (session, project):
        storing.load(
            session,
            project,
            brought,
            source="elsewhere",
            name="old.jsonl",
            digest="d" * 64,
            by=site.people.olga,
        )
    project_id = refresh(site)
    with site.database.reading() as session:
        snapshot = session.get_one(Snapshot, project_id)
        assert any(row["signals"] for row in snapshot.data["people"].values())
        about = sa.select(Review.person_id).where(Review.project_id == project_id)
        assert session.scalars(about.where(Review.person_id.is_not(None))).all() == []
