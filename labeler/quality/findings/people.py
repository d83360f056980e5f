"""What each person's work looks like: for those who look after it, and never as a ranking."""

from collections.abc import Mapping
from functools import cache

import numpy as np

from labeler import said
from labeler.quality.findings.estimates import Finding, share
from labeler.quality.records import Array, Records
from labeler.quality.repeats import Pairs
from labeler.said import say
from labeler.stats import gold
from labeler.stats.agreement import tally
from labeler.stats.gold import GoldTest, Verdict

ACCURACY, ERROR = 0.9, 0.01
_WORDS = {
    Verdict.CAUGHT: say(
        "So many known answers were missed that it looks like pressing any button; somebody who "
        "reads is found so once in %(times)s times at most."
    ),
    Verdict.CLEARED: say("Known answers were met as by somebody who reads."),
    Verdict.NOT_YET: say("There are too few known answers to say more."),
}


def found(
    records: Records, pairs: Pairs, signals: Mapping[int, list[Finding]]
) -> dict[str, Finding]:
    """Return everybody's numbers, by id as a text, as JSON names things, with their signals."""
    right, others = _with_others(records)
    columns = {
        "judgments": np.bincount(records.person, minlength=len(records.people)),
        "met": _each(records, records.gold == 1),
        "gold": _each(records, records.gold >= 0),
        "first": _each(records, records.place == 0),
        "sided": _each(records, records.place >= 0),
        "right": right,
        "others": others,
        "same": np.bincount(pairs.person[pairs.same], minlength=len(records.people)),
        "twice": np.bincount(pairs.person, minlength=len(records.people)),
        "median_ms": _medians(records),
    }
    test = gold_test(int(records.compared.answers.max(initial=2)))
    tests = _gold_in_order(records)
    return {
        str(person_id): {
            **_row({name: int(column[at]) for name, column in columns.items()}),
            "gold_says": said.parts(_words(test, tests[at])),
            "signals": signals.get(int(person_id), []),
        }
        for at, person_id in enumerate(records.people)
    }


@cache
def gold_test(answers: int) -> GoldTest:
    """Return the test for whoever presses any of so many buttons."""
    return gold.gold_test(ACCURACY, 1 / answers, ERROR)


def _row(n: Mapping[str, int]) -> Finding:
    return {
        "judgments": n["judgments"],
        "median_ms": n["median_ms"],
        "gold": share(n["met"], n["gold"]),
        "with_others": share(n["right"], n["others"]),
        "side": share(n["first"], n["sided"]),
        "again": share(n["same"], n["twice"]),
    }


def _words(test: GoldTest, right: Array) -> str:
    verdict = gold.judge(test, right).verdict
    words = _WORDS[verdict]
    return say(words, times=round(1 / ERROR)) if verdict is Verdict.CAUGHT else words


def _each(records: Records, which: Array) -> Array:
    return np.bincount(records.person[which], minlength=len(records.people))


def _with_others(records: Records) -> tuple[Array, Array]:
    """Return how often each person said what most others did, and how often these had a most.

    Their own vote is not among those that it is compared with.
    """
    which = np.flatnonzero(records.counts)
    items, item = np.unique(records.item[which], return_inverse=True)
    label = records.label[which].astype(np.int64)
    counts = tally(item, label, len(items), records.n_labels).astype(np.int16)
    same, most = np.zeros(len(which), dtype=bool), np.zeros(len(which), dtype=bool)
    for first in range(0, len(which), CHUNK):
        part = slice(first, first + CHUNK)
        others = counts[item[part]]
        others[np.arange(len(others)), label[part]] -= 1
        top = others.max(axis=1)
        most[part] = (top > 0) & ((others == top[:, None]).sum(axis=1) == 1)
        same[part] = most[part] & (others[np.arange(len(others)), label[part]] == top)
    return _each(records, which[same]), _each(records, which[most])


CHUNK = 200_000
"""Votes that are compared with the others' at once."""


def _medians(records: Records) -> Array:
    """Return each person's median time; the lower one of two."""
    order = np.lexsort((records.duration_ms, records.person))
    n = np.bincount(records.person, minlength=len(records.people))
    middle = np.cumsum(n) - n + (np.maximum(n, 1) - 1) // 2
    return np.asarray(records.duration_ms[order][middle])


def _gold_in_order(records: Records) -> list[Array]:
    """Return, for each person, whether each known answer was met, in the order of judging."""
    which = np.flatnonzero(records.gold >= 0)
    which = which[np.argsort(records.person[which], kind="stable")]
    ends = np.cumsum(np.bincount(records.person[which], minlength=len(records.people)))
    return np.split(records.gold[which] == 1, ends[:-1])
