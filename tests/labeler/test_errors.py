"""Words for what pydantic finds wrong: the same at every door, and none of pydantic's own."""

from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

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
        ({"kind": "c"}, ("kind", "Please choose one of these: 'a' or 'b'.")),
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
