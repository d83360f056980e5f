"""Plain functions that make what tests of calls need, with sensible defaults."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.endpoints import calls, profiles, registry, taking
from labeler.endpoints.calls import Call
from labeler.endpoints.client import Reply
from labeler.endpoints.faults import Fault
from labeler.endpoints.profiles import Profile
from labeler.endpoints.registry import Endpoint
from labeler.endpoints.taking import Taken
from labeler.work.projects import Project

KIN = "generation:1"
BY = "here:1"
PRICE = {"currency": "EUR", "input_per_million": "2", "output_per_million": "6"}
COST = 2 * 11 + 6 * 7
"""What `reply` costs by it, in millionths."""
BUSY = Fault(status=503, code="busy", type="api_error", message="Busy.", retryable=True)
WRONG = Fault(status=400, code="bad", type="api_error", message="What?", retryable=False)


def profile(name: str = "here", **changes: Any) -> Profile:
    given: dict[str, Any] = {
        "name": name,
        "provider": "llamacpp",
        "base_url": "http://127.0.0.1:8080/v1",
        "model": "small",
        "place": "on_premises",
        "price": PRICE,
        "sampling": {"max_tokens": 100},
    }
    return profiles.read(given | changes)


def add(session: Session, name: str = "here", **changes: Any) -> Endpoint:
    return registry.add(session, profile(name, **changes), by=None)


def ask(
    session: Session, endpoint: Endpoint, project: Project, key: str = "1", **changes: Any
) -> Call:
    given: dict[str, Any] = {"project_id": project.id, "kin": KIN, "key": key}
    return calls.ask(session, endpoint, hello(key), **given | changes)


def hello(key: str = "1") -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Hello {key}"}]


def take(session: Session, by: str = BY) -> Taken:
    taken = taking.take(session, by)
    assert taken is not None
    return taken


def now(session: Session, key: str = "1") -> Call:
    """Return a call as it stands."""
    return session.scalars(
        sa.select(Call).where(Call.key == key), execution_options={"populate_existing": True}
    ).one()


def reply(text: str = "Hi.", **changes: Any) -> Reply:
    given: dict[str, Any] = {
        "text": text,
        "thinking": "",
        "finish_reason": "stop",
        "model_returned": "small-001",
        "fingerprint": "fp",
        "request_id": "req-1",
        "http_status": 200,
        "input_tokens": 11,
        "output_tokens": 7,
        "latency_ms": 40,
        "params_sent": {"max_tokens": 100},
    }
    return Reply(**given | changes)
