"""How pages write numbers, money and time; all of it on the server, in Latin digits."""

from datetime import date, datetime
from typing import Any

from flask import Flask

from labeler.pay import money
from labeler.text import languages, markdown


def init_app(app: Flask) -> None:
    """Give templates these filters, and the hook for translation."""
    app.jinja_env.filters.update(
        money=money.text,
        moneys=moneys,
        day=day,
        moment=moment,
        minutes=minutes,
        percent=percent,
        number=number,
        excerpt=markdown.plain,
        language=languages.name,
        direction=languages.direction,
    )
    app.jinja_env.globals.update(_=gettext, ngettext=ngettext)
    app.context_processor(lambda: {"locale": "en", "locale_direction": "ltr"})


def gettext(text: str, **values: Any) -> str:
    """Return the text in the reader's language; for now English as written."""
    return text % values if values else text


def ngettext(one: str, many: str, count: int, **values: Any) -> str:
    """Return the text for this count in the reader's language."""
    return (one if count == 1 else many) % {"num": count, **values}


def moneys(amounts: dict[str, int]) -> str:
    """Write sums in several currencies, for example "12.40 EUR, 300.00 KES"."""
    return ", ".join(money.text(amount, currency) for currency, amount in amounts.items()) or "0"


def day(value: date) -> str:
    """Write a day, for example "23 Nov 2026"."""
    return f"{value.day} {value:%b %Y}"


def moment(value: datetime) -> str:
    """Write a moment, for example "23 Nov 2026, 14:05 UTC"."""
    return f"{day(value)}, {value:%H:%M} UTC"


def minutes(milliseconds: float | None) -> str:
    """Write a duration as minutes and seconds, for example "3:07"."""
    if milliseconds is None:
        return "–"
    seconds = round(milliseconds / 1000)
    return f"{seconds // 60}:{seconds % 60:02d}"


def percent(share: float | None) -> str:
    """Write a share as a whole percentage, for example "82 %"."""
    return "–" if share is None or share != share else f"{round(share * 100)} %"


def number(value: float) -> str:
    """Write a number with its thousands apart, for example "1,204"."""
    return f"{value:,}"
