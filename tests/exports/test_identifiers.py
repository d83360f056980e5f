"""Numbers with a check digit: published examples, and one digit that is wrong."""

from collections.abc import Callable, Iterator

import pytest

from exports.privacy.identifiers import (
    Span,
    cards,
    codici_fiscali,
    dnis,
    ibans,
    insees,
    steuer_ids,
)

Finder = Callable[[str], Iterator[Span]]

# Numbers for testing of the card brands, examples of the IBAN registry and of the offices.
RIGHT: list[tuple[Finder, str]] = [
    (cards, "4111111111111111"),
    (cards, "4111-1111-1111-1111"),
    (cards, "5555 5555 5555 4444"),
    (cards, "2223003122003222"),
    (cards, "3782 822463 10005"),
    (cards, "30569309025904"),
    (cards, "6011111111111117"),
    (ibans, "DE89 3704 0044 0532 0130 00"),
    (ibans, "GB82WEST12345698765432"),
    (ibans, "FR14 2004 1010 0505 0001 3M02 606"),
    (ibans, "ES9121000418450200051332"),
    (ibans, "IT60X0542811101000000123456"),
    (insees, "1 80 12 75 123 456 42"),
    (insees, "295109912611193"),
    (insees, "186022A21532523"),
    (dnis, "12345678Z"),
    (dnis, "12.345.678-Z"),
    (dnis, "54362315K"),
    (dnis, "X-2482300-W"),
    (codici_fiscali, "RSSMRA85T10A562S"),
    (codici_fiscali, "rccmnl83s18d969h"),
    (steuer_ids, "36 574 261 809"),
    (steuer_ids, "86095742719"),
]
named = pytest.mark.parametrize(("finder", "number"), RIGHT, ids=[number for _, number in RIGHT])


def seen(finder: Finder, text: str) -> list[str]:
    return [text[start:end] for start, end in finder(text)]


@named
def test_published_examples(finder: Finder, number: str) -> None:
    assert seen(finder, f"({number}), or {number}.") == [number, number]


@named
def test_any_digit_that_is_wrong_is_noticed(finder: Finder, number: str) -> None:
    places = [at for at, each in enumerate(number) if each.isdecimal()]
    wrong = [
        f"{number[:at]}{digit}{number[at + 1 :]}"
        for at in places
        for digit in "0123456789"
        if digit != number[at]
    ]
    assert [each for each in wrong if seen(finder, each)] == []


@named
def test_inside_of_something_longer_it_is_something_else(finder: Finder, number: str) -> None:
    assert seen(finder, f"a{number}") == []
    assert seen(finder, f"{number}7b") == []


def test_words_around_an_account_in_capitals() -> None:
    text = "KTO NR12 IBAN DE89 3704 0044 0532 0130 00 BIC COBADEFF FR14 2004"
    assert seen(ibans, text) == ["DE89 3704 0044 0532 0130 00"]


def test_what_stands_after_a_card() -> None:
    assert seen(cards, "4111 1111 1111 1111 12/27 123") == ["4111 1111 1111 1111"]
    assert seen(cards, "4111 1111 1111 1111, 5555555555554444") == [
        "4111 1111 1111 1111",
        "5555555555554444",
    ]


def test_right_by_its_check_but_of_no_brand() -> None:
    assert seen(cards, "9111111111111110") == []
    assert seen(cards, "0000000000000000") == []


def test_a_country_says_how_long_its_accounts_are() -> None:
    # Right by its check digits, and two digits too short.
    short = next(f"DE{check:02}37040044053201" for check in range(98) if _checks(check))
    assert seen(ibans, short) == []


def _checks(check: int) -> bool:
    return int(f"370400440532011314{check:02}") % 97 == 1
