"""Completeness: how many numbers a card tells, on what each rests, and why others are missing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from exports.cards.labor.model import Completeness, LaborCard, Null
from exports.cards.labor.telling import NOT_DECLARED

APART = ("completeness",)
"""What is not counted: it tells of the card itself."""
USUAL: Mapping[str, str] = {
    "models.": "The data that were loaded do not say it.",
    "references.": "The table of figures does not say it.",
    "signature.": "The release is not signed.",
}
"""Why something is missing where nothing else is said, by how its path begins."""
NOTHING = Completeness(measured=0, declared=0, estimated=0, null=0, nulls=())


class Leaf(NamedTuple):
    """A number or a text, where it is, and on what it rests; None where that is not said."""

    path: str
    value: object
    basis: str | None


def completed(card: LaborCard, nulls: Mapping[str, str]) -> LaborCard:
    """Return the card with how complete it is; `nulls` says why each null is one."""
    return card.model_copy(update={"completeness": count(dump(card), nulls)})


def dump(card: LaborCard) -> dict[str, Any]:
    """Return the card as its JSON has it."""
    return card.model_dump(mode="json", by_alias=True)


def count(card: Mapping[str, Any], reasons: Mapping[str, str]) -> Completeness:
    """Count what is told and list what is not; raises KeyError for a null without a reason."""
    found, nulls = Counter[str](), list[Null]()
    for leaf in leaves(card):
        if leaf.value is None:
            nulls.append(Null(path=leaf.path, reason=_reason(leaf, reasons)))
        elif leaf.basis is not None:
            found[leaf.basis] += 1
    nulls.sort(key=lambda null: null.path)
    bases = {name: found[name] for name in ("measured", "declared", "estimated")}
    return Completeness(**bases, null=len(nulls), nulls=tuple(nulls))


def leaves(card: Mapping[str, Any]) -> Iterator[Leaf]:
    """Yield every number and text of a card; each rests on what its block says."""
    for name, value in card.items():
        if name not in APART:
            yield from _leaves(name, value, None)


def _leaves(path: str, value: object, basis: str | None) -> Iterator[Leaf]:
    if isinstance(value, Mapping):
        basis = value.get("basis", basis)
        for name, part in value.items():
            if name != "basis":
                yield from _leaves(f"{path}.{name}", part, basis)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _leaves(f"{path}.{number}", part, basis)
    else:
        yield Leaf(path, value, basis)


def _reason(leaf: Leaf, reasons: Mapping[str, str]) -> str:
    if leaf.path in reasons:
        return reasons[leaf.path]
    for prefix, why in USUAL.items():
        if leaf.path.startswith(prefix):
            return why
    if leaf.basis == "declared":
        return NOT_DECLARED
    raise KeyError(leaf.path)
