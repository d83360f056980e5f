"""The labor card: who made a dataset, where, in which languages, how, and for what pay.

It tells of all work in the project up to the release's mark, whether what people said is in the
files or not: labor that was left out was done all the same. The same mark makes the same card, and
what happens later changes nothing of it. Without a card there is no release.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from exports.cards.labor import (
    checks,
    completing,
    counted,
    dealings,
    known,
    money,
    sources,
    writing,
)
from exports.cards.labor import people as persons
from exports.cards.labor.blocks import ChainLink, Dataset, File, Hosting, Operator, Pay
from exports.cards.labor.counted import Until
from exports.cards.labor.known import Known
from exports.cards.labor.model import (
    VERSION,
    Agreement,
    AiAct,
    Art53,
    Excluded,
    LaborCard,
    Model,
    Privacy,
    Quality,
    Reference,
    Signature,
)
from exports.cards.labor.telling import Teller
from exports.choosing.selection import Mark
from exports.kept.declared import Declared
from labeler.errors import Invalid
from labeler.people import visitors

JSON_NAME, NAME = "labor_card.json", "LABOR_CARD.md"
ATTESTATION = "attestation.dsse.json"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
UNFIT = "There is no labor card, so there is no release."
NOT_TOLD = "Agreement was not worked out for this release."
NO_ITEMS = "There are no comparisons."


class DatasetFacts(BaseModel):
    """What a release says of itself, for its card."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    version: str
    license: str
    languages: tuple[str, ...]
    items: int = Field(ge=0)
    judgments: int = Field(ge=0)
    files: tuple[File, ...] = ()
    export_id: str = ""
    agreement: float | None = None
    """Krippendorff's alpha."""
    left_out: Mapping[str, int] = {}
    """How many comparisons are not in the files, by reason."""
    has_pseudonyms: bool = True
    """Whether its rows say who judged, by pseudonym."""


def build(
    session: Session,
    *,
    project_id: int,
    mark: Mark,
    dataset: DatasetFacts,
    people: Collection[int],
    declared: Declared,
    published: Sequence[Mapping[str, Any]] = (),
) -> LaborCard:
    """Build the card of a release; `people` are those whose judgments count in it.

    `published` are the cards of the project's releases before. Raises Invalid naming what does not
    fit together.
    """

    def look(mark: Mark) -> Known:
        return known.look(session, Until(project_id, mark))

    now = look(mark)
    people = set(people) - visitors.among(session, people)
    _require_consistent(now, dataset, people)
    teller = Teller(now, declared.k, _read_all(published, mark), look)
    card = _card(session, teller, dataset, frozenset(people), declared)
    try:
        card = completing.completed(card, teller.nulls)
    except KeyError as error:
        raise Invalid(UNFIT, fields={str(error.args[0]): "It is null without a reason."}) from None
    if found := checks.faults(text(card)):
        raise Invalid(UNFIT, fields={str(n): fault for n, fault in enumerate(found, start=1)})
    return card


def read(said: bytes) -> LaborCard:
    """Read a card that `text` wrote."""
    return LaborCard.model_validate_json(said)


def sealed(card: LaborCard, files: Sequence[File], keyid: str | None) -> LaborCard:
    """Return the card with the files of its release, and whose key signs it."""
    dataset = card.dataset.model_copy(update={"files": tuple(files)})
    signature = card.signature.model_copy(update={"keyid": keyid})
    reasons = {null.path: null.reason for null in card.completeness.nulls}
    changed = card.model_copy(update={"dataset": dataset, "signature": signature})
    return completing.completed(changed, reasons)


def text(card: LaborCard) -> bytes:
    """Write the card as JSON."""
    return json.dumps(completing.dump(card), ensure_ascii=False, indent=1).encode() + b"\n"


def schema() -> str:
    """Return the JSON Schema of cards, as it is published."""
    said = {"$schema": DRAFT, **LaborCard.model_json_schema()}
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def markdown(card: LaborCard) -> str:
    """Write the card for people: LABOR_CARD.md."""
    return writing.markdown(card)


def faults(card: str | bytes) -> list[str]:
    """Return what is wrong with a card's JSON; nothing if it is sound."""
    return checks.faults(card)


def _require_consistent(now: Known, dataset: DatasetFacts, people: Collection[int]) -> None:
    faults = {}
    judged = sum(now.judgments.values()) + now.visitors
    if not judged:
        faults["people"] = "Nobody has judged anything in this project by then."
    elif unknown := set(people) - now.people:
        faults["people"] = f"{len(unknown)} of these people have judged nothing by then."
    if dataset.judgments > judged:
        faults["judgments"] = "These are more than people gave by then."
    if dataset.judgments > now.visitors and not people:
        faults["people"] = "There are judgments, and nobody gave them."
    if faults:
        raise Invalid(UNFIT, fields=faults)


