"""What a release adds to the summary of training content: sections, sizes, languages, dates."""

from sqlalchemy.orm import Session

from exports.cards import training_summary
from tests.conftest import StoppedClock
from tests.exports.crowds import card, facts, gather


def test_it_has_the_sections_with_sizes_languages_and_dates(
    session: Session, frozen: StoppedClock
) -> None:
    crowd = gather(session, frozen, {"FR": ("fr", 10)})
    data = facts(name="Helpful | *answers*", languages=("fr",), items=10, judgments=10)
    text = training_summary.text(card(session, crowd, dataset=data), characters=12_000)
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert [line.split()[1] for line in headings] == ["1.3", "2.2.2", "2.5", "2.6"]
    assert "Helpful \\| \\*answers\\*" in text
    assert "10 comparisons with 10 judgments" in text
    size = "12,000 characters of prompts and answers, 4 to a token"
    assert f"less than 1 billion tokens (estimated: {size})" in text
    assert "Languages: fr." in text and "Latest date of collection: 2026-11-23." in text
    assert "| model-x | – | – | Apache-2.0 | unrestricted |" in text
    assert "Who judged: 10 people (FR 10)." in text


def test_of_few_people_no_country_is_named(session: Session, frozen: StoppedClock) -> None:
    crowd = gather(session, frozen, {"FR": ("fr", 3)})
    data = facts(languages=("fr",), items=3, judgments=3)
    text = training_summary.text(card(session, crowd, dataset=data), characters=0)
    assert "Who judged: fewer than 10 people." in text
    assert "FR" not in text
