"""Signals: what is unusual in somebody's work, each with judgments that a person can look at.

A signal is a reason for a person to look, and never does anything else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labeler import said
from labeler.quality.findings.estimates import known
from labeler.quality.findings.styles import leaning
from labeler.quality.records import Array, Records
from labeler.quality.repeats import Pairs
from labeler.quality.texts import Looks, Reason
from labeler.stats.signals.copying import copying_signals
from labeler.stats.signals.lean import lean_signal, pool_lean
from labeler.stats.signals.pace import pace_signals, reading_signals
from labeler.stats.signals.reasons import reason_signals
from labeler.stats.signals.repeats import repeat_signals
from labeler.stats.signals.sides import side_signals
from labeler.stats.signals.signal import Signal
from labeler.stats.signals.streaks import streak_signal

SHOWN = 10
"""How many judgments a signal leads to, at most: the last ones that show it."""
LATELY = 1000
"""Of how many of somebody's last judgments runs on one side are looked for."""


@dataclass(frozen=True)
class Found:
    """One signal about one person: its kind, why to look, and what that was seen from, as JSON."""

    kind: str
    person_id: int
    sentence: str
    evidence: dict[str, Any]


def found(
    records: Records, pairs: Pairs, looks: Looks, reasons: Sequence[Reason]
) -> Sequence[Found]:
    """Return everything that is noticeable in anybody's work."""
    every = (
        *_sides(records),
        *_streaks(records),
        *_repeats(records, pairs),
        *_paces(records, looks),
        *_lengths(records, looks),
        *_reasons(records, reasons),
        *_copying(records),
    )
    return [each for each, noticeable in every if noticeable]


def _found(
    records: Records, kind: str, person: int, signal: Signal, which: Array
) -> tuple[Found, bool]:
    """Put a signal together; `which` are places of judgments among the records."""
    last = np.sort(which)[-SHOWN:]
    evidence = {
        "value": known(signal.statistic),
        "low": known(signal.interval.low),
        "high": known(signal.interval.high),
        "n": signal.n,
        "chance": known(signal.chance),
        "judgments": records.id[last].tolist(),
        "comparisons": records.compared.id[records.item[last]].tolist(),
    }
    person_id = int(records.people[person])
    return Found(kind, person_id, signal.sentence, evidence), signal.noticeable


def _sides(records: Records) -> Iterator[tuple[Found, bool]]:
    first = np.bincount(records.person[records.place == 0], minlength=len(records.people))
    n = np.bincount(records.person[records.place >= 0], minlength=len(records.people))
    for person, signal in enumerate(side_signals(first, n)):
        if signal.noticeable:
            side = 0 if signal.statistic > 0.5 else 1
            which = np.flatnonzero((records.person == person) & (records.place == side))
            yield _found(records, "sides", person, signal, which)


def _streaks(records: Records) -> Iterator[tuple[Found, bool]]:
    for person, which in _by_person(records.person, records.place >= 0):
        lately = which[-LATELY:]
        side = records.place[lately]
        yield _found(records, "streak", person, streak_signal(side), _longest(lately, side))


def _longest(which: Array, side: Array) -> Array:
    """Return the judgments of the longest run on one side."""
    runs = np.split(which, np.flatnonzero(np.diff(side)) + 1)
    return max(runs, key=len)


def _repeats(records: Records, pairs: Pairs) -> Iterator[tuple[Found, bool]]:
    answers = records.compared.answers[records.item]
    response = np.where(records.label < answers, records.label, -1)
    for person, at in _by_person(pairs.person, np.ones(len(pairs.person), dtype=bool)):
        before, after = pairs.before[at], pairs.after[at]
        sides = records.place[before], records.place[after]
        signals = repeat_signals(response[before], response[after], *sides)
        changed = after[response[before] != response[after]]
        yield _found(records, "changed_mind", person, signals.response, changed)
        if (sides[0] >= 0).any():
            aside = after[(sides[0] == sides[1]) & (sides[0] >= 0)]
            yield _found(records, "same_side", person, signals.side, aside)


