"""The OpenAPI document, written from the same table and models that serve requests."""

import inspect
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from labeler.api.models import Error
from labeler.api.operations import JSON, PREFIX, Operation

PATH = f"{PREFIX}/openapi.json"
SCHEMAS = "#/components/schemas/"
PARTS: dict[str, dict[str, Any]] = {
    "slug": {"type": "string", "description": "The project's name in addresses."},
    "assignment_id": {"type": "integer", "description": "The assignment's id."},
    "batch_id": {"type": "integer", "description": "The batch's number."},
    "number": {"type": "integer", "description": "Its number in the project."},
    "order_id": {"type": "integer", "description": "The order's number."},
    "path": {"type": "string", "description": "The file's path, slashes and all, as listed."},
}
REFUSALS = {
    401: "No token, or one that does not work.",
    403: "The token or the person may not do this.",
    404: "There is no such thing for this person.",
    409: "Something else happened first.",
    413: "The body is too long.",
    415: "The body is of another type.",
    416: "The file does not have these bytes.",
    422: "What was sent cannot be taken; `fields` names what is wrong.",
    503: "Busy just now; the same request may succeed after `Retry-After` seconds.",
    507: "The disk is full: nothing was saved; the same request may succeed once there is room.",
}


@dataclass
class Document:
    """What an application serves; it is written when somebody first asks for it."""

    operations: tuple[Operation, ...] = ()

    @cached_property
    def text(self) -> str:
        """All of it, as JSON."""
        return text(self.operations)


def text(operations: Sequence[Operation]) -> str:
    """Return the document as JSON, the same bytes for the same operations."""
    return json.dumps(document(operations), indent=2, ensure_ascii=False) + "\n"


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """Describe the operations in OpenAPI 3.1."""
    schemas = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _operation(operation, schemas)
        paths.setdefault(operation.address, {})[operation.method.lower()] = described
    for operation in operations:
        if operation.query is not None:
            schemas.pop(operation.query.__name__, None)  # told as parameters
    return {
        "openapi": "3.1.0",
        "info": {"title": "labeler", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {str(status): _refusal(REFUSALS[status]) for status in REFUSALS},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(operations: Iterable[Operation]) -> dict[str, Any]:
    used: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Error, "serialization")]
    for operation in operations:
        taken = (operation.body, operation.query)
        used += [(model, "validation") for model in taken if model is not None]
        told = operation.answers.values()
        used += [(model, "serialization") for model in told if model is not None]
    _, schemas = models_json_schema(used, ref_template=SCHEMAS + "{model}")
    found: dict[str, Any] = schemas["$defs"]
    return found


def _operation(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    summary, _, description = (inspect.getdoc(operation.view) or "").partition("\n\n")
    described: dict[str, Any] = {"operationId": operation.name, "summary": summary}
    if description:
        described["description"] = description
    described["security"] = [{"token": [operation.scope.value]}]
    if parameters := _parameters(operation, schemas):
        described["parameters"] = parameters
    if content := _content(operation):
        described["requestBody"] = {"required": True, "content": content}
    described["responses"] = _responses(operation)
    return described


def _parameters(operation: Operation, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    found = [_parameter("path", name, PARTS[name]) for name in _parts(operation)]
    if operation.query is not None:
        properties = schemas[operation.query.__name__]["properties"]
        found += [_parameter("query", name, schema) for name, schema in properties.items()]
    return found


def _parameter(place: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _parts(operation: Operation) -> list[str]:
    return re.findall(r"{(\w+)}", operation.path)


def _content(operation: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {media_type: {} for media_type in operation.files}
    if operation.body is not None:
        content[JSON] = _reference(operation.body)
    return content


def _responses(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, model in operation.answers.items():
        responses[str(status)] = {"description": HTTPStatus(status).phrase}
        if model is not None:
            responses[str(status)]["content"] = {JSON: _reference(model)}
        elif operation.sends and status < 300:
            responses[str(status)]["content"] = {operation.sends: {}}
    for refused in _refusals(operation):
        responses[str(refused)] = {"$ref": f"#/components/responses/{refused}"}
    return responses


def _refusals(operation: Operation) -> list[int]:
    takes = operation.body is not None or bool(operation.files)
    may = {
        404: bool(_parts(operation)),
        409: operation.conflicts,
        413: takes,
        415: takes,
        416: 206 in operation.answers,
        422: takes or operation.query is not None,
    }
    return [status for status in REFUSALS if may.get(status, True)]


def _refusal(description: str) -> dict[str, Any]:
    return {"description": description, "content": {JSON: _reference(Error)}}


def _reference(model: type[BaseModel]) -> dict[str, Any]:
    return {"schema": {"$ref": SCHEMAS + model.__name__}}
