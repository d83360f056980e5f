"""Words for what pydantic finds wrong: the same at every door, and none of pydantic's own."""

import errno
from typing import Literal

import psycopg
import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import OperationalError

from labeler import errors


class Part(BaseModel):
    """A model with most of the faults that ours can have."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=3)
    secret: str = Field("long enough", min_length=8)
    count: int = Field(1, ge=1, le=9)
    share: float = 0.5
    sure: bool = True
    kind: Literal["a", "b"] = "a"
    parts: list["Part"] = []


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({}, ("name", "Please fill this in.")),
        ({"name": ""}, ("name", "Please fill this in.")),
        ({"name": "long"}, ("name", "This is too long: 3 characters at most.")),
        ({"name": 4}, ("name", "This must be text.")),
        ({"secret": "short"}, ("secret", "This is too short: 8 characters at least.")),
        ({"count": 0}, ("count", "This must be 1 at least.")),
        ({"count": "4"}, ("count", "This must be a whole number.")),
        ({"share": "much"}, ("share", "This must be a number.")),
        ({"sure": "perhaps"}, ("sure", "This must be true or false.")),
        ({"kind": "c"}, ("kind", "Please choose one of these: 'a', 'b'.")),
        ({"parts": {}}, ("parts", "This must be a list.")),
        ({"parts": [{}]}, ("parts.0.name", "Please fill this in.")),
        ({"nam": "x"}, ("nam", "This name is not known here.")),
    ],
)
def test_faults_by_field(given: dict[str, object], fault: tuple[str, str]) -> None:
    named = {} if not given else {"name": "x"}
    with pytest.raises(ValidationError) as caught:
        Part.model_validate(named | given)
    assert errors.faults(caught.value) == dict([fault])


def test_what_is_wrong_as_a_whole() -> None:
    with pytest.raises(ValidationError) as caught:
        Part.model_validate_json(b"{")
    found = errors.faults(caught.value, whole="body")
    assert list(found) == ["body"]
    assert found["body"].startswith("This is not JSON: ")


def failed_savepoint() -> Exception:
    """What is raised in the end when SQLite's disk is full inside a savepoint."""
    try:
        try:
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        finally:
            raise OperationalError("ROLLBACK TO", {}, Exception("no such savepoint: a"))
    except OperationalError as error:
        return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (OSError(errno.EPIPE, "Broken pipe"), False),
        (OperationalError("INSERT", {}, psycopg.errors.DiskFull()), True),
        (OperationalError("INSERT", {}, psycopg.errors.DeadlockDetected()), False),
        (OperationalError("COMMIT", {}, Exception("database or disk is full")), True),
        (failed_savepoint(), True),
    ],
)
def test_a_full_disk_is_known_however_it_is_told(error: Exception, told: bool) -> None:
    assert errors.no_room(error) is told