def _paces(records: Records, looks: Looks) -> Iterator[tuple[Found, bool]]:
    """Compare people who read the same language with each other."""
    read = np.flatnonzero(~records.is_repeat)
    there, place = looks.of(records.item[read])
    read, words = read[there], looks.words[place]
    language = records.compared.language[records.item[read]]
    for each in np.unique(language):
        here = language == each
        given = records.person[read[here]], words[here], records.duration_ms[read[here]] / 1000
        yield from _pace(records, read[here], given)


def _pace(
    records: Records, read: Array, given: tuple[Array, Array, Array]
) -> Iterator[tuple[Found, bool]]:
    person, words, seconds = given
    quick = np.argsort(seconds / np.maximum(words, 1), kind="stable")
    for kind, signals in (("pace", pace_signals(*given)), ("reading", reading_signals(*given))):
        for who, signal in signals.items():
            if signal.noticeable:
                quickest = quick[person[quick] == who][:SHOWN]
                yield _found(records, kind, who, signal, read[quickest])


def _lengths(records: Records, looks: Looks) -> Iterator[tuple[Found, bool]]:
    which, apart, chosen = leaning(records, looks)
    pool = pool_lean(apart, chosen).statistic
    for person, at in _by_person(records.person[which], np.ones(len(which), dtype=bool)):
        signal = lean_signal(apart[at], chosen[at], pool)
        yield _found(records, "length", person, signal, which[at[apart[at] != 0]])


def _reasons(records: Records, reasons: Sequence[Reason]) -> Iterator[tuple[Found, bool]]:
    said_why = np.array([each.judgment_id for each in reasons], dtype=np.int64)
    place = np.searchsorted(records.id, said_why)
    who = {int(each): at for at, each in enumerate(records.people)}
    signals = reason_signals([(who[each.person_id], each.text) for each in reasons])
    for person, signal in signals.items():
        mine = place[records.person[place] == person]
        yield _found(records, "own_reasons", person, signal.own, mine)
        yield _found(records, "others_reasons", person, signal.others, mine)


def _copying(records: Records) -> Iterator[tuple[Found, bool]]:
    """Tell of both people; neither is said to copy the other."""
    which = np.flatnonzero(records.counts)
    said_of = records.item[which], records.person[which], records.label[which]
    for pair in copying_signals(*said_of):
        if not pair.signal.noticeable:
            continue
        shared = _shared(records, which, pair.first, pair.second)
        for one, other in ((pair.first, pair.second), (pair.second, pair.first)):
            mine = shared[records.person[shared] == one]
            told, noticeable = _found(records, "copying", one, pair.signal, mine)
            told.evidence["with"] = int(records.people[other])
            yield told, noticeable


def _shared(records: Records, which: Array, one: int, other: int) -> Array:
    """Return both people's votes on what both judged alike."""
    ours = which[np.isin(records.person[which], (one, other))]
    key = records.item[ours].astype(np.int64) * records.n_labels + records.label[ours]
    _, place, times = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(ours[times[place] == 2])


def _by_person(person: Array, which: Array) -> Iterator[tuple[int, Array]]:
    """Yield each person with the places of theirs, in order."""
    places = np.flatnonzero(which)
    places = places[np.argsort(person[places], kind="stable")]
    people, begin = np.unique(person[places], return_index=True)
    yield from zip(people.tolist(), np.split(places, begin[1:]) if len(people) else [], strict=True)


def by_person(signals: Sequence[Found]) -> Mapping[int, list[dict[str, Any]]]:
    """Return what was found about each person, as a snapshot keeps it."""
    noted: dict[int, list[dict[str, Any]]] = {}
    for each in signals:
        row = {"kind": each.kind, "says": said.parts(each.sentence), **each.evidence}
        noted.setdefault(each.person_id, []).append(row)
    return noted
