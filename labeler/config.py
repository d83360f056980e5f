"""Every setting, its default and what it is for. Read from `LABELER_*` variables or a TOML file."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from labeler import errors
from labeler.endpoints import hosts
from labeler.errors import Invalid

PREFIX = "LABELER_"
_BIND = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[\w.-]*)(:(?P<port>\d+))?")
_CONTACT = re.compile(r"https://\S+|[^@\s:]+@[^@\s]+")
_EVERYWHERE = ("", "0.0.0.0", "[::]")  # noqa: S104  what others may have written


class Settings(BaseModel):
    """The settings of one installation. A variable wins over the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path = Field(Path("labeler-data"), description="Folder for the database and releases.")
    database_url: str | None = Field(
        None,
        description="postgresql+psycopg://… or sqlite:///…; default: labeler.db in the folder.",
    )
    secret_key: SecretStr | None = Field(
        None, description="Signs cookies; at least 32 bytes. `labeler secret` makes one."
    )
    public_url: str = Field(
        "", description="Where people reach the site; used in links. Default: where it listens."
    )
    bind: str = Field("127.0.0.1:8000", description="Address and port that gunicorn listens on.")
    threads: int = Field(8, ge=1, le=64, description="Threads of each server process.")
    workers: int = Field(1, ge=1, le=64, description="Server processes; SQLite takes one.")
    refresh_s: int = Field(
        60,
        ge=0,
        description="Seconds between looks at whether quality has to be worked out anew; 0: never.",
    )
    work_s: int = Field(
        10,
        ge=0,
        le=3600,
        description="Seconds between looks at whether a job waits, such as a release to cut; "
        "0: the server does none, `labeler work` does.",
    )
    queue: str | None = Field(
        None,
        description="redis://…, to wake those who do jobs; default: through PostgreSQL, or a file "
        "in the folder.",
    )
    call_s: int = Field(
        1,
        ge=0,
        le=3600,
        description="Seconds between looks at whether a model has to be asked something; "
        "0: the server asks none, `labeler call` does.",
    )
    endpoint_hosts: str = Field(
        "",
        description="Hosts that models may be asked at, parted by commas, such as "
        "api.mistral.ai, *.openai.azure.com or localhost:8080; default: none.",
    )
    trusted_proxies: int = Field(0, ge=0, le=5, description="Reverse proxies in front of us.")
    upload_mb: int = Field(1024, ge=1, description="Largest file that the page takes, in MB.")
    keep_sign_ins_days: int = Field(
        180, ge=30, le=3660, description="Days for which ended sign-ins, links and tokens stay."
    )
    keep_beats_days: int = Field(
        90, ge=30, le=3660, description="Days for which it stays when a page was last touched."
    )
    keep_accounts_years: int = Field(
        10,
        ge=1,
        le=100,
        description="Whole years for which it stays who was paid, of those who were erased.",
    )
    contact: str = Field(
        "",
        description="Where people write who cannot use a page: an e-mail address or https://…; "
        "shown on the page Accessibility.",
    )
    pg_programs: Path | None = Field(
        None, description="Folder of pg_dump and pg_restore, if they are not on the PATH."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="What the server writes to its log."
    )

    @model_validator(mode="before")
    @classmethod
    def _where_it_listens(cls, given: dict[str, Any]) -> dict[str, Any]:
        bind = given.get("bind", cls.model_fields["bind"].default)
        return given if given.get("public_url") else given | {"public_url": _address(str(bind))}

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < 32:
            raise ValueError("shorter than 32 bytes; make one with `labeler secret`")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("postgresql+psycopg://", "sqlite:///")):
            raise ValueError("begins neither with postgresql+psycopg:// nor with sqlite:///")
        return value

    @field_validator("queue")
    @classmethod
    def _known_queue(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("begins with none of redis://, rediss:// and unix://")
        return value

    @field_validator("endpoint_hosts")
    @classmethod
    def _known_hosts(cls, value: str) -> str:
        try:
            hosts.read(value)
        except Invalid as refusal:
            raise ValueError(refusal.message) from None
        return value

    @field_validator("contact")
    @classmethod
    def _can_be_reached(cls, value: str) -> str:
        if value and not _CONTACT.fullmatch(value):
            raise ValueError("neither an e-mail address nor an address that begins with https://")
        return value

    @property
    def database(self) -> str:
        """The address of the database, given or the one in the data folder."""
        return self.database_url or f"sqlite:///{(self.data / 'labeler.db').absolute()}"

    @property
    def bell(self) -> str:
        """The address of the queue that wakes those who do jobs (see `labeler.bells`)."""
        if self.database.startswith("postgresql"):
            return self.queue or self.database
        return self.queue or f"sqlite:///{(self.data / 'queue.db').absolute()}"

    @property
    def uploads(self) -> Path:
        """Where files that are sent here lie while they are read."""
        return self.data / "uploads"

    @property
    def refused(self) -> Path:
        """Where the rows lie that were left out of files which were sent here."""
        return self.data / "refused"

    @property
    def erasures(self) -> Path:
        """Where it is written down who was erased, by number, for backups from before."""
        return self.data / "erasures.jsonl"

    @property
    def secure(self) -> bool:
        """Whether people reach the site by https, so that cookies may demand it."""
        return self.public_url.startswith("https://")

    def link(self, secret: str) -> str:
        """Return the address that signs a person in once."""
        return f"{self.public_url.rstrip('/')}/link/{secret}"


def _address(bind: str) -> str:
    """Return where a browser on this machine reaches what listens there, if that is a port."""
    found = _BIND.fullmatch(bind)
    host, port = (found["host"], found["port"]) if found else ("", None)
    return f"http://{'127.0.0.1' if host in _EVERYWHERE else host}:{port or 8000}"


def load(environ: Mapping[str, str] = os.environ, **given: Any) -> Settings:
    """Read the settings: the TOML file named by LABELER_CONFIG, the variables, then `given`.

    Raises Invalid naming every unknown, missing or wrong setting.
    """
    variables = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX)
    }
    file = variables.pop("config", None)
    try:
        return Settings(**{**_file(file), **variables, **given})
    except ValidationError as error:
        faults = {PREFIX + name.upper(): fault for name, fault in errors.faults(error).items()}
        raise Invalid("The settings cannot be used.", fields=faults) from None


def _file(name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    try:
        return tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Invalid(f"The settings file {name} cannot be read: {error}") from None
