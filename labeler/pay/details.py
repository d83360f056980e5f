"""Where money can go: a bank account, a phone, an account with a payment service.

Pure: what is typed becomes checked values, and what is wrong is named by field. Nobody but the
person and the files for banks sees more of it than `masked` shows.
"""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    model_validator,
)
from pydantic import ValidationError as ModelError

from labeler import errors
from labeler.errors import Invalid
from labeler.said import say
from labeler.text import lines

LONGEST_NAME = 70
"""As many letters as a SEPA transfer carries."""
SHOWN = 4
"""How many characters of an account are shown after it was saved."""

# Conversions of the European Payments Council (EPC217-08) where the letter has no plain one in it.
# Verification of payees overlooks such differences; another script would not get through.
_LETTERS = "ß ẞ æ Æ œ Œ ø Ø đ Đ ð Ð ł Ł þ Þ ı ħ Ħ ŋ Ŋ ŧ Ŧ ĸ ’ ‘ ʼ ` – — ‐ &"
_INSTEAD = "ss SS ae AE oe OE o O d D d D l L th Th i h H n N t T k ' ' ' ' - - - +"
_PLAIN = str.maketrans(dict(zip(_LETTERS.split(), _INSTEAD.split(), strict=True)))
_OF_SEPA = re.compile(r"[A-Za-z0-9/?:().,'+ -]*")


def _plain_line(text: str) -> str:
    if not lines.fits(text):
        raise ValueError(say("This has characters that do not belong here."))
    return " ".join(unicodedata.normalize("NFC", text).split())


def _named(text: str) -> str:
    # What a spreadsheet takes for a formula begins with one of = + - @, and nobody's name does.
    if text and not text[0].isalpha():
        raise ValueError(say("A name begins with a letter."))
    return text


def _closed_up(text: object) -> object:
    """Leave out the spaces, dots and hyphens that people put between digits."""
    return re.sub(r"[\s.\-()]", "", text) if isinstance(text, str) else text


def for_sepa(name: str) -> str | None:
    """Write a name in the letters that every bank of SEPA takes; None if it has others."""
    parted = unicodedata.normalize("NFKD", name.translate(_PLAIN))
    plain = "".join(letter for letter in parted if not unicodedata.combining(letter))
    return plain if _OF_SEPA.fullmatch(plain) else None


def _writable(name: str) -> str:
    plain = for_sepa(name)
    if plain is None or len(plain) > LONGEST_NAME:
        raise ValueError(
            say("Bank files carry Latin letters only: write the name as it is on your statement.")
        )
    return name


def _checked_iban(text: str) -> str:
    # Imported where it is needed: few requests are about bank accounts.
    from schwifty import IBAN
    from schwifty.exceptions import SchwiftyException

    try:
        iban = IBAN(text)
        reached = iban.in_sepa_zone
    except SchwiftyException:
        raise ValueError(
            say("This IBAN is not right: please compare it with your statement.")
        ) from None
    if not reached:
        raise ValueError(say("Euro transfers do not reach banks of this country."))
    return str(iban)


def _checked_bic(text: str) -> str:
    from schwifty import BIC
    from schwifty.exceptions import SchwiftyException

    try:
        return str(BIC(text)) if text else ""
    except SchwiftyException:
        raise ValueError(say("A BIC has 8 or 11 letters and digits.")) from None


Line = Annotated[str, AfterValidator(_plain_line)]
Name = Annotated[Line, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_named)]
Holder = Annotated[Name, AfterValidator(_writable)]
Iban = Annotated[
    str,
    BeforeValidator(_closed_up),
    Field(min_length=1, max_length=60),
    AfterValidator(_checked_iban),
]
Bic = Annotated[
    str, BeforeValidator(_closed_up), Field(max_length=30), AfterValidator(_checked_bic)
]
Email = Annotated[str, Field(max_length=254)]

_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


def _checked_email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError(say("For example ada@example.org."))
    return text


