"""The benchmark of the statistics: its worlds are as described, its table says what is found."""

from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from bench import report
from bench.quality import __main__ as registry
from bench.quality.cost import alone
from bench.quality.rows import Row
from bench.quality.worlds import simulated
from labeler.stats.consensus import majority


def test_single_votes_are_right_and_agree_as_often_as_described() -> None:
    work = simulated(1, 20_000, people=2_000)
    assert (work.label == work.truth[:, None]).mean() == pytest.approx(0.777, abs=0.01)
    agreed = [(work.label[:, a] == work.label[:, b]).mean() for a, b in combinations(range(3), 2)]
    assert np.mean(agreed) == pytest.approx(0.67, abs=0.015)


def test_nobody_votes_twice_on_an_item() -> None:
    work = simulated(2, 500, people=12, most=10)
    assert all(len(set(people)) == 10 for people in work.annotator.tolist())


def test_votes_are_taken_in_the_order_in_which_they_come() -> None:
    work = simulated(3, 3, most=4)
    item, annotator, label = work.votes(np.array([0, 2, 1]))
    assert item.tolist() == [1, 1, 2]
    assert annotator.tolist() == [*work.annotator[1, :2], work.annotator[2, 0]]
    assert label.tolist() == [*work.label[1, :2], work.label[2, 0]]


def test_a_tie_is_half_right() -> None:
    work = simulated(4, 50, most=2)
    item, _, label = work.votes(2)
    split = work.label[:, 0] != work.label[:, 1]
    assert split.any()
    assert (work.right(majority(item, label, 2).posteriors)[split] == 0.5).all()


def test_what_is_measured_alone_has_its_data_in_memory() -> None:
    cost = alone(partial(np.ones, 10_000_000), np.sum)
    assert cost.peak_mb > 80


def test_parts_that_are_there_are_found() -> None:
    assert {"agreement", "consensus"} <= set(registry.present()) <= set(registry.PARTS)


def test_the_table_says_what_does_not_hold(tmp_path: Path) -> None:
    rows = [Row("this", "≤ 1", "0.5", holds=True), Row("that", "≤ 1", "2", holds=False)]
    told = registry.table("agreement", rows)
    assert told.splitlines()[-2:] == ["| this | ≤ 1 | 0.5 | yes |", "| that | ≤ 1 | 2 | **no** |"]
    page = tmp_path / "quality.md"
    page.write_text(registry.PAGE.read_text("utf-8"), "utf-8")
    report.write(told, page, registry.BEGIN)
    assert told in page.read_text("utf-8")
