"""Days: on which weekday a date falls, how many days lie between two, what comes so many later.

In a hurry one forgets leap days, and counts the first day too.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

from labeler.demo.rules.said import Said
from labeler.demo.rules.speech import Speech, filled, plain, tokens

MOST = 1_000_000
"""Days that are counted."""


def told(speech: Speech, text: str) -> Said | None:
    """Say what is asked of the dates in a plain text, if there are any."""
    found = [*_dates(speech, text)]
    days = [day for _, day in found]
    if len(days) >= 2:
        return _between(speech, *sorted(days[:2]))
    if not days:
        return None
    rest = tokens(text.replace(found[0][0], " "))
    count = _counted(speech, rest)
    if count is None:
        return _weekday(speech, days[0])
    return _moved(speech, days[0], count, is_before=any(w in speech.words["before"] for w in rest))


def _dates(speech: Speech, text: str) -> Iterator[tuple[str, date]]:
    """Yield the dates in a text, in its order, each with how it is written there."""
    months = [plain(month) for month in speech.months]
    named = "|".join(map(re.escape, months))
    pattern = (
        r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})"
        r"|(?P<d2>\d{1,2})[./](?P<m2>\d{1,2})[./](?P<y2>\d{4})"
        rf"|(?P<d3>\d{{1,2}})(?:st|nd|rd|th|er|[º°.ইলা]+)?\s+(?:de\s+|of\s+)?(?P<m3>{named}),?\s+"
        r"(?:de\s+|del\s+)?(?P<y3>\d{4})"
        rf"|(?P<m4>{named})\s+(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y4>\d{{4}})"
    )
    for found in re.finditer(pattern, text):
        year, month, day = (
            next(filter(None, (found[f"{part}{way}"] for way in ("", "2", "3", "4"))))
            for part in "ymd"
        )
        try:
            number = months.index(month) + 1 if month in months else int(month)
            yield found[0], date(int(year), number, int(day))
        except ValueError:  # the 31st of a shorter month
            continue


def _counted(speech: Speech, words: list[str]) -> int | None:
    """Return how many days a text speaks of beside its date."""
    for before, after in pairwise(["", *words, ""]):
        for number, unit in ((before, after), (after, before)):
            if number.isdecimal() and unit in speech.words["day"] and int(number) <= MOST:
                return int(number)
    return None


def _between(speech: Speech, first: date, last: date) -> Said:
    days = (last - first).days
    careful = filled(
        speech, "between", first=_written(speech, first), last=_written(speech, last), days=days
    )
    return Said(careful, speech.figures(str(days - _leap_days(first, last) + 1)))


def _weekday(speech: Speech, day: date) -> Said:
    name = speech.weekdays[day.weekday()]
    later = day - timedelta(days=_leap_days(date(day.year, 1, 1), day))
    hasty = speech.weekdays[later.weekday()]
    return Said(filled(speech, "weekday", date=_written(speech, day), weekday=name), hasty)


def _moved(speech: Speech, first: date, count: int, *, is_before: bool) -> Said | None:
    sign = -1 if is_before else 1
    try:
        day = first + sign * timedelta(days=count)
        hurried = day + sign * timedelta(days=_leap_days(*sorted((first, day))))
    except OverflowError:  # beyond the years that are counted
        return None
    careful = filled(
        speech,
        "earlier" if is_before else "later",
        days=count,
        first=_written(speech, first),
        date=_written(speech, day),
    )
    return Said(careful, _written(speech, hurried))


def _leap_days(first: date, last: date) -> int:
    """Count the days called 29 February after `first` and up to `last`."""
    leaps = [year for year in (first.year, last.year) if _is_leap(year)]
    whole = _leaps_before(last.year) - _leaps_before(first.year + 1)
    ends = {date(year, 2, 29) for year in leaps}
    return max(whole, 0) + sum(first < day <= last for day in ends)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _leaps_before(year: int) -> int:
    return (year - 1) // 4 - (year - 1) // 100 + (year - 1) // 400


def _written(speech: Speech, day: date) -> str:
    month = speech.months[day.month - 1]
    return speech.figures(speech.date.format(day=day.day, month=month, year=day.year))
