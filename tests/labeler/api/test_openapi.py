"""The description of the API is the API: complete, committed, and what answers look like."""

import json
from typing import Any

from flask import Flask
from pydantic import BaseModel

from exports.api import DESCRIBED
from labeler.api import openapi
from tests.calling import API, HELPFUL, Callers, claim, judge
from tests.house.source import ROOT

COMMITTED = ROOT / "docs" / "openapi.json"


def test_the_committed_document_is_the_present_one() -> None:
    assert COMMITTED.read_text("utf-8") == openapi.text(DESCRIBED), (
        "run: python -m exports.api > docs/openapi.json"
    )


def test_it_is_served_to_anybody(app: Flask) -> None:
    answer = app.test_client().get(f"{API}/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.text == COMMITTED.read_text("utf-8")


def test_every_route_is_described(app: Flask) -> None:
    described = {
        (method.upper(), path)
        for path, methods in openapi.document(DESCRIBED)["paths"].items()
        for method in methods
    }
    served = {
        (method, openapi_path(rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served - described == {("GET", openapi.PATH)}
    assert described - served == set()


def openapi_path(rule: str) -> str:
    """Write a rule of Flask as a path of OpenAPI."""
    return "/".join(
        "{" + part.rpartition(":")[2].strip("<>") + "}" if part.startswith("<") else part
        for part in rule.split("/")
    )


def test_every_reference_leads_somewhere() -> None:
    document = openapi.document(DESCRIBED)
    for reference in references(document):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
    used = set(references(document))
    schemas = {openapi.SCHEMAS + name for name in document["components"]["schemas"]}
    assert schemas - used == set()


def references(value: Any) -> list[str]:
    """Return every reference in a document."""
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for each in value.values() for found in references(each)]
    if isinstance(value, list):
        return [found for each in value for found in references(each)]
    return []


def test_no_schema_lets_anything_else_through() -> None:
    schemas = openapi.document(DESCRIBED)["components"]["schemas"]
    objects = {name: schema for name, schema in schemas.items() if schema["type"] == "object"}
    assert [n for n, schema in objects.items() if schema["additionalProperties"] is not False] == []
    names = {field for schema in objects.values() for field in schema["properties"]} - {
        "max_tokens"
    }
    assert not any(
        word in name
        for name in names
        for word in ("hash", "secret", "token", "email", "gold_right")
    )


def test_names_of_operations_are_their_own() -> None:
    names = [operation.name for operation in DESCRIBED]
    assert len(set(names)) == len(names)


def test_the_documentation_names_every_operation() -> None:
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    missing = [o.address for o in DESCRIBED if f"{o.method} {o.address}" not in text]
    assert missing == []


def test_answers_are_written_as_described(callers: Callers) -> None:
    assignment = claim(callers.ada)
    receipt = judge(callers.ada, assignment["id"]).json
    assert receipt is not None
    by_name = {operation.name: operation for operation in DESCRIBED}
    for name, status, told in (
        ("claim_assignment", 201, assignment),
        ("judge_assignment", 201, receipt),
        ("show_progress", 200, callers.rex.get(f"{HELPFUL}/progress").json),
        ("list_judgments", 200, callers.rex.get(f"{HELPFUL}/judgments").json),
    ):
        model = by_name[name].answers[status]
        assert model is not None
        assert issubclass(model, BaseModel)
        assert model.model_validate_json(json.dumps(told), strict=True)
