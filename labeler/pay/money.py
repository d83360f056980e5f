"""Amounts of money: integers of a currency's minor unit, with the exponents of ISO 4217."""

import re
from decimal import Decimal

from labeler.errors import Invalid
from labeler.said import say, say_number

# ISO 4217 lists two decimals for every currency but these.
NO_DECIMALS = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()
)
THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
FOUR_DECIMALS = frozenset("CLF UYW".split())
TWO_DECIMALS = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP
    BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP
    GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK
    LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK
    NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
    STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER
    ZAR ZMW ZWG""".split()
)
LARGEST_MINOR = 2**53
# No more digits than decimals are exact to; no exponents, signs or figures of other scripts.
_AMOUNT = re.compile(r"[0-9]{1,16}(\.[0-9]{1,12})?")


def exponent(currency: str) -> int:
    """Return how many decimals the currency has; raises Invalid for an unknown one."""
    groups = ((2, TWO_DECIMALS), (0, NO_DECIMALS), (3, THREE_DECIMALS), (4, FOUR_DECIMALS))
    for decimals, currencies in groups:
        if currency in currencies:
            return decimals
    raise Invalid(
        say("%(currency)s is not a currency of ISO 4217.", currency=repr(currency)),
        fields={"currency": say("For example EUR.")},
    )


def minor(amount: str, currency: str) -> int:
    """Read an amount such as "0.35" exactly, in minor units; raises Invalid."""
    decimals = exponent(currency)
    if not _AMOUNT.fullmatch(amount.strip()):
        raise Invalid(say("%(amount)s is not an amount of money.", amount=repr(amount)))
    scaled = Decimal(amount.strip()).scaleb(decimals)
    if scaled != int(scaled):
        raise Invalid(
            say_number(
                "%(currency)s has %(num)s decimal; %(amount)s has more.",
                "%(currency)s has %(num)s decimals; %(amount)s has more.",
                decimals,
                currency=currency,
                amount=amount,
            )
        )
    if scaled > LARGEST_MINOR:
        raise Invalid(say("The amount %(amount)s is out of bounds.", amount=amount))
    return int(scaled)


def text(amount_minor: int, currency: str) -> str:
    """Write an amount with its currency's code, for example "12.40 EUR"."""
    return f"{decimal(amount_minor, currency):,f} {currency}"


def decimal(amount_minor: int, currency: str) -> Decimal:
    """Return the amount in whole units of the currency, exactly."""
    return Decimal(amount_minor).scaleb(-exponent(currency))
