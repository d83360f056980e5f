"""A part of the summary of training content of Art. 53(1)(d) of Regulation (EU) 2024/1689.

The summary is the model provider's and tells of all that a model was trained on. This is what a
release adds to its sections 1.3, 2.2.2, 2.5 and 2.6, to be copied there. No legal advice.
"""

from exports.cards import markup
from exports.cards.labor.model import LaborCard, Model
from exports.cards.labor.writing import told

NAME = "eu_training_summary.md"
CHARACTERS_PER_TOKEN = 4
"""A rule of thumb for English; in other scripts a token is shorter."""
RANGES = ((10**9, "less than 1 billion"), (10**13, "1 billion to 10 trillion"))
MOST = "more than 10 trillion"
WHAT = (
    "What release {version} of this dataset adds to the summary that providers of general-purpose "
    "AI models publish under Art. 53(1)(d) of Regulation (EU) 2024/1689, by the sections of its "
    "template. Sections that are not here have nothing of this release. What is trained on it is "
    "for its provider to say."
)


def text(card: LaborCard, *, characters: int) -> str:
    """Write the part; `characters` says how long all prompts and answers are together."""
    data, said, days = card.dataset, card.ai_act.art53_1d, (card.time.from_, card.time.to)
    return "\n".join(
        [
            f"# For the summary of training content: {markup.plain(data.name)}",
            "",
            WHAT.format(version=markup.plain(data.version)),
            "",
            *_size(card, characters),
            "## 2.2.2 Private datasets obtained from other third parties",
            "",
            f"- {said.other_third_party}",
            "- If they belong to a public dataset or were crawled, they go under 2.1 or 2.3.",
            "",
            "## 2.5 Synthetic data",
            "",
            f"- {markup.plain(said.synthetic)}",
            "",
            *_models(card.models),
            "## 2.6 Other sources of data",
            "",
            f"- {said.other}",
            f"- Who judged: {_people(card)}. When: {told(days[0])} to {told(days[1])}.",
            "",
        ]
    )


def _size(card: LaborCard, characters: int) -> list[str]:
    """Tell of what kind the data are, how much there is, in which languages and until when."""
    data = card.dataset
    tokens = characters // CHARACTERS_PER_TOKEN
    size = next((words for most, words in RANGES if tokens < most), MOST)
    by = f"{characters:,} characters of prompts and answers, {CHARACTERS_PER_TOKEN} to a token"
    tags = ", ".join(data.languages) or "not stated"
    return [
        "## 1.3 Modalities, size and languages",
        "",
        "- Modality: text. Content: prompts, answers of models, and which answer people prefer.",
        f"- {data.items:,} comparisons with {data.judgments:,} judgments.",
        f"- Size: {size} tokens (estimated: {by}).",
        f"- Languages: {tags}.",
        f"- Latest date of collection: {told(card.time.to)}.",
        "",
    ]


def _models(models: tuple[Model, ...]) -> list[str]:
    if not models:
        return []
    rows = [
        f"| {markup.plain(each.name)} | {told(each.revision)} | {told(each.provider)} "
        f"| {told(each.licence)} | {markup.plain(each.output_use)} | {each.responses:,} |"
        for each in models
    ]
    head = "| model | revision | provider | licence | answers may be used | answers |"
    return [head, "|---|---|---|---|---|---:|", *rows, ""]


def _people(card: LaborCard) -> str:
    rows = card.workforce.by_country
    where = ", ".join(f"{row.country} {row.annotators:,}" for row in rows)
    return f"{card.workforce.size} ({where})" if where else card.workforce.size
