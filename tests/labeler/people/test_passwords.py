"""Passwords: argon2id, long ones whole, and the same work for an account that is not there."""

import time
from concurrent.futures import ThreadPoolExecutor

import argon2
import pytest

from labeler.errors import Invalid
from labeler.people import passwords

GOOD = "four words make one"


def test_hashes_are_argon2id_with_at_least_what_owasp_asks() -> None:
    parameters = argon2.extract_parameters(passwords.hashed(GOOD))
    assert parameters.type is argon2.Type.ID
    assert parameters.memory_cost >= 19 * 1024
    assert parameters.time_cost >= 2


def test_the_same_password_is_hashed_differently_each_time() -> None:
    first, second = passwords.hashed(GOOD), passwords.hashed(GOOD)
    assert first != second
    assert passwords.matches(first, GOOD)
    assert passwords.matches(second, GOOD)


@pytest.mark.parametrize(
    "password",
    ["a" * 15, "x" * 1024, "пароль из трёх слов", "pass words 🔑🔑🔑🔑", " spaces around "],
)
def test_any_long_enough_text_will_do_and_counts_to_its_last_character(password: str) -> None:
    stored = passwords.hashed(password)
    assert passwords.matches(stored, password)
    assert not passwords.matches(stored, password[:-1])
    assert not passwords.matches(stored, password + "x")


@pytest.mark.parametrize("password", ["", "a" * 14, "x" * 1025])
def test_too_short_and_too_long_ones_are_refused(password: str) -> None:
    with pytest.raises(Invalid) as refusal:
        passwords.hashed(password)
    assert list(refusal.value.fields) == ["password"]


def test_nobody_has_no_password() -> None:
    for guess in ("", "nobody", GOOD):
        assert not passwords.matches(None, guess)


def test_a_missing_account_takes_as_long_as_a_wrong_password() -> None:
    stored = passwords.hashed(GOOD)
    # The processor's time, best of several: what else this machine does only ever adds.
    wrong = min(_seconds(stored) for _ in range(7))
    missing = min(_seconds(None) for _ in range(7))
    assert 0.5 < missing / wrong < 2


def _seconds(stored: str | None) -> float:
    began = time.process_time()
    assert not passwords.matches(stored, "a wrong password")
    return time.process_time() - began


def test_never_more_than_two_hashes_at_once() -> None:
    with passwords._SEATS, passwords._SEATS, ThreadPoolExecutor(1) as pool:
        third = pool.submit(passwords.matches, None, GOOD)
        time.sleep(0.2)
        assert not third.done()
        passwords._SEATS.release()
        assert third.result(timeout=5) is False
        passwords._SEATS.acquire()
