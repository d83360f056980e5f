"""The blocks of a card that tell of the people, and of their time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from exports.cards.labor.blocks import (
    Attempts,
    Corrections,
    CountryWork,
    Crossed,
    Demographics,
    Engagement,
    LanguageQualification,
    LanguageWork,
    Method,
    PaidHours,
    Seconds,
    Time,
    Workforce,
)
from exports.cards.labor.counted import ELSEWHERE
from exports.cards.labor.known import Known
from exports.cards.labor.telling import NOT_DECLARED, ONE_OF_FEW, Parts, Row, Teller
from exports.kept.declared import Declared, EngagementSaid, QualificationSaid
from exports.privacy import suppression
from labeler.pay import beats
from labeler.pay.worktime import Kind

HOUR_S = 3600
HEARTBEAT_S = 20
"""How often an open page tells of itself (see `static/clock.js`)."""
COUNTRIES, LANGUAGES = "workforce.by_country", "workforce.by_language"
CROSSED = "workforce.by_country_and_language"
KINDS: Mapping[Kind, str] = {
    Kind.judging: "annotation",
    Kind.instructions: "instructions",
    Kind.training: "training",
    Kind.qualification: "qualification",
    Kind.clarification: "clarification",
    Kind.review_reply: "review_reply",
    Kind.mandated_break: "break",
    Kind.system_wait: "system_wait",
}
Groups = Mapping[str, frozenset[int]]
NO_RATE = "Attempts are counted for the whole project: see workforce.qualification."
ALL_PAID = "All time that is known is paid; nobody has estimated what is not known."
MADE_ELSEWHERE = "These judgments were made elsewhere and brought here: nobody here knows it."
NOBODY_YET = "Visitors of a chat alone have judged, whose time is not counted."
NO_NIGHTS = "Days are counted in UTC: where somebody's night is nobody knows."


class Countries(NamedTuple):
    """The groups of people by country that a card tells of."""

    groups: Groups
    told: set[str]
    """Whose numbers are those of now."""
    stay: Sequence[Row]
    """Rows that stay as they were published."""


def hours(seconds: int) -> float:
    """Return seconds as hours with two decimals, rounded down."""
    return seconds * 100 // HOUR_S / 100


def countries(teller: Teller) -> Countries:
    """Return by which countries a card tells of the people."""
    groups = suppression.merged(teller.known.by_country, teller.k)
    told, stay = teller.table(COUNTRIES, list(groups), _country_parts)
    return Countries(groups, told, stay)


def workforce(
    teller: Teller, where: Countries, in_release: frozenset[int], declared: Declared
) -> Workforce:
    """Tell who did the work."""
    known, annotators = teller.known, _annotators(teller)
    told_languages, tags = _languages(teller, where, declared)
    return Workforce(
        basis="measured",
        annotators=annotators,
        in_release=_in_release(teller, in_release),
        size=_size(teller, annotators),
        judgments=teller.total("workforce.judgments", lambda known: known.judgments),
        visitors=known.visitors,
        reviewers=teller.number("workforce.reviewers", lambda known: known.conduct.reviewers),
        engagement=tuple(
            _engagement(teller, n, each) for n, each in enumerate(declared.engagement)
        ),
        by_country=teller.place(COUNTRIES, [*_country_rows(known, where), *where.stay]),
        by_language=told_languages,
        by_country_and_language=_crossed(teller, where, tags),
        qualification=_attempts(teller),
        demographics=Demographics(collected=False, voluntary=True, tables=(), suppressed_cells=0),
    )


def _attempts(teller: Teller) -> Attempts:
    path = "workforce.qualification"
    people = teller.number(f"{path}.people", lambda known: known.conduct.attempts)
    passed = teller.number(
        f"{path}.passed",
        lambda known: known.conduct.passed,
        of=lambda known: known.conduct.attempts,
        of_path=f"{path}.people",
    )
    return Attempts(people=people, passed=passed)


def time(teller: Teller, durations: Mapping[int, int]) -> Time:
    """Tell when and how long people worked; `durations` says how many judgments took how long."""
    judged, days = teller.known.judged, teller.known.worked.days.values()
    worked = [day for mine in days for day in mine]
    if not teller.known.people and not worked:
        teller.leave("time.from", NOBODY_YET)
        teller.leave("time.to", NOBODY_YET)
    found = {
        f"p{n}": teller.percentile(
            f"time.seconds_per_judgment.p{n}", durations, n, lambda known: known.judgments
        )
        for n in (25, 50, 75, 90)
    }
    teller.leave("time.unpaid_hours_estimate", ALL_PAID)
    teller.leave("time.night_hours", NO_NIGHTS)
    return Time(
        basis="measured",
        from_=min([*filter(None, [judged.first_on]), *worked], default=None),
        to=max([*filter(None, [judged.last_on]), *worked], default=None),
        total_paid_hours=teller.total(
            "time.total_paid_hours", lambda known: known.seconds, tell=hours
        ),
        paid_hours=_by_kind(teller),
        unpaid_hours_estimate=None,
        seconds_per_judgment=Seconds(**found),
        method=_method(teller),
        days_over_8h=teller.number(
            "time.days_over_8h", lambda known: _of_people(known, known.worked.long_days)
        ),
        night_hours=None,
    )


def _by_kind(teller: Teller) -> PaidHours:
    numbers = {
        f"time.paid_hours.{name}": lambda known, kind=kind: known.kinds[kind]
        for kind, name in KINDS.items()
    }
    found = teller.together(numbers, tell=hours)
    return PaidHours.model_validate({path.rpartition(".")[2]: n for path, n in found.items()})


def _method(teller: Teller) -> Method:
    path = "time.method.worker_corrections"
    asked = teller.number(f"{path}.asked", lambda known: _of_people(known, known.worked.added))
    accepted = teller.number(
        f"{path}.accepted",
        lambda known: _of_people(known, known.worked.kept),
        of=lambda known: _of_people(known, known.worked.added),
        of_path=f"{path}.asked",
    )
    return Method(
        heartbeat_s=HEARTBEAT_S,
        idle_s=beats.PATIENCE_MS // 1000,
        caps="flag-not-cut",
        worker_corrections=Corrections(asked=asked, accepted=accepted),
    )


def _of_people(known: Known, number: Mapping[int, int]) -> dict[int, int]:
    return {who: n for who, n in number.items() if who in known.people}


def _annotators(teller: Teller) -> int | None:
    if teller.few:
        teller.hide("workforce.annotators")
        return None
    path = "workforce.annotators"
    found: int | None = teller.total(path, lambda known: dict.fromkeys(known.people, 1))
    if found is None or found < teller.k:  # as few as there were in a release before
        teller.hide(path)
        return None
    return found


def _size(teller: Teller, annotators: int | None) -> str:
    if teller.few:
        return f"fewer than {teller.k} people"
    return "how many is not told" if annotators is None else f"{annotators} people"


def _in_release(teller: Teller, in_release: frozenset[int]) -> int | None:
    """Tell whose judgments count in the release, if the number tells of nobody who is not."""
    path, last = "workforce.in_release", teller.last
    before = last.workforce.in_release if last else None
    changed = before is not None and 0 < abs(before - len(in_release)) < teller.k
    stays = any(each.path == "workforce.annotators" for each in teller.kept)
    everybody = dict.fromkeys(teller.known.people, 1)
    safe = suppression.tells_of_enough(dict.fromkeys(in_release, 1), teller.k, of=everybody)
    if stays or changed or not safe:
        teller.hide(path)
        return None
    return len(in_release)


def _engagement(teller: Teller, at: int, said: EngagementSaid) -> Engagement:
    number = said.n
    if number is None:
        teller.leave(f"workforce.engagement.{at}.n", NOT_DECLARED)
    elif 0 < number < teller.k:
        teller.hide(f"workforce.engagement.{at}.n")
        number = None
    return Engagement(basis="declared", type=said.type, n=number)


def members(by: Groups, name: str, names: Sequence[str]) -> frozenset[int]:
    """Return who is in a row, where OTHER are those who are in none of the named ones."""
    if name != suppression.OTHER:
        return by.get(name, frozenset())
    return frozenset().union(*(people for each, people in by.items() if each not in names))


def _country_parts(known: Known, names: Sequence[str]) -> Parts:
    return {
        name: {(who, ""): known.adds(who) for who in members(known.by_country, name, names)}
        for name in names
    }


def _country_rows(known: Known, where: Countries) -> list[Row]:
    return [
        Row(
            name,
            CountryWork(
                country=name,
                annotators=len(where.groups[name]),
                judgments=sum(known.judgments[who] for who in where.groups[name]),
                paid_hours=None if name == ELSEWHERE else _hours(known, where.groups[name]),
                as_of=known.until.at,
            ),
            {"paid_hours": MADE_ELSEWHERE} if name == ELSEWHERE else {},
        )
        for name in where.told
    ]


def _hours(known: Known, people: frozenset[int]) -> float:
    return hours(sum(known.seconds.get(who, 0) for who in people))


def _language_parts(known: Known, names: Sequence[str]) -> Parts:
    """Lay what each person judged in each language on rows."""
    found: Parts = {name: {} for name in names}
    for who, tags in known.judged.by_language.items():
        for tag, number in tags.items():
            row = tag if tag in names else suppression.OTHER
            if row in found:
                found[row][who, tag] = number
    return found


def _judged_in(known: Known, names: Sequence[str]) -> dict[str, Counter[int]]:
    """Return how many tasks each person judged, by row."""
    found = {name: Counter[int]() for name in names}
    for who, tags in known.judged.by_language.items():
        for tag, number in tags.items():
            found[tag if tag in names else suppression.OTHER][who] += number
    return found


def _tell_of_few(teller: Teller, countries: Groups, tags: Groups) -> bool:
    """Say whether countries and languages that are told of together tell of one that is not."""
    known = teller.known
    units = {(who, tag) for who, tags in known.judged.by_language.items() for tag in tags}

    def judged(by: Groups, name: str, names: Groups) -> frozenset[suppression.Unit]:
        those = members(by, name, list(names))
        return frozenset(unit for unit in units if unit[0] in those)

    def judged_in(name: str) -> frozenset[suppression.Unit]:
        rest = name == suppression.OTHER
        return frozenset(u for u in units if (u[1] not in tags if rest else u[1] == name))

    told = [judged(known.by_country, name, countries) for name in countries]
    told += [judged_in(name) for name in tags]
    small = [
        judged(known.by_country, name, {})
        for name, those in known.by_country.items()
        if suppression.is_small(those, teller.k)
    ]
    small += [
        judged_in(tag)
        for tag, those in known.by_language.items()
        if suppression.is_small(those, teller.k)
    ]
    return bool(tags) and suppression.follows(small, [frozenset(units), *told])


def _languages(
    teller: Teller, where: Countries, declared: Declared
) -> tuple[tuple[LanguageWork, ...], Groups]:
    known = teller.known
    groups = suppression.merged(known.by_language, teller.k)
    if _tell_of_few(teller, where.groups, groups):
        teller.suppressed.add(LANGUAGES)
        groups = {}
    names = list(groups)
    judged = _judged_in(known, names) if names else {}
    told, stay = teller.table(LANGUAGES, names, _language_parts)
    safe = suppression.overlap_safely(groups.values(), known.people, teller.k)
    rows = [
        _language_row(
            teller,
            name,
            len(groups[name]) if safe else None,
            judged[name].total(),
            declared.qualification.get(name, QualificationSaid()),
        )
        for name in told
    ]
    placed = teller.place(LANGUAGES, [*rows, *stay])
    return placed, {} if stay or told != set(names) else groups


def _language_row(
    teller: Teller, tag: str, annotators: int | None, judgments: int, said: QualificationSaid
) -> Row:
    nulls = {"qualification.pass_rate": NO_RATE}
    if annotators is None:
        nulls["annotators"] = teller.reason(ONE_OF_FEW)
    for field in ("method", "min_level"):
        if getattr(said, field) is None:
            nulls[f"qualification.{field}"] = NOT_DECLARED
    qualification = LanguageQualification(
        basis="declared", method=said.method, min_level=said.min_level, pass_rate=None
    )
    block = LanguageWork(
        tag=tag,
        annotators=annotators,
        judgments=judgments,
        qualification=qualification,
        as_of=teller.known.until.at,
    )
    return Row(tag, block, nulls)


def _crossed(teller: Teller, where: Countries, tags: Groups) -> tuple[Crossed, ...]:
    """Tell of languages by country, if every group is large enough, and nothing stays."""
    if min(len(where.groups), len(tags)) < 2:
        return ()
    cells = suppression.crossed([where.groups, tags], teller.k)
    as_of_now = not where.stay and where.told == set(where.groups)
    if cells is None or not as_of_now or _tells_of_what_is_new(teller, list(cells)):
        teller.suppressed.add(CROSSED)
        return ()
    judged = _judged_in(teller.known, list(tags))
    return tuple(
        Crossed(
            country=country,
            tag=tag,
            annotators=len(people),
            judgments=sum(judged[tag][who] for who in people),
        )
        for (country, tag), people in sorted(cells.items())
    )


def _tells_of_what_is_new(teller: Teller, names: Sequence[tuple[str, ...]]) -> bool:
    """Say whether these groups would tell, with those that were published, of too few people."""
    last = teller.last_with(lambda card: bool(card.workforce.by_country_and_language))
    if last is None:
        return False
    rows = last[0].workforce.by_country_and_language
    before = _crossed_parts(last[1], [(row.country, row.tag) for row in rows])
    now = _crossed_parts(teller.known, names)
    return bool(suppression.frozen(now, before, teller.k))


def _crossed_parts(known: Known, names: Sequence[tuple[str, ...]]) -> Parts:
    """Lay what each person judged in each language on the groups of these countries and tags."""
    countries, tags = ({name[at] for name in names} for at in (0, 1))
    found: Parts = {}
    for who, judged in known.judged.by_language.items():
        place = known.places[who] if known.places[who] in countries else suppression.OTHER
        for tag, number in judged.items():
            row = f"{place}/{tag if tag in tags else suppression.OTHER}"
            found.setdefault(row, {})[who, tag] = number
    return found
