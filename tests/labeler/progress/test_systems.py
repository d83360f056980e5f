"""The register tells the numbers by which programs go, read from where they go by them."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from labeler.pay import earnings
from labeler.progress import systems
from labeler.quality import brakes
from labeler.stats.signals import pace
from labeler.work.projects import Project
from tests.cast import Cast
from tests.make import make_project


def numbers(project: Project | None = None) -> dict[str, list[systems.Value]]:
    """Return the numbers of each system."""
    found = systems.register(project)
    return {each.name: [one.value for one in each.parameters] for each in found}


def test_its_numbers_are_those_of_the_running_code(monkeypatch: pytest.MonkeyPatch) -> None:
    before = numbers()
    assert before["approval"] == [72] and before["brakes"] == [5, 10, 5, 20]
    monkeypatch.setattr(earnings, "WINDOW", timedelta(hours=48))
    monkeypatch.setattr(brakes, "PER_DAY", 3)
    monkeypatch.setattr(pace, "LEVEL", 0.01)
    now = numbers()
    assert now["approval"] == [48] and now["brakes"] == [5, 3, 5, 20]
    assert (before["pace-of-reading"][-1], now["pace-of-reading"][-1]) == (1000, 100)
    differ = {name for name in now if now[name] != before[name]}
    assert differ == {"approval", "brakes", "pace-of-reading"}


def test_a_projects_settings_stand_in_it(session: Session, cast: Cast) -> None:
    plain = make_project(session, cast)
    adaptive = make_project(
        session,
        cast,
        slug="adaptive",
        gold_share=0.25,
        adaptive={"most": 9, "confidence": 0.975},
        qualification={"questions": 10, "right": 8},
        most_per_language={"bn": 40},
    )
    one, other = numbers(plain), numbers(adaptive)
    assert one["redundancy"][:2] == [2, 2] and other["redundancy"][:3] == [2, 9, 0.975]
    assert (one["qualification"], other["qualification"]) == ([None, None], [10, 8])
    assert other["queue"][0] == 0.25 and "bn: 40" in other["queue"]
    assert other["reviews"][0] == 0.975
    adaptive.gold_share = 0.3
    assert numbers(adaptive)["queue"][0] == 0.3
