"""What leaderboards cost: a million votes on thirty models, in all languages and categories."""

from functools import partial
from typing import Any

import numpy as np

from bench.quality import cost
from bench.quality.rows import Row
from labeler.quality.findings import boards
from labeler.quality.findings.duels import Duels
from labeler.quality.records import Compared
from labeler.quality.texts import Looks

VOTES, MODELS, PEOPLE = 1_000_000, 30, 300
COMPARISONS, SAMPLE = 333_334, 20_000
LANGUAGES, CATEGORIES = 7, 10
SECONDS, MEGABYTES = 60, 1_000


def measure(seed: int) -> list[Row]:
    """Work out the leaderboards of a whole project."""
    found = cost.alone(partial(_drawn, seed), _worked_out)
    cells = (LANGUAGES + 1) * (CATEGORIES + 1)
    what = f"{cells} leaderboards of {VOTES:,} votes, {MODELS} models, looks and votes fewer too"
    holds = found.seconds <= SECONDS and found.peak_mb <= MEGABYTES
    return [Row(what, f"≤ {SECONDS} s, ≤ {MEGABYTES:,} MB", str(found), holds)]


def _worked_out(drawn: tuple[Duels, Compared, Looks]) -> int:
    return len(list(boards.found(*drawn)))


def _drawn(seed: int) -> tuple[Duels, Compared, Looks]:
    rng = np.random.default_rng(seed)
    models = rng.integers(0, MODELS, COMPARISONS)
    models = np.stack([models, (models + rng.integers(1, MODELS, COMPARISONS)) % MODELS], axis=1)
    looks = _looks(rng)
    item = np.sort(rng.integers(0, COMPARISONS, VOTES))
    first_left = rng.random(VOTES) < 0.5
    left, right = np.where(first_left[:, None], models[item], models[item][:, ::-1]).T
    strengths = rng.normal(0, 0.5, MODELS)
    margin = strengths[left] - strengths[right] + 0.1
    won = rng.random(VOTES) < 1 / (1 + np.exp(-margin))
    outcome = np.where(rng.random(VOTES) < 0.2, 2, np.where(won, 0, 1))
    duels = Duels(
        *(left, right, outcome, np.arange(VOTES)),
        item=item,
        person=rng.integers(0, PEOPLE, VOTES),
        first_left=first_left,
        both_bad=(outcome == 2) & (rng.random(VOTES) < 0.3),
        names=[f"model-{number}" for number in range(MODELS)],
        has_sides=True,
        has_several=False,
        unnamed=np.zeros(0, dtype=np.int64),
    )
    return duels, _compared(rng, models), looks


def _compared(rng: np.random.Generator, models: Any) -> Compared:
    return Compared(
        id=np.arange(COMPARISONS),
        language=rng.integers(0, LANGUAGES, COMPARISONS),
        category=rng.integers(0, CATEGORIES, COMPARISONS),
        is_adaptive=np.zeros(COMPARISONS, dtype=bool),
        answers=np.full(COMPARISONS, 2),
        models=models,
        languages=[f"l{number}" for number in range(LANGUAGES)],
        categories=[f"c{number}" for number in range(CATEGORIES)],
        names=[f"model-{number}" for number in range(MODELS)],
    )


def _looks(rng: np.random.Generator) -> Looks:
    item = np.sort(rng.choice(COMPARISONS, SAMPLE, replace=False))
    styles = rng.poisson([800, 1, 4, 3], (SAMPLE, 2, 4))
    return Looks(item, np.full(SAMPLE, 200), styles, np.ones(SAMPLE, dtype=bool))
