"""Telephone numbers of eight countries, abroad and at home, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.privacy.phones import phones

ABROAD = """
+33 6 12 34 56 78 | +33 (0)6 12 34 56 78 | 0033612345678 | +34 612 345 678 | +39 333 123 4567
+39 06 1234567 | +49 (0)30 1234567 | +4915123456789 | +254 712 345678 | +254 20 1234567
+8801712345678 | +880 1712-345678 | +44 20 7946 0958 | +44 (0)7700 900123 | +1 (212) 555-0123
+1-212-555-0123 | +12125550123 | +41 44 668 18 00 | +91 98765 43210 | +351 912 345 678
"""
AT_HOME = """
06 12 34 56 78 | 06.12.34.56.78 | 01-23-45-67-89 | 0612345678 | 612 34 56 78 | 912-34-56-78
030 1234567 | (030) 123 45 67 | 030/1234567 | 0171-1234567 | 0151 23456789 | 015123456789
333 1234567 | 333-1234567 | 02 12345678 | 0712 345 678 | 0712345678 | 020 2012345
01712-345678 | 01712345678 | 07700 900123 | 020 7946 0958 | (020) 7946 0958 | 01632 960 983
(212) 555-0123 | 212-555-0123 | 212.555.0123 | 212 555 0123 | 1-800-555-0199
"""
ONLY_AFTER_A_WORD = """
Tel. 555 0123 | tél : 12 34 56 78 | mi móvil es 612345678 | cell. 3331234567 | Handy 15123456789
teléfono 912 345 678 | call me at 2125550123 | simu 712 345 678 | phone no. 7946 0958
"""
NONE = """
15.01.2024 | 2024-01-15 | 01/02/2024 10 30 | 01.02.2024 12 30 | 05-06-2024 12 30 | 2024-01-15 08
1.234.567,89 | 1 234 567 | 12 000 000 | 671 234 567 | 0123 456789 € | $0612345678 | 06 12 34 56 78 %
1.2.3.4567 | 0.123456789 | 3.14159265358979 | 48.8566 2.3522 | 02.3522 48.8566
0123456789 | 08.30-12.30 | 08.30-12.30 14.00-18.00 | 1700000000 | 12345678901234567890 | 01067
2001-2024 | +100 000 000 | +28 123 456 789 | +1 112 345 6789 | +33 12
0612345678901 | x0612345678 | 0612345678y
550e8400-e29b-41d4-a716-446655440000 | 1, 2, 3, 4, 5, 6, 7, 8, 9 | 1 2 3 4 5 6 7 8 9 10 11 12 13
123-45-6789 | 5-7 000 000 | 12345678 | 987654321 | 10.1000/182123 | telephone 1000000
3:02 123456789
"""


def cases(table: str) -> pytest.MarkDecorator:
    """Return a mark for each cell of a table."""
    written = [each for row in table.splitlines() for each in row.split(" | ") if each]
    return pytest.mark.parametrize("written", written)


def seen(text: str) -> list[str]:
    return [text[start:end] for start, end in phones(text)]


@cases(ABROAD + AT_HOME)
def test_a_number_as_it_is_dialled(written: str) -> None:
    assert seen(written) == [written]
    assert seen(f"So: {written}. Or ({written})!") == [written, written]


@cases(ONLY_AFTER_A_WORD)
def test_some_need_a_word_before_them(written: str) -> None:
    number = written[written.index(next(each for each in written if each.isdecimal())) :]
    assert seen(f"Hi, {written}!") == [number]
    assert seen(f"Hi, it took {number}!") == []


@cases(NONE)
def test_other_numbers(written: str) -> None:
    assert seen(f"It is {written} here") == []


def test_the_number_of_a_house_is_left_alone() -> None:
    assert seen("Rue X 12, 75011 06 12 34 56 78") == ["06 12 34 56 78"]


@given(st.text("0123456789 .-()/+\n", max_size=60))
def test_a_number_has_at_least_seven_digits_and_at_most_fifteen(text: str) -> None:
    for each in seen(text):
        assert 7 <= sum(digit.isdecimal() for digit in each) <= 17
        assert not text[text.index(each) + len(each) :][:1].isdecimal()
