"""What the API takes and tells of releases, field by field."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from exports.choosing.criteria import Criteria, Format
from exports.files.manifests import Counts, FileEntry, ProjectEntry
from exports.kept.releases import ReleaseState
from labeler.api.models import Model
from labeler.jobs import JobState


class OrderDraft(Criteria):
    """The rules of a release, as in TOML, with a key: a rule that is left out says its default."""

    key: UUID = Field(description="Yours, new for each order; repeat it when you try again.")

    @property
    def criteria(self) -> Criteria:
        """The rules alone."""
        return Criteria(**{name: getattr(self, name) for name in Criteria.model_fields})


class Tombstone(Model):
    """What stands in place of a release that was withdrawn."""

    withdrawn_at: datetime
    because: str


class Release(Model):
    """A dataset that was cut."""

    number: int
    title: str = Field(description="The project's title, as it was.")
    state: ReleaseState
    cut_at: datetime
    formats: list[Format]
    rows: int = Field(description="Comparisons with a better answer.")
    left_out: int = Field(description="Comparisons without one, or left out by the rules.")
    manifest_sha256: str = Field(description="The digest of MANIFEST.json; nothing else has it.")
    published_at: datetime | None
    tombstone: Tombstone | None = Field(description="Null unless it was withdrawn.")


class ReleasePage(Model):
    """Some releases by number, and where the next ones begin."""

    releases: list[Release]
    next: int | None = Field(description="To be sent as `after`; null on the last page.")


class Contents(Model):
    """What the manifest says, but for comparisons left out one by one: those are in its file."""

    software: str
    project: ProjectEntry
    last_judgment_id: int
    criteria: Criteria
    aggregation: str
    counts: Counts
    left_out_file: str | None


class WholeRelease(Release):
    """A release, with what its manifest says and every file."""

    manifest: Contents | None = Field(description="Null where the files are gone or changed.")
    files: list[FileEntry] = Field(
        description="All that is to be fetched, the manifest and what signs it first."
    )


class Order(Model):
    """A release that was asked for, and how far it is."""

    id: int
    number: int = Field(description="The number that the release has, or is to have.")
    state: JobState
    step: str = Field(description="What is being done.")
    done: int
    total: int = Field(description="Of how many; 0 while nobody knows.")
    is_silent: bool = Field(
        description="Whether nobody is at it who should be: does `labeler work` run?"
    )
    why: str = Field(description="Why it failed.")
    faults: dict[str, str] = Field(description="What was wrong where, if it failed.")
    criteria: Criteria
    asked_at: datetime
    ended_at: datetime | None
    next: str = Field(description="Where to look: here, and once it is done at the release.")
