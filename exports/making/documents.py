"""Documents: what stands beside the rows of a release and says what they are, who made them, how.

All of it follows from the database up to the mark, and from what was declared by then.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports.cards import croissant, dataset_card, labor_card, licence, training_summary
from exports.cards.labor.blocks import File
from exports.cards.labor.model import LaborCard
from exports.cards.labor_card import DatasetFacts
from exports.files import manifests, surveys
from exports.files.manifests import Counts, FileEntry, Manifest
from exports.files.surveys import Survey
from exports.files.tallies import Flips
from exports.kept import declarations
from exports.kept.declared import Declared
from exports.kept.releases import Cut, Release
from labeler.people import remarks

LICENSE, SUMMARY = "LICENSE", "eu_training_summary.md"
NOBODY = "the makers of this dataset"


@dataclass(frozen=True)
class Told:
    """What documents are made of, beside the database."""

    cut: Cut
    counts: Counts
    survey: Survey
    characters: int
    """In all prompts and answers that were judged."""
    flipped_pairs: Flips
    flipped_votes: Flips
    keyid: str
    """The fingerprint of the key that is going to sign."""


def write(session: Session, told: Told, folder: Path, rows: Sequence[FileEntry]) -> None:
    """Write all documents but the manifest; `rows` are the files that hold rows. Raises Invalid."""
    said = declarations.latest(session, told.cut.project_id, told.cut.mark.cut_at)
    declared, words = (said.declared, said.words) if said else (Declared(), "")
    raw, alpha = surveys.agreement(told.survey)
    card = _kept(session, told.cut)
    if card is None:
        made = _labor_card(session, told, declared, alpha.value)
        files = [File(path=each.path, sha256=each.sha256, records=each.rows or 0) for each in rows]
        card = labor_card.sealed(made, files, told.keyid)
    text = dataset_card.text(
        told.cut,
        told.counts,
        told.survey,
        pay=surveys.paid(session, told.cut.project_id, told.cut.mark),
        scales=surveys.scales(session, told.cut.project_id, told.survey.rubrics),
        remark=remarks.statement_of(session, told.cut.project_id, told.cut.mark.cut_at),
        agreement=(raw, alpha),
        flip_rates=(told.flipped_pairs.rate, told.flipped_votes.rate),
        from_elsewhere=card.pay.elsewhere_minor is None,
        words=words,
    )
    _put(folder, dataset_card.NAME, text)
    _put(folder, labor_card.JSON_NAME, labor_card.text(card).decode())
    _put(folder, labor_card.NAME, labor_card.markdown(card))
    _put(folder, SUMMARY, training_summary.text(card, characters=told.characters))
    _put(folder, LICENSE, _licence(told, declared, card))


def add_croissant(folder: Path, told: Told, manifest: Manifest) -> None:
    """Write croissant.json of a release whose other files the manifest names."""
    card = labor_card.read((folder / labor_card.JSON_NAME).read_bytes())
    _put(folder, croissant.NAME, croissant.text(manifest, _facts(told, card)))


def _kept(session: Session, cut: Cut) -> LaborCard | None:
    """Return the card of a release that is written again: what it tells was told for good.

    What became known later of the time before, and a new key, change nothing of it.
    """
    mine = Release.project_id == cut.project_id, Release.number == cut.number
    said = session.scalar(
        sa.select(Release.labor_card).where(*mine, Release.pseudonym_key == cut.pseudonym_key)
    )
    return None if said is None else labor_card.read(json.dumps(said).encode())


def _labor_card(session: Session, told: Told, declared: Declared, alpha: float) -> LaborCard:
    counts, cut = told.counts, told.cut
    facts = DatasetFacts(
        name=cut.title,
        version=str(cut.number),
        license=cut.criteria.licence,
        languages=tuple(counts.languages),
        items=counts.comparisons,
        judgments=counts.judgments,
        export_id=f"{cut.slug}-{cut.number}",
        agreement=None if isnan(alpha) else alpha,
        left_out={reason.value: count for reason, count in counts.reasons.items()},
    )
    return labor_card.build(
        session,
        project_id=cut.project_id,
        mark=cut.mark,
        dataset=facts,
        people=told.survey.people,
        declared=declared,
        published=_published(session, cut),
    )


def _published(session: Session, cut: Cut) -> Sequence[Mapping[str, Any]]:
    """Return the cards of the releases before."""
    before = Release.project_id == cut.project_id, Release.number < cut.number
    cards = sa.select(Release.labor_card).where(*before).order_by(Release.number)
    return [card for card in session.scalars(cards) if card is not None]


def _licence(told: Told, declared: Declared, card: LaborCard) -> str:
    models = {
        licence.model(
            each.name,
            output_use=each.output_use,
            licence=each.licence,
            terms_url=each.terms_url,
        )
        for each in card.models
    }
    return licence.text(
        told.cut.criteria.licence,
        title=told.cut.title,
        release=told.cut.number,
        year=told.cut.mark.cut_at.year,
        licensor=declared.operator.legal_name or NOBODY,
        models=models,
    )


def _facts(told: Told, card: LaborCard) -> croissant.Facts:
    cut, survey = told.cut, told.survey
    creator, published = card.operator.legal_name or NOBODY, cut.mark.cut_at.date()
    collected = None
    if survey.first_at and survey.last_at:
        collected = (survey.first_at.date(), survey.last_at.date())
    return croissant.Facts(
        title=cut.title,
        description=f"What people said when they were asked: {cut.question}",
        licence=cut.criteria.licence,
        url=f"urn:labeler:{cut.slug}:{cut.number}",
        creator=creator,
        published=published,
        cite_as=f"{creator} ({published.year}). {cut.title}, release {cut.number}.",
        languages=tuple(told.counts.languages),
        keywords=("preference", "human feedback"),
        collected=collected,
        said=_sentences(told, card),
        models=tuple(dict.fromkeys(each.name for each in card.models)),
        uses=_uses(card),
    )


def _uses(card: LaborCard) -> tuple[str, ...]:
    """Say of which models' answers the use is restricted."""
    restricted = {
        f"Answers of {each.name}: {licence.USES[each.output_use]}."
        for each in card.models
        if each.output_use in licence.USES and each.output_use != "unrestricted"
    }
    return tuple(sorted(restricted))


def _sentences(told: Told, card: LaborCard) -> dict[str, Sequence[str]]:
    """Answer what Responsible AI's vocabulary asks, as far as it is known."""
    counts, survey = told.counts, told.survey
    guidelines = ", ".join(map(str, sorted(survey.guidelines)))
    return {
        "annotationsPerItem": [f"{counts.judgments:,} judgments on {counts.comparisons:,} items"],
        "dataAnnotationPlatform": [told.cut.software],
        "dataAnnotationProtocol": [
            "People saw a prompt and answers without the names of models, each in another order.",
            f"Versions of the guidelines: {guidelines}.",
        ],
        "dataAnnotationAnalysis": [
            f"What was left out, and why, stands in {manifests.NAME}.",
            f"How far people agree stands in {dataset_card.NAME}.",
        ],
        "dataCollectionType": ["Human judgments of answers that models wrote"],
        "annotatorDemographics": [f"See {labor_card.NAME}: {card.workforce.size}."],
        "personalSensitiveInformation": [
            "People are named by pseudonyms of this release alone.",
            "Prompts and answers are as they were loaded.",
        ],
    }


def _put(folder: Path, name: str, text: str) -> None:
    (folder / name).write_bytes(text.encode())
