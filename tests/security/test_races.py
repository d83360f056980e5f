"""Two things at the same moment: a change and an exclusion, one key twice, a right just taken."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from labeler import audit
from labeler.work.judgments import Judgment
from tests.calling import API
from tests.security.stage import Stage
from tests.visits import Visit


def at_once(*acts: Callable[[], int]) -> list[int]:
    with ThreadPoolExecutor(len(acts)) as pool:
        return [done.result() for done in [pool.submit(act) for act in acts]]


def sound(stage: Stage) -> None:
    with stage.database.reading() as session:
        assert list(audit.faults(session)) == []


def versions(stage: Stage) -> int:
    with stage.database.reading() as session:
        mine = sa.select(Judgment).where(Judgment.assignment_id == int(stage.ids["done"]))
        return len(session.scalars(mine).all())


def change(visit: Visit, stage: Stage, key: str) -> Callable[[], int]:
    path = stage.path("/work/{done}/change")
    visit.get(path)
    return lambda: visit.post(path, choice="3", key=key).status_code


def test_a_change_and_an_exclusion(fresh: Stage) -> None:
    with fresh.database.reading() as session:
        judged = session.get_one(Judgment, int(fresh.ids["judgment"])).comparison_id
    excluding = fresh.path(f"/projects/helpful/comparisons/{judged}/judgments/{{judgment}}/exclude")
    rex = fresh.visits["rex"]
    statuses = at_once(
        change(fresh.visits["ada"], fresh, str(uuid.uuid4())),
        lambda: rex.post(excluding, reason="No.").status_code,
    )
    assert sorted(statuses) == [302, 409]
    sound(fresh)


def test_two_changes(fresh: Stage) -> None:
    tabs = [Visit(fresh.app).arrive("ada@example.org") for _ in range(3)]
    statuses = at_once(*(change(tab, fresh, str(uuid.uuid4())) for tab in tabs))
    assert versions(fresh) == 1 + statuses.count(302)
    assert set(statuses) <= {302, 409}
    sound(fresh)


def test_one_change_sent_often(fresh: Stage) -> None:
    tabs = [Visit(fresh.app).arrive("ada@example.org") for _ in range(3)]
    key = str(uuid.uuid4())
    statuses = at_once(*(change(tab, fresh, key) for tab in tabs))
    assert versions(fresh) == 2
    assert 302 in statuses
    assert set(statuses) <= {302, 409}
    sound(fresh)


def test_one_judgment_sent_often(fresh: Stage) -> None:
    ada, said = fresh.callers["ada"], {"key": str(uuid.uuid4()), "choice": 2}
    path = fresh.path(f"{API}/assignments/{{held}}/judgment")

    def submit() -> int:
        client = fresh.app.test_client()
        return client.post(path, json=said, headers=ada.headers).status_code

    statuses = at_once(*[submit] * 4)
    assert sorted(statuses) == [200, 200, 200, 201]
    sound(fresh)
