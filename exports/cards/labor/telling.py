"""Telling: of each number on a card, whether it is told, and if not, why not.

A number that fewer than k people changed since a release stays as it was published there; where it
was not published, it stays untold. Where all who judged in a project are fewer than k, only totals
are told of them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from exports.cards.labor.blocks import Block
from exports.cards.labor.known import Known
from exports.cards.labor.model import Kept, LaborCard
from exports.choosing.selection import Mark
from exports.privacy import suppression

Number: TypeAlias = Callable[[Known], Mapping[int, int]]
"""What each person adds to a number, by all that is known."""
Parts: TypeAlias = dict[str, dict[suppression.Unit, object]]
"""What each person adds to each row of a table, by what they worked on."""
Tell: TypeAlias = Callable[[int], int | float]
ONE_OF_FEW = "Of fewer than {k} people, or with another number it would tell of fewer."
FEW = "Fewer than {k} people did the work: no group of them is told of."
LARGE_PART = "One of them has more than 40 % of the hours."
AT_THE_EDGE = "It would be the lowest or the highest of fewer than 50."
NOT_DECLARED = "not declared"


class Row(NamedTuple):
    """A row of a table, and why what in it is null is so."""

    name: str
    block: Block
    nulls: Mapping[str, str]


class Teller:
    """Tells numbers of one project up to a mark, beside the cards that were published before."""

    def __init__(
        self,
        known: Known,
        k: int,
        published: Sequence[LaborCard],
        look: Callable[[Mark], Known],
    ) -> None:
        self.known, self.k = known, suppression.require_k(k)
        self.nulls: dict[str, str] = {}
        self.suppressed: set[str] = set()
        self._kept: dict[str, datetime] = {}
        self._cards = sorted(published, key=lambda card: card.generated_at)
        self._looked: dict[datetime, Known] = {}
        self._look = look

    @property
    def few(self) -> bool:
        """Whether all who judged are fewer than k."""
        return suppression.is_small(self.known.people, self.k)

    @property
    def last(self) -> LaborCard | None:
        """The newest card that was published before."""
        return self._cards[-1] if self._cards else None

    def last_with(self, told: Callable[[LaborCard], bool]) -> tuple[LaborCard, Known] | None:
        """Return the newest card that tells something, and what was known then."""
        for card in reversed(self._cards):
            known = self._at(card.generated_at)
            if told(card) and known is not None:
                return card, known
        return None

    @property
    def _few_changed(self) -> bool:
        """Whether fewer than k people did anything since the newest card."""
        before = None if self.last is None else self._at(self.last.generated_at)
        if before is None:
            return False
        adds, then = ({who: each.adds(who) for who in each.people} for each in (self.known, before))
        return suppression.is_small(suppression.moved(adds, then), self.k)

    @property
    def kept(self) -> tuple[Kept, ...]:
        """What stays as it was published."""
        return tuple(Kept(path=path, as_of=at) for path, at in sorted(self._kept.items()))

    def leave(self, path: str, why: str) -> None:
        """Leave a number out."""
        self.nulls[path] = why

    def hide(self, path: str, why: str = "") -> None:
        """Leave a number out because of the people behind it."""
        self.suppressed.add(path)
        self.leave(path, why or self.reason(FEW if self.few else ONE_OF_FEW))

    def reason(self, words: str) -> str:
        """Say why something is left out."""
        return words.format(k=self.k)

    def total(self, path: str, number: Number, *, tell: Tell = int) -> Any:
        """Tell a number of all; it is told of few people, too. `tell` says how it is written."""
        if not self.few and self.stays(path, number):
            return self._read(path)
        return tell(sum(number(self.known).values()))

    def number(
        self,
        path: str,
        number: Number,
        *,
        of: Number | None = None,
        of_path: str = "",
        tell: Tell = int,
    ) -> Any:
        """Tell a number, if it tells of enough people; `of` is what it is a part of."""
        now = number(self.known)
        whole = None if of is None or of_path in self.nulls else of(self.known)
        if not suppression.tells_of_enough(now, self.k, of=whole):
            self.hide(path)
            return None
        if of_path in self._kept or self.stays(path, number):
            return self._published(path)
        return tell(sum(now.values()))

    def together(self, numbers: Mapping[str, Number], *, tell: Tell = int) -> dict[str, Any]:
        """Tell numbers whose sum is told as well, so that those which are not stay unknown."""
        now = {path: _some(number(self.known)) for path, number in numbers.items()}
        hidden = suppression.hidden({path: set(adds) for path, adds in now.items()}, self.k)
        if self.few:
            hidden = set(now)
        then = {path: self._before(path, number) for path, number in numbers.items()}
        stay = set[str]()
        if self.last is not None and not self.few:
            stay = suppression.frozen(_units(now), _units(then), self.k)
        found: dict[str, Any] = {}
        for path, adds in now.items():
            found[path] = None
            if path in hidden:
                self.hide(path)
            elif path in stay:
                self._kept[path] = self._origin(path) or self.known.until.at
                found[path] = self._published(path)
            else:
                found[path] = tell(sum(adds.values()))
        return found

    def percentile(
        self, path: str, values: Mapping[int, int], percent: int, weights: Number
    ) -> int | None:
        """Tell a percentile of values, if enough people are behind it and nobody has most of it.

        `weights` says how much of it each of them has, by which it is known too who changed it.
        """
        if self.stays(path, weights):
            found: int | None = self._published(path)
            return found
        value, why = self.weighed(values, percent, weights(self.known))
        if value is None:
            self.hide(path, why)
        return value

    def weighed(
        self, values: Mapping[int, int], percent: int, weights: Mapping[int, int]
    ) -> tuple[int | None, str]:
        """Return a percentile, or None and why it is not told; whatever was published."""
        if len(weights) < self.k:
            return None, self.reason(ONE_OF_FEW)
        if not suppression.tells_of_pay(weights, self.k):
            return None, LARGE_PART
        found = suppression.percentile(values, percent)
        return found, AT_THE_EDGE if found is None else ""

    def stays(self, path: str, number: Number) -> bool:
        """Say whether a number stays as it was published, since too few people changed it."""
        origin = self._origin(path)
        if origin is None:
            return False
        changed = suppression.moved(_some(number(self.known)), self._before(path, number))
        if not suppression.is_small(changed, self.k):
            return False
        self._kept[path] = origin
        return True

    def _before(self, path: str, number: Number) -> dict[int, int]:
        """Return what each person added to a number when it was published."""
        origin = self._origin(path)
        before = None if origin is None else self._at(origin)
        return {} if before is None else _some(number(before))

    def table(
        self, path: str, names: Sequence[str], parts: Callable[[Known, Sequence[str]], Parts]
    ) -> tuple[set[str], list[Row]]:
        """Return which of these rows are told as they are now, and those that stay as they were.

        `names` are the rows of now; `parts` lays what is known of each person on rows.
        """
        before = self.rows(path)
        then: Parts = {}
        for row in before:
            at: datetime = row.block.as_of  # type: ignore[attr-defined]
            known = self._at(at)
            if known is not None:
                then[row.name] = parts(known, [each.name for each in before]).get(row.name, {})
        if not before and self._few_changed:
            stay = set(names)
        else:
            stay = suppression.frozen(parts(self.known, names), then, self.k) if before else set()
        kept = [] if self._is_stricter else [row for row in before if row.name in stay]
        if stay - {row.name for row in kept}:
            self.suppressed.add(path)  # without the name: that somebody works there is told as well
        return set(names) - stay, kept

    def rows(self, path: str) -> list[Row]:
        """Return the rows of a table of the newest card, with the reasons of its nulls."""
        if self.last is None:
            return []
        found: object = self.last
        for part in path.split("."):
            found = getattr(found, part)
        assert isinstance(found, tuple)
        why = {each.path: each.reason for each in self.last.completeness.nulls}
        return [
            Row(_name(block), block, _within(why, f"{path}.{n}.")) for n, block in enumerate(found)
        ]

    def place(self, path: str, rows: Iterable[Row]) -> tuple[Any, ...]:
        """Lay rows in the order of their names, what is together last; note their nulls."""
        ordered = sorted(rows, key=lambda row: (row.name.startswith(suppression.OTHER), row.name))
        for n, row in enumerate(ordered):
            self.nulls |= {f"{path}.{n}.{part}": why for part, why in row.nulls.items()}
        return tuple(row.block for row in ordered)

    def _origin(self, path: str) -> datetime | None:
        """Return of when what was published last is; None if nothing was published."""
        if self.last is None:
            return None
        kept = {each.path: each.as_of for each in self.last.privacy.kept}
        return kept.get(path, self.last.generated_at)

    def _published(self, path: str) -> Any:
        """Return a number that was published; None where it was not, or k was lower then."""
        found = None if self._is_stricter else self._read(path)
        if found is None:
            self.hide(path)
        return found

    @property
    def _is_stricter(self) -> bool:
        """Whether groups that were told of in the newest card may be too small by now."""
        return self.last is not None and self.last.privacy.k < self.k

    def _read(self, path: str) -> Any:
        found: Any = self.last.model_dump(by_alias=True) if self.last else {}
        for part in path.split("."):
            found = found.get(part)
        return found

    def _at(self, moment: datetime) -> Known | None:
        """Return what was known at the moment of a published card."""
        if moment not in self._looked:
            cards = [card for card in self._cards if card.generated_at == moment]
            if not (found := cards[-1:] or self._cards[-1:]):
                return None
            mark = Mark(found[0].dataset.last_judgment_id, found[0].generated_at)
            self._looked[moment] = self._look(mark)
        return self._looked[moment]


def _units(adds: Mapping[str, Mapping[int, int]]) -> Parts:
    """Lay what people add to several numbers on one row each."""
    return {name: {(who, name): n for who, n in each.items()} for name, each in adds.items()}


def _some(adds: Mapping[int, int]) -> dict[int, int]:
    """Leave out who adds nothing."""
    return {who: n for who, n in adds.items() if n}


def _name(block: Any) -> str:
    if category := getattr(block, "category", ""):
        return f"{category}:{block.level}"
    names = (getattr(block, part, "") for part in ("country", "tag", "currency"))
    return "/".join(name for name in names if name)


def _within(reasons: Mapping[str, str], prefix: str) -> dict[str, str]:
    found = reasons.items()
    return {path.removeprefix(prefix): why for path, why in found if path.startswith(prefix)}
