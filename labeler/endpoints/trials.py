"""Trials: one call to an endpoint, to see whether it answers, and what is wrong if it does not.

It belongs to no project and is in no bill. It is made apart from the server, as a job.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import events, jobs, said
from labeler.endpoints import checking, client, keys
from labeler.endpoints.client import Reply
from labeler.endpoints.faults import Failed
from labeler.endpoints.profiles import Profile
from labeler.endpoints.registry import Endpoint
from labeler.errors import Invalid
from labeler.jobs import Job
from labeler.people.accounts import Person
from labeler.said import Said, say

KIND = "endpoint.check"
QUESTION = "Please answer with one word: hello."
SHOWN = 500
"""Characters of the answer that are kept."""
_ANSWERED = say("It answered in %(seconds)s seconds, as %(model)s.")
_CUT = say(
    "It answered in %(seconds)s seconds, as %(model)s, but was not done: the answer ended with "
    "“%(reason)s”. Such answers are not compared. Look at sampling.max_tokens."
)


def ask(session: Session, endpoint: Endpoint, *, by: Person) -> Job:
    """Ask for a trial of this version; the one that is open, if there is one."""
    job, is_new = jobs.ask(session, KIND, {"endpoint": endpoint.id}, key=str(endpoint.id), by=by.id)
    if is_new:
        about = {"name": endpoint.name, "version": endpoint.version}
        events.record(session, "endpoint.checked", person_id=by.id, **about)
    return job


def last(session: Session, endpoint: Endpoint) -> Job | None:
    """Return the last trial of this version, over or not; None if nobody asked for one."""
    mine = Job.kind == KIND, Job.key == str(endpoint.id)
    return session.scalar(sa.select(Job).where(*mine).order_by(Job.id.desc()).limit(1))


def make(profile: Profile, hosts: Collection[str]) -> dict[str, Any]:
    """Make the call; return in JSON whether it went well, what that means, and what came back."""
    messages = [{"role": "user", "content": QUESTION}]
    try:
        reply = client.ask(profile, keys.read(profile), messages, hosts=hosts)
    except Invalid as refusal:
        return _told(refusal.message)
    except Failed as failed:
        return _told(checking.explain(profile, failed.fault), raw=failed.fault.raw[:SHOWN])
    return _told(_of(reply), is_good=reply.finish_reason == "stop", text=reply.text[:SHOWN])


def words(job: Job) -> Said:
    """Return what a trial that is over came to, as a sentence."""
    return said.joined(job.result["words"]) if job.result else job.why


def _of(reply: Reply) -> Said:
    seconds = f"{reply.latency_ms / 1000:.1f}"
    words = _ANSWERED if reply.finish_reason == "stop" else _CUT
    return say(words, seconds=seconds, model=reply.model_returned, reason=reply.finish_reason)


def _told(words: str, *, is_good: bool = False, text: str = "", raw: str = "") -> dict[str, Any]:
    return {"is_good": is_good, "words": said.parts(words), "text": text, "raw": raw}
