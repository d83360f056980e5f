"""All that the database knows of the work in a project, up to the mark of one release."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from sqlalchemy.orm import Session

from exports.cards.labor import conduct, counted, paid
from exports.cards.labor.conduct import Conduct
from exports.cards.labor.counted import Judged, Until, Worked
from exports.cards.labor.paid import Paid
from labeler.pay.worktime import Kind

Adds: TypeAlias = tuple[object, ...]
"""All that one person adds to the numbers of a group."""


@dataclass(frozen=True)
class Known:
    """What is known, by person."""

    until: Until
    judged: Judged
    places: Mapping[int, str]
    worked: Worked
    paid: Paid
    conduct: Conduct
    hard: Mapping[str, int]
    """How many comparisons were judged of each content that is hard to read."""
    readers: Mapping[str, Mapping[int, int]]
    """Who judged how many of it."""
    visitors: int = 0
    """How much was judged by visitors of a chat, who are not among the people of a card."""

    @cached_property
    def judgments(self) -> dict[int, int]:
        """Tasks that each person judged: these are the people of a card."""
        return self.judged.by_person

    @cached_property
    def people(self) -> frozenset[int]:
        """Who judged anything, whether it is in a release or not."""
        return frozenset(self.judgments)

    @cached_property
    def seconds(self) -> dict[int, int]:
        """Paid seconds of those people, by person."""
        return self._theirs(self.worked.by_person)

    @cached_property
    def kinds(self) -> dict[Kind, dict[int, int]]:
        """Paid seconds by kind, of those people."""
        return {kind: self._theirs(self.worked.seconds(kind)) for kind in Kind}

    @cached_property
    def week_seconds(self) -> dict[int, int]:
        """Paid seconds in whole weeks whose pay is due."""
        spent = {who: counted.whole(each) for who, each in self.worked.in_weeks.items()}
        return self._theirs(spent)

    @cached_property
    def by_country(self) -> dict[str, frozenset[int]]:
        """Who works in which country."""
        found: dict[str, set[int]] = {}
        for who in self.people:
            found.setdefault(self.places[who], set()).add(who)
        return {place: frozenset(people) for place, people in found.items()}

    @cached_property
    def by_language(self) -> dict[str, frozenset[int]]:
        """Who judged in which language."""
        found: dict[str, set[int]] = {}
        for who, tags in self.judged.by_language.items():
            for tag in tags:
                found.setdefault(tag, set()).add(who)
        return {tag: frozenset(people) for tag, people in found.items()}

    def adds(self, who: int) -> Adds:
        """Return all that somebody adds to the numbers of their country."""
        money = self.money.get(who, ())
        return self.judgments[who], self.seconds.get(who, 0), self.week_seconds.get(who, 0), money

    @cached_property
    def money(self) -> dict[int, Adds]:
        """All that each person was paid, in whatever currency."""
        found: dict[int, list[object]] = {}
        for (who, currency), kinds in sorted(self.paid.kinds.items(), key=lambda each: each[0]):
            told = tuple(sorted((kind.value, amount) for kind, amount in kinds.items()))
            more = self.paid.back[who, currency], self.paid.in_weeks[who, currency]
            found.setdefault(who, []).append((currency, told, more))
        return {who: tuple(each) for who, each in found.items()}

    def _theirs(self, spent: Mapping[int, int]) -> dict[int, int]:
        return {who: seconds for who, seconds in spent.items() if who in self.people and seconds}


def look(session: Session, until: Until) -> Known:
    """Read all that is known up to a moment."""
    content = list(counted.content(session, until))
    return Known(
        until=until,
        judged=counted.judged(session, until),
        places=counted.countries(session, until),
        worked=counted.worked(session, until),
        paid=paid.paid(session, until),
        conduct=conduct.conduct(session, until),
        hard={written: items for written, items, _people in content},
        readers={written: people for written, _items, people in content},
        visitors=counted.visitors_judged(session, until),
    )
