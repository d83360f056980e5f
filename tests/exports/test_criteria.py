"""Rules as a file: what is written is what is read."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.choosing import criteria
from exports.choosing.criteria import FORMATS, Criteria
from labeler.errors import Invalid

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
shares = st.floats(0, 1)
rules = st.builds(
    Criteria,
    formats=st.lists(st.sampled_from(FORMATS), min_size=1).map(tuple),
    min_judgments=st.none() | st.integers(1, 100),
    aggregation=st.sampled_from(["majority", "one_coin", "dawid_skene"]),
    min_margin=st.integers(1, 100),
    min_agreement=shares,
    min_posterior=shares,
    ranking_pairs=st.sampled_from(["all", "top", "adjacent"]),
    languages=st.none() | st.lists(st.sampled_from(["en", "sw", "bn"]), min_size=1).map(tuple),
    batches=st.none() | st.lists(texts, min_size=1, max_size=3).map(tuple),
    guidelines=st.none() | st.lists(st.integers(1, 99), min_size=1, max_size=3).map(tuple),
    since=st.none() | days.filter(lambda day: day < date(2025, 1, 1)),
    until=st.none() | days.filter(lambda day: day >= date(2025, 1, 1)),
    max_tokens=st.none() | st.integers(16, 10_000_000),
    free_text=st.booleans(),
    held_back=st.just("") | texts,
    test_share=shares,
    licence=st.sampled_from(["other", "mit", "cc-by-4.0"]),
)


@given(rules)
def test_rules_in_toml_are_read_as_they_were(chosen: Criteria) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rules.toml"
        path.write_text(criteria.toml(chosen), "utf-8", newline="")
        assert criteria.read(criteria.read_toml(path)) == chosen
    assert Criteria.model_validate(chosen.model_dump(mode="json")) == chosen  # as in a manifest


def test_what_is_not_set_is_left_out() -> None:
    assert criteria.toml(Criteria(since=date(2026, 11, 23), batches=('a "b"', "c\nd"))) == (
        'formats = ["comparisons", "dpo"]\naggregation = "majority"\nmin_margin = 1\n'
        'min_agreement = 0.0\nmin_posterior = 0.0\nranking_pairs = "all"\n'
        'batches = ["a \\"b\\"", "c\\nd"]\nsince = 2026-11-23\nfree_text = false\n'
        'held_back = ""\ntest_share = 0.1\nlicence = "other"\n'
    )


def test_one_wrong_value_of_several_is_said_of_the_rule() -> None:
    with pytest.raises(Invalid) as refusal:
        criteria.read({"guidelines": ["one", "2"], "batches": [1]})
    assert refusal.value.fields["guidelines"] == "This must be a whole number."
    assert list(refusal.value.fields) == ["batches", "guidelines"]


@pytest.mark.parametrize("content", [b"min_judgments = ", b"\xff", b'licence = "a'])
def test_a_file_that_is_no_toml_is_refused_by_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rules.toml").write_bytes(content)
    for name in ("rules.toml", "nowhere.toml"):
        with pytest.raises(Invalid, match=name):
            criteria.read_toml(tmp_path / name)
