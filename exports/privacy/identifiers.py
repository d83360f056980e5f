"""Identifiers: numbers of accounts, of cards and of persons that carry a check digit.

Each pattern says what such a number looks like in a text, and its test whether the check digit is
right. What merely looks so passes with a chance of one in 10 for cards, of one in 20 to 250 else.
The digits are 0 to 9.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]

# A set of characters comes first, since the engine then skips whatever is not in it, and only then
# what must not stand before it. What follows an IBAN or a card is looked at and left, since words
# in capitals or the month in which a card expires may come next.
_IBAN = re.compile(r"[A-Z](?<!\w.)[A-Z]\d\d(?=((?:[ \u00a0]?[A-Z0-9]){11,30}))", re.ASCII)
_CARD = re.compile(r"\d(?<![\w.+-].)\d{3}(?=((?:[ \u00a0-]?\d){10,15}))")
_BRANDS = re.compile(
    r"4\d{15}(?:\d{3})?"  # Visa
    r"|(?:5[1-5]|2(?=2(?:2[1-9]|[3-9])|[3-6]|7(?:[01]|20))\d)\d{14}"  # Mastercard
    r"|3(?:[47]\d{13}|(?:0[0-5]|[689]\d)\d{11}|5\d{14})"  # American Express, Diners, JCB
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}|62\d{14,17}"  # Discover, UnionPay
    r"|(?:5[06-8]|6[37])\d{14}(?:\d{2,3})?"  # Maestro
)
_INSEE = re.compile(
    r"[12](?<![\w.+-].) ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d(?!\w)"
)
_DNI = re.compile(
    r"[\dX-Z](?<![\w.+-].)(?:(?<=\d)\d\.?\d{3}\.?\d{3}|(?<=[X-Z])-?\d{7})-?[A-HJ-NP-TV-Z](?!\w)"
)
_CODICE = re.compile(
    r"[A-Z](?<!\w.)[A-Z]{5}[\dL-NP-V]{2}[A-EHLMPRST][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z](?!\w)",
    re.IGNORECASE,
)
_STEUER_ID = re.compile(r"[1-9](?<![\w.+-].)\d ?\d{3} ?\d{3} ?\d{3}(?!\w|[ -]?\d|\.\d)")

_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
# What letters, and the digits that they stand for, are worth in places 1, 3, 5 and so on.
_ODD = (
    1,
    0,
    5,
    7,
    9,
    13,
    15,
    17,
    19,
    21,
    2,
    4,
    18,
    20,
    11,
    3,
    6,
    8,
    12,
    14,
    16,
    10,
    22,
    25,
    24,
    23,
)


def digits(text: str) -> str:
    """Return the digits of a text alone."""
    return "".join(each for each in text if each.isdecimal())


def ibans(text: str) -> Iterator[Span]:
    """Yield where the numbers of bank accounts stand, as ISO 13616 has them for each country."""
    return _longest(_IBAN, text, _is_iban)


def cards(text: str) -> Iterator[Span]:
    """Yield where the numbers of payment cards stand: a brand's first digits, and Luhn's check."""
    return _longest(_CARD, text, _is_card)


def insees(text: str) -> Iterator[Span]:
    """Yield where French numéros de sécurité sociale stand, if they have their key."""
    return _right(_INSEE, text, _is_insee)


def dnis(text: str) -> Iterator[Span]:
    """Yield where Spanish identity numbers stand, of citizens (DNI) and of foreigners (NIE)."""
    return _right(_DNI, text, _is_dni)


def codici_fiscali(text: str) -> Iterator[Span]:
    """Yield where Italian codici fiscali stand, those with letters in place of digits too."""
    return _right(_CODICE, text, _is_codice_fiscale)


def steuer_ids(text: str) -> Iterator[Span]:
    """Yield where German steuerliche Identifikationsnummern stand."""
    return _right(_STEUER_ID, text, _is_steuer_id)


def _right(pattern: re.Pattern[str], text: str, is_one: Callable[[str], bool]) -> Iterator[Span]:
    return (one.span() for one in pattern.finditer(text) if is_one(one[0]))


def _longest(pattern: re.Pattern[str], text: str, is_one: Callable[[str], bool]) -> Iterator[Span]:
    done = 0
    for one in pattern.finditer(text):
        start = one.start()
        ends = (at for at in range(one.end(1), one.end(), -1) if not text[at : at + 1].isalnum())
        end = next((at for at in ends if is_one(text[start:at])), 0)
        if start >= done and end:
            yield start, end
            done = end


def _is_iban(written: str) -> bool:
    plain = "".join(written.split())
    # ISO 7064, MOD 97-10, before the rules of the country, which take longer.
    if int("".join(str(int(each, 36)) for each in plain[4:] + plain[:4])) % 97 != 1:
        return False
    from schwifty import IBAN
    from schwifty.exceptions import SchwiftyException

    try:
        IBAN(plain)
    except SchwiftyException:
        return False
    return True


def _is_card(written: str) -> bool:
    plain = digits(written)
    # ISO/IEC 7812-1, annex B: every second digit from the right counts twice.
    worth = [sum(divmod(int(each) * times, 10)) for each, times in zip(plain[::-1], cycle((1, 2)))]
    return sum(worth) % 10 == 0 and _BRANDS.fullmatch(plain) is not None


def _is_insee(written: str) -> bool:
    """INSEE: the key is 97 less the rest by 97; 2A and 2B of Corsica count as 19 and 18."""
    number = digits(written.replace("2A", "19").replace("2B", "18"))
    return 97 - int(number[:13]) % 97 == int(number[13:])


def _is_dni(written: str) -> bool:
    """Orden INT/2058/2008: the rest by 23 tells the letter; X, Y and Z count as 0, 1 and 2."""
    first = {"X": "0", "Y": "1", "Z": "2"}.get(written[0], "")
    return _DNI_LETTERS[int(first + digits(written)) % 23] == written[-1]


def _is_codice_fiscale(written: str) -> bool:
    """Decree of 23 December 1976, annex: the rest by 26 of what the places are worth."""
    worth = [int(each, 36) - 10 * each.isalpha() for each in written.upper()]
    total = sum(_ODD[each] for each in worth[:15:2]) + sum(worth[1:15:2])
    return any(each.isdecimal() for each in written) and total % 26 == worth[15]


def _is_steuer_id(written: str) -> bool:
    """§ 139b AO: ISO 7064, MOD 11,10; one of ten digits comes twice or thrice, no other does."""
    number = digits(written)
    often = [times for times in Counter(number[:10]).values() if times > 1]
    product = 10
    for each in number[:10]:
        product = ((int(each) + product) % 10 or 10) * 2 % 11
    return often in ([2], [3]) and (11 - product) % 10 == int(number[10])