def _read_all(published: Sequence[Mapping[str, Any]], mark: Mark) -> list[LaborCard]:
    try:
        cards = [LaborCard.model_validate_json(json.dumps(each)) for each in published]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        fault = f"A card that was published cannot be read: {where}: {first['msg']}"
        raise Invalid(UNFIT, fields={"published": fault}) from None
    return [card for card in cards if card.generated_at < mark.cut_at]


def _card(
    session: Session,
    teller: Teller,
    dataset: DatasetFacts,
    in_release: frozenset[int],
    declared: Declared,
) -> LaborCard:
    until = teller.known.until
    where, models = persons.countries(teller), sources.models(session, until)
    wages = sources.wages_in(session, where.groups, until)
    cited = money.Cited(wages, sources.history(session, until))
    blocks: dict[str, Any] = {  # each of which notes what it keeps back, for the last ones
        "workforce": persons.workforce(teller, where, in_release, declared),
        "time": persons.time(teller, counted.durations(session, until)),
        "pay": (pay := money.pay(teller, where, cited, declared)),
        "conditions": dealings.conditions(teller, session, declared),
        "management": dealings.management(teller, session),
        "representation": dealings.representation(teller, session, declared),
        "quality": _quality(teller, dataset),
    }
    return LaborCard(
        labor_card_version=VERSION,
        generated_at=until.at,
        export_id=dataset.export_id,
        dataset=_dataset(dataset, until),
        operator=_operator(declared),
        labor_chain=tuple(
            ChainLink(basis="declared", **link.model_dump()) for link in declared.labor_chain
        ),
        **blocks,
        models=models,
        ai_act=_ai_act(dataset, models),
        privacy=_privacy(teller, dataset, declared),
        references=tuple(_references(teller, pay, cited)),
        completeness=completing.NOTHING,
        signature=Signature(dsse=ATTESTATION, keyid=None),
    )


def _dataset(dataset: DatasetFacts, until: Until) -> Dataset:
    return Dataset(
        basis="measured",
        name=dataset.name,
        version=dataset.version,
        license=dataset.license,
        files=dataset.files,
        languages=dataset.languages,
        items=dataset.items,
        judgments=dataset.judgments,
        last_judgment_id=until.mark.last_judgment_id,
    )


def _operator(declared: Declared) -> Operator:
    said = declared.operator
    return Operator(
        basis="declared",
        legal_name=said.legal_name,
        country=said.country,
        contact=said.contact,
        gdpr_role=said.gdpr_role,
        hosting=Hosting(**said.hosting.model_dump()),
    )


def _quality(teller: Teller, dataset: DatasetFacts) -> Quality:
    now = teller.known
    tasks = max(1, sum(now.judgments.values()))
    if not dataset.items:
        teller.leave("quality.judgments_per_item", NO_ITEMS)
    if dataset.agreement is None:
        teller.leave("quality.agreement.value", NOT_TOLD)
    return Quality(
        basis="measured",
        judgments_per_item=dataset.judgments * 100 // dataset.items / 100
        if dataset.items
        else None,
        agreement=Agreement(metric="krippendorff_alpha", value=dataset.agreement),
        gold_share=now.judged.gold * 100 // tasks / 100,
        excluded=Excluded(
            n=teller.number("quality.excluded.n", lambda known: known.conduct.excluded),
            reasons=dict(sorted(dataset.left_out.items())),
        ),
    )


def _ai_act(dataset: DatasetFacts, models: Sequence[Model]) -> AiAct:
    answers = sum(model.responses for model in models)
    names = ", ".join(sorted({model.name for model in models})) or "none"
    return AiAct(
        basis="measured",
        art53_1d=Art53(
            other_third_party=(
                f"Prompts of {dataset.items:,} comparisons, loaded by whoever runs the project, "
                "who states where they come from."
            ),
            synthetic=f"{answers:,} answers written by models: {names}.",
            other=(
                f"{dataset.judgments:,} judgments by people of which answer is better, collected "
                "for this dataset; see the labor card."
            ),
        ),
    )


def _privacy(teller: Teller, dataset: DatasetFacts, declared: Declared) -> Privacy:
    return Privacy(
        basis="declared",
        k=teller.k,
        suppressed_paths=tuple(sorted(teller.suppressed)),
        kept=teller.kept,
        pseudonyms="per-release-hmac" if dataset.has_pseudonyms else "none",
        legal_basis=declared.legal_basis,
        dpia_ref=declared.dpia_ref,
    )


def _references(teller: Teller, pay: Pay, cited: money.Cited) -> list[Reference]:
    """Cite every figure that a row names; of rows that stay as they were, as they cited it."""
    last = teller.last
    found = {each.ref_id: each for each in (last.references if last else ())}
    for held in cited.wages.values():
        found |= {wage.ref_id: sources.reference(wage) for wage in held if wage is not None}
    named = {ref for row in pay.by_country for ref in (row.statutory_ref, row.living_ref)}
    return [found[ref_id] for ref_id in sorted(filter(None, named))]
