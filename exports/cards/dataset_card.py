"""The dataset card: README.md, with the front matter that Hugging Face's loader reads."""

import json
from collections.abc import Sequence
from datetime import datetime

from jinja2 import Template

from exports.cards import markup
from exports.choosing.pairs import WORDS
from exports.choosing.splits import SPLITS
from exports.files.manifests import Counts, HeldReasons
from exports.files.surveys import Estimate, Pay, Survey
from exports.kept.releases import Cut
from labeler.pay import money
from labeler.people.remarks import Spoken
from labeler.work.layouts import UNKNOWN_LANGUAGE
from labeler.work.rubrics import Rubric

NAME = "README.md"
SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


ABOUT = {
    "comparisons": "every comparison with every judgment on it; not for training as it is",
    "dpo": "pairs of which one answer is better",
    "dpo_per_vote": "a row for each vote: pairs on which people disagree come both ways",
    "reward": "the pairs of `dpo` with `margin`, how much better the chosen answer is, from 0 to 1",
    "kto": "single answers, good (`label` true) or bad, mixed",
    "ranking": "answers in the order that people put them in, best first",
    "sft": "the better answers alone",
    "criteria": "pairs of which one answer is better by a criterion",
    "edits": "texts that people improved, each with what it was",
}

PAIRS = ("dpo", "reward", "openai", "llamafactory", "nemo")
"""Formats of which each row is a pair."""


def text(
    cut: Cut,
    counts: Counts,
    survey: Survey,
    *,
    pay: Sequence[Pay],
    scales: Sequence[Rubric],
    remark: Spoken | None,
    agreement: tuple[Estimate, Estimate],
    flip_rates: tuple[float | None, float | None],
    from_elsewhere: bool,
    words: str,
) -> str:
    """Write the card of a release; `remark` is what the workers' representative says of it.

    `from_elsewhere` says that people judged elsewhere, whose judgments were brought here.

    `agreement` is raw and alpha, `flip_rates` are those of pairs and of single votes; `words` are
    the owner's, in Markdown.
    """
    raw, alpha = agreement
    return _template().render(
        cut=cut,
        counts=counts,
        survey=survey,
        scales=[(rubric.number, rubric.pairwise) for rubric in scales if rubric.pairwise],
        pay=[_pay(one) for one in pay],
        agreement=[("share of equal pairs of votes", raw), ("Krippendorff’s alpha", alpha)],
        languages=[tag for tag in counts.languages if tag != UNKNOWN_LANGUAGE],
        size=next((name for most, name in SIZES if counts.used < most), "10M<n<100M"),
        configs=[(name, counts.formats[name]) for name in _in_parquet(counts)],
        main=_main(counts),
        about=ABOUT,
        splits=[
            split for split in SPLITS if any(split in one.splits for one in counts.formats.values())
        ],
        reasons=[(WORDS[reason], count) for reason, count in counts.reasons.items()],
        remark=remark,
        flip_rates=_flip_rates(counts, *flip_rates),
        held=_held(counts.held_reasons),
        from_elsewhere=from_elsewhere,
        words=words.strip(),
    )


def _flip_rates(
    counts: Counts, of_pairs: float | None, of_votes: float | None
) -> list[tuple[str, float]]:
    """Return the estimated share of flipped rows in each format that holds pairs or votes."""
    rates = dict.fromkeys(PAIRS, of_pairs) | {"dpo_per_vote": of_votes}
    found = ((name, rates.get(name)) for name in counts.formats)
    return [(name, rate) for name, rate in found if rate is not None]


def _held(found: HeldReasons | None) -> list[tuple[str, int, str]]:
    """Return how many reasons that are held stand how, with what was found first in them."""
    if found is None:
        return []
    stands = {
        "let go by an owner who read them": found.let_go,
        "kept out by an owner who read them": found.kept_out,
        "read by nobody yet, and left out": found.undecided,
    }
    return [
        (words, sum(kinds.values()), ", ".join(f"{kind} {n:,}" for kind, n in kinds.items()))
        for words, kinds in stands.items()
    ]


def _in_parquet(counts: Counts) -> list[str]:
    """Return the formats that a loader finds by name, as they are listed."""
    return [name for name in ABOUT if name in counts.formats and counts.formats[name].rows]


def _main(counts: Counts) -> str:
    """Return the format that a loader takes if none is named."""
    there = _in_parquet(counts)
    return "dpo" if "dpo" in there else there[-1] if there else ""


def body(card: str) -> str:
    """Return what people read of a card: all but the front matter."""
    return card.partition("\n---\n")[2] if card.startswith("---\n") else card


def _template() -> Template:
    return markup.template(
        "dataset_card.md",
        day=_day,
        percent=_percent,
        quoted=_quoted,
        said=markup.quoted,
        share="{:.3f}".format,
        three=_three,
    )


def _pay(pay: Pay) -> dict[str, str | int]:
    least, most = (money.text(one, pay.currency) for one in (pay.least_minor, pay.most_minor))
    return {
        "rate": least if least == most else f"{least} to {most}",
        "total": money.text(pay.total_minor, pay.currency),
        "judgments": pay.judgments,
    }


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # which is YAML too


def _three(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"
