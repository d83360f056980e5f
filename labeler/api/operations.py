"""Operations: what each address of the API takes and gives, said once.

The same table serves requests and is written into the OpenAPI document, so the two cannot drift.
A view is called with the caller and with what the models made of the request; it returns one of
the answers that its operation promises.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from flask import Response, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from labeler import errors
from labeler.api import callers
from labeler.errors import Invalid
from labeler.people.tokens import Scope

PREFIX = "/api/v1"
JSON = "application/json"
_ID = f"<int(max={2**63 - 1}):%s>"
CONVERTERS = {
    "{slug}": "<slug:slug>",
    "{assignment_id}": _ID % "assignment_id",
    "{batch_id}": _ID % "batch_id",
    "{number}": _ID % "number",
    "{order_id}": _ID % "order_id",
    "{path}": "<path:path>",
}
"""How the parts of an address that vary are read; what does not fit is no address (404)."""

Answer: TypeAlias = tuple[BaseModel | None, int]
"""What is told, and the status that says how it went."""


@dataclass(frozen=True)
class Operation:
    """One method of one address: who may, what it takes, what it promises to answer."""

    method: str
    path: str
    view: Callable[..., Answer | Response]
    scope: Scope
    answers: Mapping[int, type[BaseModel] | None]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    files: tuple[str, ...] = ()
    """Media types of a body that the view reads itself."""
    sends: str | None = field(default=None, kw_only=True)
    """Media type of an answer that is a file, which the view sends itself."""
    conflicts: bool = field(default=False, kw_only=True)
    """Whether something else may have happened first (409)."""

    @property
    def name(self) -> str:
        """A name for the view that no other operation has."""
        return self.view.__name__

    @property
    def address(self) -> str:
        """The whole path, as OpenAPI writes it."""
        return PREFIX + self.path

    @property
    def rule(self) -> str:
        """The whole path, as Flask reads it."""
        rule = self.address
        for part, converter in CONVERTERS.items():
            rule = rule.replace(part, converter)
        return rule

    def serve(self, **path: Any) -> Response:
        """Find out who calls, read what was sent, call the view and write what it tells."""
        by = callers.person(self.scope)
        answer = self.view(by=by, **path, **self._given())
        if isinstance(answer, Response):
            assert self.sends is not None
            assert answer.status_code in self.answers
            return answer
        told, status = answer
        model = self.answers[status]
        assert model is None if told is None else type(told) is model
        text = "" if told is None else told.model_dump_json()
        return Response(text, status, mimetype=JSON)

    def _given(self) -> dict[str, Any]:
        given: dict[str, Any] = {}
        if self.files:
            given["media_type"] = _media_type(*self.files)
        if self.query is not None:
            given["query"] = _read_query(self.query)
        if self.body is not None:
            _media_type(JSON)
            given["body"] = _read_body(self.body)
        return given


def _media_type(*taken: str) -> str:
    if request.mimetype not in taken:
        wanted = " or ".join(taken)
        raise UnsupportedMediaType(f"The body must be {wanted}, named in Content-Type.")
    return request.mimetype


def _read_body(model: type[BaseModel]) -> BaseModel:
    sent = request.get_data()  # kept: a view may be run again
    try:
        return model.model_validate_json(sent, strict=True)
    except ValidationError as error:
        raise _invalid(error, "body") from None


def _read_query(model: type[BaseModel]) -> BaseModel:
    try:
        return model.model_validate_strings(request.args.to_dict())
    except ValidationError as error:
        raise _invalid(error, "query") from None


def _invalid(error: ValidationError, whole: str) -> Invalid:
    faults = errors.faults(error, whole=whole)
    return Invalid("Something in this request cannot be taken.", fields=faults)
