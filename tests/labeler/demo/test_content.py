"""The demo's own project and pairs: made up, whole, and in every language that it names."""

from collections import Counter

from labeler import demo
from labeler.demo import players
from labeler.demo.simulation import Leaning
from labeler.people.memberships import Role
from labeler.work import drafts, layouts
from labeler.work.layouts import Row

ROWS = [row for file in demo.files() for row in layouts.read(file)]
GOOD = [row for row in ROWS if isinstance(row, Row)]


def test_every_row_can_be_loaded() -> None:
    assert [row for row in ROWS if not isinstance(row, Row)] == []
    assert len({row.id for row in GOOD}) == len(GOOD)


def test_sixty_prompts_and_more_in_the_languages_of_the_project() -> None:
    assert len({row.messages for row in GOOD}) >= 60
    languages = Counter(row.language for row in GOOD)
    assert set(languages) == set(demo.project()["languages"])
    assert set(languages) == {"en", "fr", "es", "de", "it", "sw", "bn"}
    assert min(languages.values()) >= 8


def test_what_is_hard_to_show_is_among_them() -> None:
    texts = [response.text for row in GOOD for response in row.responses]
    for mark in ("**", "```", "|---", "$"):
        assert sum(mark in text for text in texts) >= 3, mark


def test_every_pair_tells_the_simulated_annotators_what_is_true() -> None:
    leanings: Counter[Leaning] = Counter()
    for row in GOOD:
        leans = row.metadata["leans"]
        assert leans in (0, 1, None)
        assert row.gold is None or row.gold.better == leans
        leanings["both_bad" if row.metadata.get("both_bad") else leans] += 1
    assert min(leanings[0], leanings[1]) >= 20
    assert min(leanings[None], leanings["both_bad"]) >= 2


def test_the_project_can_be_made_as_written() -> None:
    draft = drafts.read(demo.project())
    assert "demo" in draft.title.lower()
    assert "made up" in draft.guidelines


def test_the_people_are_plainly_no_real_ones() -> None:
    assert {player.role for player in players.PLAYERS} == set(Role)
    assert all("demo" in player.name for player in players.PLAYERS)
    assert all(player.email.endswith("@demo.invalid") for player in players.PLAYERS)
    assert len(demo.annotators(seed=1)) == 12
