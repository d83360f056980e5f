"""Forms read by pydantic: text from a page becomes typed values, and every bad field is named."""

from collections.abc import Mapping
from typing import Any, TypeVar

from flask import request, url_for
from pydantic import BaseModel, ValidationError

from labeler import errors
from labeler.errors import Invalid

Form = TypeVar("Form", bound=BaseModel)
LARGEST_ID = 2**63 - 1


def read(model: type[Form]) -> Form:
    """Read this request's form; raises Invalid naming every bad field."""
    return parse(model, given())


def by_script() -> bool:
    """Say whether a script of ours asks, which reads JSON, and not somebody who reads pages."""
    return request.accept_mimetypes.best == "application/json"


def row_id(text: str) -> int:
    """Read an id out of an address; raises ValueError for one that no row can have."""
    number = int(text)
    if not 0 <= number <= LARGEST_ID:
        raise ValueError("beyond what an id can be")
    return number


def given() -> dict[str, str]:
    """Return this request's fields as text, without the token that guards it."""
    return {name: value for name, value in request.form.items() if name != "csrf_token"}


def own_path(wanted: str) -> str:
    """Return where somebody wanted to go if it is a path on this site, else home."""
    plain = wanted.startswith("/") and not wanted.startswith("//") and wanted.isprintable()
    return wanted if plain and "\\" not in wanted else url_for("work.home")


def words(text: str) -> list[str]:
    """Read names that are parted by spaces or commas."""
    return text.replace(",", " ").split()


def share(percent: str) -> float | str:
    """Read a percentage as a share; what is none stays as it is, to be refused later."""
    try:
        return float(percent) / 100
    except ValueError:
        return percent


def by_field(faults: Mapping[str, str]) -> dict[str, str]:
    """Name faults of parts of a field (`cohorts.0`) after the field."""
    return {name.partition(".")[0]: fault for name, fault in faults.items()}


def parse(model: type[Form], values: Mapping[str, Any]) -> Form:
    """Read `values` as a form; raises Invalid naming every bad field."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = errors.faults(error)
        raise Invalid("Please look at the marked fields.", fields=faults) from None
