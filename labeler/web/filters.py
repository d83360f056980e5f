"""How pages speak and write in their reader's language: texts, numbers, money and time.

All of it on the server, in Latin digits: a number looks the same wherever it was written.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel import dates, numbers
from flask import Flask
from flask_babel import get_translations
from markupsafe import Markup, escape

from labeler.pay import money as amounts
from labeler.said import Said, say, say_number
from labeler.text import languages, markdown
from labeler.web import locales


def init_app(app: Flask) -> None:
    """Give templates these filters, and have what rules said translated where it is shown."""
    app.jinja_env.filters.update(
        money=money,
        moneys=moneys,
        micro=micro,
        micros=micros,
        amount=amount,
        plain=plain,
        day=day,
        iso_day=iso_day,
        month=month,
        moment=moment,
        minutes=minutes,
        worked=worked,
        clock_time=clock_time,
        percent=percent,
        number=number,
        decimal=decimal,
        excerpt=markdown.plain,
        language=language,
        place=locales.place,
        endonym=languages.name,
        direction=languages.direction,
    )
    app.jinja_env.globals.update(_=gettext, ngettext=ngettext)
    app.jinja_env.finalize = _spoken


def gettext(text: str, /, **values: Any) -> str:
    """Return the text in the reader's language, with values where it reads %(name)s."""
    return _translated(say(text, **values))


def ngettext(one: str, many: str, count: int, /, **values: Any) -> str:
    """Return the text for this count, which %(num)s stands for, in the reader's language."""
    return _translated(say_number(one, many, count, **values))


def _translated(said: Said) -> str:
    words = _template(said)
    if not said.values:
        return words
    values = {name: _written(value) for name, value in said.values.items()}
    # Markup among the values is kept as it is; then everything else is escaped.
    if any(isinstance(value, Markup) for value in values.values()):
        return escape(words) % values
    return words % values


def _template(said: Said) -> str:
    if not said.template:  # what stands for nothing in a catalogue is its own header
        return ""
    found = get_translations()
    if said.plural:
        return str(found.ngettext(said.template, said.plural, said.number))
    return str(found.gettext(said.template))


def _written(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    if isinstance(value, datetime):
        return moment(value)
    return day(value) if isinstance(value, date) else _spoken(value)


def _spoken(value: object) -> object:
    return _translated(value) if isinstance(value, Said) else value


def money(amount_minor: int, currency: str) -> str:
    """Write an amount with its currency's code, for example "12.40 EUR"."""
    return f"{amount(amount_minor, currency)} {currency}"


def amount(amount_minor: int, currency: str) -> str:
    """Write an amount without its currency, with the decimals of ISO 4217."""
    return decimal(amounts.decimal(amount_minor, currency), amounts.exponent(currency))


def plain(amount_minor: int, currency: str) -> str:
    """Write an amount as a field takes it, for example "1200.00"."""
    return f"{amounts.decimal(amount_minor, currency):f}"


def moneys(sums: Mapping[str, int]) -> str:
    """Write sums in several currencies, for example "12.40 EUR, 300.00 KES"."""
    return ", ".join(money(sum_, currency) for currency, sum_ in sums.items()) or "0"


def micro(amount_micro: int, currency: str) -> str:
    """Write millionths of a currency's unit, for example "0.0042 EUR"; calls cost little."""
    places = amounts.exponent(currency)
    is_whole = amount_micro % 10 ** (6 - places) == 0
    shown = places if is_whole or amount_micro >= 1_000_000 else min(places + 2, 6)
    value = decimal(Decimal(amount_micro).scaleb(-6), shown)
    return f"{value} {currency}"


def micros(sums: Mapping[str, int]) -> str:
    """Write such sums in several currencies, for example "0.42 EUR, 1.20 USD"."""
    return ", ".join(micro(sum_, currency) for currency, sum_ in sums.items())


def day(value: date) -> str:
    """Write a day, for example "23 Nov 2026"."""
    return dates.format_date(value, "medium", locale=locales.current())


def iso_day(value: str) -> str:
    """Write a day that is kept as text, such as "2026-11-23"."""
    return day(date.fromisoformat(value))


def month(value: date) -> str:
    """Write a month, for example "November 2026"."""
    return dates.format_skeleton("yMMMM", value, locale=locales.current())


def moment(value: datetime) -> str:
    """Write a moment, for example "23 Nov 2026, 14:05 UTC"."""
    locale = locales.current()
    time = dates.format_time(value, "short", locale=locale)
    both = str(dates.get_datetime_format("medium", locale=locale))
    return f"{both.format(time, day(value))} UTC"


def minutes(milliseconds: float | None) -> str:
    """Write a duration as minutes and seconds, for example "3:07"; what is no second as "<0:01"."""
    if milliseconds is None:
        return "–"
    seconds = round(milliseconds / 1000)
    if not seconds and milliseconds:
        return "<0:01"
    return f"{seconds // 60}:{seconds % 60:02d}"


def worked(seconds: float) -> str:
    """Write how long somebody worked, for example "5 h 07 min"; less than a minute in seconds."""
    if seconds < 60:
        return _translated(say("%(seconds)s s", seconds=int(seconds)))
    hours, minutes = divmod(int(seconds) // 60, 60)
    if not hours:
        return _translated(say("%(minutes)s min", minutes=minutes))
    return _translated(say("%(hours)s h %(minutes)s min", hours=hours, minutes=f"{minutes:02d}"))


def clock_time(value: datetime) -> str:
    """Write a time of day in UTC, for example "14:05"."""
    return dates.format_time(value, "short", locale=locales.current())


def percent(share: float | None) -> str:
    """Write a share as a whole percentage, for example "82%"."""
    if share is None or share != share:
        return "–"
    return numbers.format_percent(round(share * 100) / 100, locale=locales.current())


def number(value: float) -> str:
    """Write a number with its thousands apart, for example "1,204"."""
    return numbers.format_decimal(value, locale=locales.current())


def decimal(value: float | Decimal, places: int) -> str:
    """Write a number with so many decimals, for example "0.80"."""
    locale = locales.current()
    whole = str(locale.decimal_formats[None].pattern).partition(".")[0]
    return numbers.format_decimal(value, f"{whole}.{'0' * places}".rstrip("."), locale=locale)


def language(tag: str) -> str:
    """Name a language as the reader calls it; what nobody has named keeps its tag."""
    locale = locales.current()
    first, *rest = tag.split("-")
    name = locale.languages.get(first.lower())
    where = [locale.scripts.get(p.title()) or locale.territories.get(p.upper()) for p in rest]
    if name is None or None in where:
        return tag
    return f"{name} ({', '.join(map(str, where))})" if where else str(name)
