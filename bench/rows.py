"""Rows as the tables keep them: plain tuples that fit together."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from bench.bulk import Bulk
from bench.texts import Texts

PROMPTS = "id, project_id, digest, messages, language"
COMPARISONS = (
    "id, project_id, batch_id, lane_id, prompt_id, external_id, language, is_gold, shuffle, "
    "wanted, surplus, taken, judged, votes, withdrawn_at, details"
)
RESPONSES = "id, project_id, comparison_id, number, text, model, provenance"


class Words(NamedTuple):
    """How many words a prompt and each of its answers have, about."""

    prompt: int
    answer: int


@dataclass(frozen=True)
class Place:
    """Where new comparisons belong, and the first ids that nothing has."""

    project_id: int
    batch_id: int
    lane_id: int
    comparisons: int
    prompts: int
    responses: int


class Compared(NamedTuple):
    """The `n`th comparison from the first free id on, and how it stands."""

    n: int
    wanted: int
    judged: int = 0
    votes: int = 0


def write_comparisons(
    writer: Bulk, place: Place, made: list[Compared], words: Words, texts: Texts, random: Random
) -> None:
    """Write comparisons, each with a prompt of its own and two answers."""
    writer.write("prompts", PROMPTS, (_prompt(place, each.n, words, texts) for each in made))
    writer.write("comparisons", COMPARISONS, (_comparison(place, each, random) for each in made))
    writer.write("responses", RESPONSES, _responses(place, made, words, texts))


def _prompt(place: Place, n: int, words: Words, texts: Texts) -> tuple[object, ...]:
    said = f"{place.prompts + n}: {texts.some(words.prompt)}"
    digest = hashlib.sha256(json.dumps([["user", said]], ensure_ascii=False).encode()).hexdigest()
    messages = json.dumps([{"role": "user", "content": said}])
    return place.prompts + n, place.project_id, digest, messages, "en"


def _comparison(place: Place, made: Compared, random: Random) -> tuple[object, ...]:
    number = place.comparisons + made.n
    where = place.project_id, place.batch_id, place.lane_id, place.prompts + made.n
    stand = made.wanted, 0, made.judged, made.judged, made.votes, None, "{}"
    return number, *where, f"c-{number}", "en", False, random.getrandbits(62), *stand


def _responses(
    place: Place, made: list[Compared], words: Words, texts: Texts
) -> Iterable[tuple[object, ...]]:
    for each in made:
        comparison = place.project_id, place.comparisons + each.n
        for number in (0, 1):
            text = f"{number}: {texts.some(words.answer)}"
            row = place.responses + 2 * each.n + number
            yield row, *comparison, number, text, f"model-{number}", "{}"
