"""Money: whole numbers of a currency's smallest unit, with as many decimals as ISO 4217 says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeler.errors import Invalid
from labeler.pay import money

ALL = sorted(money.NO_DECIMALS | money.TWO_DECIMALS | money.THREE_DECIMALS | money.FOUR_DECIMALS)


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [
        ("JPY", 0), ("KRW", 0), ("VND", 0), ("CLP", 0), ("ISK", 0), ("UGX", 0), ("XOF", 0),
        ("EUR", 2), ("USD", 2), ("KES", 2), ("BDT", 2), ("CHF", 2), ("MGA", 2), ("HUF", 2),
        ("BHD", 3), ("IQD", 3), ("JOD", 3), ("KWD", 3), ("LYD", 3), ("OMR", 3), ("TND", 3),
        ("CLF", 4), ("UYW", 4),
    ],
)  # fmt: skip
def test_the_decimals_of_iso_4217(currency: str, decimals: int) -> None:
    assert money.exponent(currency) == decimals


def test_every_currency_is_listed_once() -> None:
    groups = [money.NO_DECIMALS, money.TWO_DECIMALS, money.THREE_DECIMALS, money.FOUR_DECIMALS]
    assert sum(map(len, groups)) == len(ALL)
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in ALL)


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "XXX", "DM", "€"])
def test_what_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(Invalid, match="not a currency of ISO 4217"):
        money.minor("1", currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("0.35", "EUR", 35),
        (" 0.35 ", "EUR", 35),
        ("12.4", "EUR", 1240),
        ("12.400", "EUR", 1240),
        ("7", "EUR", 700),
        ("0", "EUR", 0),
        ("7", "JPY", 7),
        ("7.0", "JPY", 7),
        ("0.355", "KWD", 355),
        ("0.0001", "CLF", 1),
    ],
)
def test_an_amount_is_read_exactly(amount: str, currency: str, minor: int) -> None:
    assert money.minor(amount, currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency", "complaint"),
    [
        ("0.355", "EUR", r"EUR has 2 decimals; 0\.355 has more"),
        ("0.5", "JPY", r"JPY has 0 decimals; 0\.5 has more"),
        ("0.3551", "KWD", "KWD has 3 decimals"),
        ("0.000000000001", "EUR", "EUR has 2 decimals"),
        ("0.3500000000000000000000000000000001", "EUR", "not an amount"),
    ],
)
def test_what_is_finer_than_the_currency_is_refused_never_rounded(
    amount: str, currency: str, complaint: str
) -> None:
    with pytest.raises(Invalid, match=complaint):
        money.minor(amount, currency)


@pytest.mark.parametrize(
    "amount",
    [
        "",
        "one",
        "1,5",
        "1.",
        ".5",
        "-1",
        "+1",
        "1e2",
        "1e999999999",
        "1_0",
        "NaN",
        "Infinity",
        "１",
    ],
)
def test_what_is_no_plain_amount_is_refused(amount: str) -> None:
    with pytest.raises(Invalid, match="not an amount of money"):
        money.minor(amount, "EUR")


def test_amounts_stay_within_what_every_reader_of_json_keeps() -> None:
    assert money.minor("90071992547409.92", "EUR") == 2**53
    with pytest.raises(Invalid, match="out of bounds"):
        money.minor("90071992547409.93", "EUR")


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1240, "EUR", "12.40 EUR"),
        (0, "EUR", "0.00 EUR"),
        (5, "EUR", "0.05 EUR"),
        (123456789, "EUR", "1,234,567.89 EUR"),
        (1240, "JPY", "1,240 JPY"),
        (1240, "KWD", "1.240 KWD"),
        (-35, "EUR", "-0.35 EUR"),
    ],
)
def test_amounts_are_written_with_all_their_decimals(minor: int, currency: str, text: str) -> None:
    assert money.text(minor, currency) == text


@given(st.integers(0, 2**53), st.sampled_from(ALL))
def test_what_is_written_is_read_as_the_same(minor: int, currency: str) -> None:
    assert money.minor(str(money.decimal(minor, currency)), currency) == minor
