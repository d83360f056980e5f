"""croissant.json: what is in a release and how it came about, for machines that look for datasets.

Croissant 1.1 with its vocabulary for responsible AI, RAI 1.0 (https://docs.mlcommons.org/croissant)
and provenance in the words of PROV-O. It is written before the manifest, so it names neither that
nor itself. The same release gives the same bytes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from exports import formats
from exports.cards import croissant_records, licence
from exports.cards.croissant_records import SHARD, set_id
from exports.files import writing
from exports.files.manifests import FileEntry, Manifest

NAME = "croissant.json"
CORE = "http://mlcommons.org/croissant/1.1"
RESPONSIBLE = "http://mlcommons.org/croissant/RAI/1.0"
PREFIXES = MappingProxyType(
    {
        "cr": "http://mlcommons.org/croissant/",
        "dct": "http://purl.org/dc/terms/",
        "prov": "http://www.w3.org/ns/prov#",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "sc": "https://schema.org/",
    }
)
_TERMS = """annotation arrayShape citeAs column containedIn equivalentProperty excludes extract
    field fileObject fileProperty fileSet format includes isArray isLiveDataset jsonPath key md5
    parentField path readLines recordSet references regex repeated replace samplingRate sdVersion
    separator source subField transform unArchive value""".split()
CONTEXT: Mapping[str, Any] = MappingProxyType(
    {
        "@language": "en",
        "@vocab": PREFIXES["sc"],
        **PREFIXES,
        **{term: f"cr:{term}" for term in _TERMS},
        "conformsTo": "dct:conformsTo",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
    }
)

ONE = frozenset(
    """annotationsPerItem dataAnnotationProtocol dataCollection dataCollectionMissingData
    dataCollectionRawData dataImputationProtocol dataManipulationProtocol
    dataSocialImpact""".split()
)
MANY = frozenset(
    """annotatorDemographics dataAnnotationAnalysis dataAnnotationPlatform dataBiases
    dataCollectionTimeframe dataCollectionType dataLimitations dataPreprocessingProtocol
    dataReleaseMaintenancePlan dataUseCases machineAnnotationTools
    personalSensitiveInformation""".split()
)
"""The properties of RAI 1.0, by whether they are said once or in several sentences."""
READ_AS = MappingProxyType(
    {
        "dataCollectionTimeframe": "dataCollectionTimeFrame",
        "dataManipulationProtocol": "dataDataManipulationProtocol",
    }
)
"""What mlcroissant 1.1 calls two of them: they are written in both spellings."""

_KINDS = {
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".md": "text/markdown",
    ".parquet": "application/x-parquet",
    ".toml": "application/toml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


@dataclass(frozen=True)
class Facts:
    """What the manifest does not know of a dataset."""

    title: str
    description: str
    licence: str
    """Its short name, such as cc-by-4.0."""
    url: str
    """Where people read about the dataset."""
    creator: str
    """The organisation that had the answers compared."""
    published: date
    languages: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    cite_as: str = ""
    """How to cite it, if not by the other facts."""
    collected: tuple[date, date] | None = None
    """The first and the last day of judging."""
    said: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Sentences by the property of RAI 1.0 that they answer, such as dataAnnotationProtocol."""
    models: tuple[str, ...] = ()
    """Whose answers are in it."""
    sources: tuple[str, ...] = ()
    """Addresses of datasets that it was made from."""
    uses: tuple[str, ...] = ()
    """Sentences about what it may be used for, beside the licence."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """What columns hold, by name."""


def text(manifest: Manifest, facts: Facts) -> str:
    """Write croissant.json; `manifest` lists the other files."""
    shards = [found for entry in manifest.files if (found := SHARD.fullmatch(entry.path))]
    there = {found["config"] for found in shards}
    configs = [name for name in formats.IN_PARQUET if name in there]
    splits = sorted({found["split"] for found in shards}, key=croissant_records.split_order)
    said: dict[str, Any] = {
        "@context": dict(CONTEXT),
        "@type": "sc:Dataset",
        "conformsTo": [CORE, RESPONSIBLE],
        **_about(manifest, facts),
        **_responsible(facts),
        **_provenance(manifest, facts),
        "distribution": [
            *(_file(entry) for entry in manifest.files if entry.path != NAME),
            *(_file_set(config) for config in configs),
        ],
        "recordSet": [
            *([croissant_records.splits(splits)] if splits else []),
            *(_record_set(config, splits, facts) for config in configs),
        ],
    }
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def _record_set(config: str, splits: Sequence[str], facts: Facts) -> dict[str, Any]:
    schema = writing.arrow(formats.MODULES[config].SCHEMA)
    return croissant_records.record_set(config, schema, splits, facts.columns)


def _about(manifest: Manifest, facts: Facts) -> dict[str, Any]:
    known = licence.find(facts.licence)
    creator = {"@type": "sc:Organization", "name": facts.creator or licence.NOBODY}
    said = {
        "name": facts.title,
        "description": facts.description,
        "url": facts.url,
        "license": known.url if known else licence.NAME,
        "creator": creator,
        "publisher": creator,
        "datePublished": facts.published.isoformat(),
        "dateCreated": f"{manifest.cut_at:%Y-%m-%d}",
        "version": f"{manifest.release}.0.0",
        "isLiveDataset": False,
        "inLanguage": list(facts.languages),
        "keywords": list(facts.keywords),
        "citeAs": facts.cite_as or _citation(manifest, facts),
        "usageInfo": [{"@type": "sc:CreativeWork", "text": use} for use in facts.uses],
    }
    return {name: value for name, value in said.items() if value not in ("", [])}


def _citation(manifest: Manifest, facts: Facts) -> str:
    by, year = facts.creator or licence.NOBODY, facts.published.year
    return f"{by} ({year}): {facts.title}, release {manifest.release}. {facts.url}"


def _responsible(facts: Facts) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if facts.collected is not None:
        # One day is one day: of equal values in a list, readers of JSON-LD keep one.
        said["dataCollectionTimeframe"] = sorted({day.isoformat() for day in facts.collected})
    for name, sentences in facts.said.items():
        assert name in ONE | MANY, f"RAI 1.0 has no {name}"
        if sentences:
            said[name] = " ".join(sentences) if name in ONE else list(sentences)
    both = {READ_AS[name]: said[name] for name in READ_AS if name in said}
    return {f"rai:{name}": value for name, value in sorted((said | both).items())}


def _provenance(manifest: Manifest, facts: Facts) -> dict[str, Any]:
    made_by = {"@type": "prov:Agent", "prov:label": facts.creator or licence.NOBODY}
    activity: dict[str, Any] = {
        "@type": "prov:Activity",
        "prov:label": "People compared answers",
        "prov:wasAssociatedWith": [made_by, _software(manifest.software)],
    }
    if facts.collected is not None:
        first, last = facts.collected
        activity |= {
            "prov:startedAtTime": first.isoformat(),
            "prov:endedAtTime": last.isoformat(),
        }
    said: dict[str, Any] = {
        "prov:wasGeneratedBy": activity,
        "prov:wasAttributedTo": [made_by, *(_software(name) for name in facts.models)],
    }
    if facts.sources:
        said["prov:wasDerivedFrom"] = [{"@id": source} for source in facts.sources]
    return said


def _software(name: str) -> dict[str, str]:
    return {"@type": "prov:SoftwareAgent", "prov:label": name}


def _file(entry: FileEntry) -> dict[str, Any]:
    path = PurePosixPath(entry.path)
    return {
        "@type": "cr:FileObject",
        "@id": entry.path,
        "name": path.name,
        "contentUrl": entry.path,
        "contentSize": f"{entry.bytes} B",
        "encodingFormat": _KINDS.get(path.suffix, "text/plain"),
        "sha256": entry.sha256,
    }


def _file_set(config: str) -> dict[str, Any]:
    # Not contained in anything: mlcroissant looks for it beside croissant.json then.
    return {
        "@type": "cr:FileSet",
        "@id": set_id(config),
        "name": set_id(config),
        "encodingFormat": _KINDS[".parquet"],
        "includes": f"{config}/*.parquet",
    }
