"""Batches that are drawn in tests: endpoints, files of prompts, and callers without a network.

Answers are kept as a caller keeps them, only that nobody was asked.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from labeler import jobs
from labeler.cli import installation
from labeler.database import Database
from labeler.endpoints import profiles, registry, taking
from labeler.endpoints.client import Reply
from labeler.endpoints.faults import Fault
from labeler.endpoints.registry import Endpoint
from labeler.endpoints.taking import Taken
from labeler.generation import beginning, finishing, generations, prompts, wishes
from labeler.generation.generations import Course, Generation
from labeler.people.accounts import Person
from labeler.work.projects import Project

Said = Callable[[Taken], Reply | Fault]
BROKEN = Fault(status=400, code="bad", type="api_error", message="No.", retryable=False)


def make_endpoint(session: Session, name: str, by: Person, **changes: Any) -> Endpoint:
    """Register an endpoint on one's own machine, with a model of the same name."""
    given = {
        "name": name,
        "provider": "llamacpp",
        "base_url": "http://127.0.0.1:9/v1",
        "model": f"model-{name}",
        "place": "on_premises",
        "limits": {"concurrent": 64},
    }
    return registry.add(session, profiles.read(given | changes), by=by)


def priced(output: str, currency: str = "EUR", most: int = 100) -> dict[str, Any]:
    """Return what makes an endpoint cost so much for a million tokens that it writes."""
    price = {"currency": currency, "input_per_million": "0", "output_per_million": output}
    return {"price": price, "sampling": {"max_tokens": most}}


def line(number: int, **changes: Any) -> dict[str, Any]:
    """Write a prompt as it stands in a file."""
    return {"id": f"p{number}", "prompt": f"What is {number} plus one?", "language": "en"} | changes


def write(folder: Path, lines: Iterable[dict[str, Any]], name: str = "prompts.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    return path


def begin(session: Session, project: Project, path: Path, by: Person, **wish: Any) -> Generation:
    """Begin a generation and go through to where all calls are asked for, in one transaction."""
    given = wishes.read({"endpoints": "a,b"} | wish)
    source = prompts.look(path)
    steps = beginning.begin(session, project, given, source, path, name=path.name, by=by)
    return list(steps)[-1]


def reply(text: str, finish_reason: str = "stop", tokens: int = 10) -> Reply:
    return Reply(
        text=text,
        thinking="",
        finish_reason=finish_reason,
        model_returned="some-model-001",
        fingerprint="fp",
        request_id="r1",
        http_status=200,
        input_tokens=5,
        output_tokens=tokens,
        latency_ms=12,
        params_sent={"max_tokens": 100},
    )


def plainly(taken: Taken) -> Reply:
    """Answer with a sentence that is the same for the same endpoint and prompt alone."""
    seed = taken.sampling.seed if taken.sampling else ""
    asked = taken.messages[-1]["content"]
    return reply(f"{taken.line.upper()} says of “{asked}” that it is so{seed}.")


def answer_all(session: Session, said: Said = plainly, most: int = 10_000) -> int:
    """Make every call that is due, as far as `most`; return how many there were."""
    for number in range(most):
        taken = taking.take(session, "test")
        if taken is None:
            return number
        outcome = said(taken)
        end: Any = taking.fail if isinstance(outcome, Fault) else taking.finish
        end(session, taken, outcome)
    return most


def work(database: Database, folder: Path) -> list[dict[str, Any]]:
    """Do what generations are due for, as whoever does jobs; return what came of it."""
    with database.writing() as session:
        finishing.ask_for_due(session)
        session.commit()
        ids = jobs.due(session)
    return [do(database, folder, job_id) for job_id in ids]


def do(database: Database, folder: Path, job_id: int) -> dict[str, Any]:
    job = installation.written(database, lambda session: jobs.take(session, job_id))
    assert job is not None
    result = finishing.run(installation.place(database, folder), job, lambda *_: None)
    installation.written(database, lambda session: jobs.finish(session, job, result))
    return result


def course(database: Database, generation_id: int) -> Course:
    with database.reading() as session:
        return generations.progress(session, session.get_one(Generation, generation_id))
