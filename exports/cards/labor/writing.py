"""Writing: the labor card for people. Five sentences first, then tables, then what is not known."""

import re
from collections.abc import Iterable, Sequence

from exports.cards import markup
from exports.cards.labor.blocks import CountryPay, CountryWork
from exports.cards.labor.counted import ELSEWHERE
from exports.cards.labor.model import LaborCard
from exports.privacy.suppression import OTHER
from labeler.pay import money

NUMBERS = re.compile(r"\.\d+(?=\.|$)")
"""Places in tables: what is unknown of several rows is said once."""
MODELS = {
    "per_item_with_floor": "by the judgment, never less than an hourly floor",
    "hourly": "by the hour",
    "per_item": "by the judgment, with no floor",
}


def markdown(card: LaborCard) -> str:
    """Write the card as Markdown."""
    template = markup.template(
        "labor_card.md", quoted=markup.quoted, amount=amount, told=told, yes=yes
    )
    return template.render(card=card, sentences=sentences(card), unknown=unknown(card))


def amount(minor: int | None, currency: str) -> str:
    """Write an amount with its currency."""
    return "–" if minor is None else money.text(minor, currency)


def told(value: object) -> str:
    """Write a number or a text, or a dash where it is not told."""
    if value is None:
        return "–"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:,.2f}" if isinstance(value, float) else markup.plain(str(value))


def yes(value: bool | None) -> str:
    """Write whether something is so."""
    return {True: "yes", False: "no", None: "–"}[value]


def sentences(card: LaborCard) -> tuple[tuple[str, str], ...]:
    """Answer who, where, in which languages, under which conditions, and for what pay."""
    return (
        ("Who", _who(card)),
        ("Where", _where(card)),
        ("Which languages", _languages(card)),
        ("Under which conditions", _conditions(card)),
        ("How paid", _paid(card)),
    )


def unknown(card: LaborCard) -> list[tuple[str, list[str]]]:
    """Return why things are not told, and which; those of several rows together."""
    found: dict[str, set[str]] = {}
    for null in card.completeness.nulls:
        found.setdefault(null.reason, set()).add(NUMBERS.sub("", null.path))
    return [(reason, sorted(paths)) for reason, paths in sorted(found.items())]


def _who(card: LaborCard) -> str:
    work, operator = card.workforce, card.operator.legal_name
    by = f", for {markup.plain(operator)}" if operator else ""
    many = f"{work.annotators:,} people" if work.annotators else work.size
    looked = f", and {work.reviewers:,} looked at what they did" if work.reviewers else ""
    visited = (
        f" Visitors of a chat, unpaid, judged {work.visitors:,} more." if work.visitors else ""
    )
    return f"{_upper(many)} judged {work.judgments:,} tasks{by}{looked}.{visited}"


def _where(card: LaborCard) -> str:
    rows = card.workforce.by_country
    if not rows:
        return (
            f"In which countries is not told: a group is told of from {card.privacy.k} people on."
        )
    here = [f"{_place(row.country)} ({row.annotators:,})" for row in rows if not _is_away(row)]
    said = [f"They work in {_list(here)}."] if here else []
    away = [f"{row.annotators:,} judged elsewhere." for row in rows if _is_away(row)]
    return " ".join(said + away)


def _is_away(row: CountryWork) -> bool:
    return row.country == ELSEWHERE


def _languages(card: LaborCard) -> str:
    rows = card.workforce.by_language
    tags = ", ".join(card.dataset.languages) or "no language that was named"
    if not rows:
        return f"The data are in {tags}; who judged in which is not told."
    judged = _list(f"{_tag(row.tag)} ({row.judgments:,})" for row in rows)
    return f"The data are in {tags}; tasks were judged in {judged}."


def _conditions(card: LaborCard) -> str:
    time, refused = card.time, card.pay.rejections.rejected_unpaid
    terms = len(card.conditions.terms)
    begun = (
        f"{time.total_paid_hours:,.2f} hours were paid"
        if time.total_paid_hours
        else ("No paid hours are on record")
    )
    agreed = (
        f"under {terms} version{'s' * (terms != 1)} of written terms"
        if terms
        else ("without written terms in labeler")
    )
    denied = "how many is not told" if refused is None else f"{refused:,}"
    return f"{begun}, {agreed}; skipping costs nothing; judgments whose pay was refused: {denied}."


def _paid(card: LaborCard) -> str:
    model = MODELS[card.pay.model] if card.pay.model else "by no rate that is on record"
    away = " What was paid elsewhere is not known here." * (card.pay.elsewhere_minor is None)
    rows = [row for row in card.pay.by_country if row.hourly_minor.p50 is not None]
    if not rows:
        return f"They are paid {model}; what an hour came to is not told.{away}"
    hours = _list(_hour(row) for row in rows)
    return f"They are paid {model}; half of them had at least, for an hour, {hours}.{away}"


def _hour(row: CountryPay) -> str:
    assert row.hourly_minor.p50 is not None
    said = f"{money.text(row.hourly_minor.p50, row.currency)} in {_place(row.country)}"
    if row.nobody_below_statutory is None:
        return f"{said} (no minimum wage to hold it against)"
    below = "nobody below" if row.nobody_below_statutory else "some below"
    return f"{said} ({below} the minimum wage)"


def _place(country: str) -> str:
    return {OTHER: "other countries", "not stated": "places not stated"}.get(country, country)


def _tag(tag: str) -> str:
    return "other languages" if tag == OTHER else tag


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _list(parts: Iterable[str]) -> str:
    those: Sequence[str] = list(parts)
    return those[0] if len(those) == 1 else f"{', '.join(those[:-1])} and {those[-1]}"