class _Details(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Bank(_Details):
    """An account that euros can be transferred to. `name` is its holder, as the bank knows them."""

    kind: Literal["bank"] = "bank"
    name: Holder
    iban: Iban
    bic: Bic = ""

    @property
    def account(self) -> str:
        return self.iban


# Digits after the country's own number. Numbering plans as widely published, not checked with
# each network. Whoever lives elsewhere says in words how mobile money reaches them.
PHONES = {
    "BD": ("880", r"1[3-9]\d{8}"),
    "BJ": ("229", r"(01)?\d{8}"),
    "CD": ("243", r"[89]\d{8}"),
    "CI": ("225", r"\d{10}"),
    "CM": ("237", r"6\d{8}"),
    "GH": ("233", r"[25]\d{8}"),
    "KE": ("254", r"[17]\d{8}"),
    "MW": ("265", r"[89]\d{8}"),
    "NG": ("234", r"[789]\d{9}"),
    "RW": ("250", r"7\d{8}"),
    "SN": ("221", r"7\d{8}"),
    "TZ": ("255", r"[67]\d{8}"),
    "UG": ("256", r"7\d{8}"),
    "ZM": ("260", r"[579]\d{8}"),
}


def _known_country(code: str) -> str:
    if code not in PHONES:
        raise ValueError(
            say("Please choose one of these: %(expected)s.", expected=", ".join(PHONES))
        )
    return code


def _digits(text: object) -> object:
    closed = _closed_up(text)
    return closed.removeprefix("+") if isinstance(closed, str) else closed


class Mobile(_Details):
    """Mobile money: the number in full with its country's, no plus sign; the network in letters."""

    kind: Literal["mobile"] = "mobile"
    name: Name
    country: Annotated[str, AfterValidator(_known_country)]
    phone: Annotated[
        str, BeforeValidator(_digits), Field(min_length=1, max_length=20, pattern=r"^[0-9]*$")
    ]
    network: Annotated[
        str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9_ -]*$")
    ]

    @model_validator(mode="after")
    def _of_its_country(self) -> Self:
        prefix, national = PHONES[self.country]
        if not re.fullmatch(prefix + national, self.phone, re.ASCII):
            raise ValueError(_WRONG_PHONE)
        return self

    @property
    def account(self) -> str:
        return self.phone


_WRONG_PHONE = say("This is no mobile number of that country; for Kenya it is 2547 and 8 digits.")


class Paypal(_Details):
    """A PayPal account, by its e-mail address."""

    kind: Literal["paypal"] = "paypal"
    name: Name
    email: Annotated[Email, Field(min_length=1), AfterValidator(_checked_email)]

    @property
    def account(self) -> str:
        return self.email


class Wise(_Details):
    """Somebody whom Wise pays: an e-mail address, or the number that the payer's Wise has."""

    kind: Literal["wise"] = "wise"
    name: Name
    email: Annotated[Email, AfterValidator(lambda text: text and _checked_email(text))] = ""
    recipient: Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9-]*$")] = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.email) == bool(self.recipient):
            raise ValueError(_ONE_OF_BOTH)
        return self

    @property
    def account(self) -> str:
        return self.email or self.recipient


_ONE_OF_BOTH = say("Write an e-mail address or a recipient number, one of both.")


class Other(_Details):
    """Any other way, in words: where it is and which account there."""

    kind: Literal["other"] = "other"
    name: Name
    provider: Annotated[Line, Field(min_length=1, max_length=100)]
    account: Annotated[Line, Field(min_length=1, max_length=100)]
    note: Annotated[Line, Field(max_length=200)] = ""


Details = Bank | Mobile | Paypal | Wise | Other
_OF_KIND: Mapping[str, type[Details]] = MappingProxyType(
    {"bank": Bank, "mobile": Mobile, "paypal": Paypal, "wise": Wise, "other": Other}
)
KINDS = tuple(_OF_KIND)
_ANY: TypeAdapter[Details] = TypeAdapter(Annotated[Details, Field(discriminator="kind")])
# What the whole does not fit is told at the field that people can change.
_BLAMED = {"mobile": "phone", "wise": "email"}


def read(given: Mapping[str, Any]) -> Details:
    """Read details from outside; raises Invalid naming every bad field."""
    kind = str(given.get("kind", ""))
    if kind not in KINDS:
        listed = say("Please choose one of these: %(expected)s.", expected=", ".join(KINDS))
        raise Invalid("This cannot be paid to as written.", fields={"kind": listed})
    try:
        return _ANY.validate_python(dict(given))
    except ModelError as error:
        found = errors.faults(error, whole="details")
        faults = {_field(name, kind): words for name, words in found.items()}
        raise Invalid("This cannot be paid to as written.", fields=faults) from None


def stored(content: Mapping[str, Any]) -> Details:
    """Return details that were checked when they were written, as they stand.

    Those of somebody who was erased are empty.
    """
    if not content:
        return Other.model_construct(name="", provider="", account="")
    return _OF_KIND[content["kind"]].model_construct(**content)


def masked(details: Details) -> str:
    """Return the last characters of the account, for the person and for whoever runs pay."""
    account = details.account
    return f"…{account[-SHOWN:]}" if len(account) > 2 * SHOWN else "…"


def _field(name: str, kind: str) -> str:
    inner = name.removeprefix(kind).removeprefix(".")
    return inner or _BLAMED.get(kind, "kind")
