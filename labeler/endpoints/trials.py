"""Trials: one call to an endpoint, to see whether it answers, and what is wrong if it does not.

It belongs to no project and is in no bill. It is made apart from the server, as a job.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import events, jobs, said
from labeler.endpoints import calling, checking
from labeler.endpoints.client import Reply
from labeler.endpoints.faults import Fault
from labeler.endpoints.profiles import Profile
from labeler.endpoints.registry import Endpoint
from labeler.jobs import Job
from labeler.people.accounts import Person
from labeler.said import Said, say

KIND = "endpoint.check"
WHOLE = ("stop", "length")
"""How an answer to a trial may end, which is short on purpose."""
SHOWN = 500
"""Characters of the answer that are kept."""
_ANSWERED = say("It answered in %(seconds)s seconds, as %(model)s.")
_CUT = say(
    "It answered in %(seconds)s seconds, as %(model)s, but the answer ended with %(reason)s: it "
    "would be compared with nothing."
)


def ask(session: Session, endpoint: Endpoint, *, by: Person) -> Job:
    """Ask for a trial of this version; the one that is open, if there is one."""
    job, is_new = jobs.ask(session, KIND, {"endpoint": endpoint.id}, key=str(endpoint.id), by=by.id)
    if is_new:
        name, version = endpoint.name, endpoint.version
        events.record(session, "endpoint.checked", person_id=by.id, name=name, version=version)
    return job


def last(session: Session, endpoint: Endpoint) -> Job | None:
    """Return the last trial of this version, over or not; None if nobody asked for one."""
    mine = Job.kind == KIND, Job.key == str(endpoint.id)
    return session.scalar(sa.select(Job).where(*mine).order_by(Job.id.desc()).limit(1))


def make(profile: Profile, hosts: Collection[str]) -> dict[str, Any]:
    """Make the call; return in JSON whether it went well, what that means, and what came back."""
    outcome = calling.tried(profile, hosts)
    if isinstance(outcome, Fault):
        return _told(checking.explain(profile, outcome), raw=outcome.raw[:SHOWN])
    is_good = outcome.finish_reason in WHOLE
    return _told(_of(profile, outcome), is_good=is_good, text=outcome.text[:SHOWN])


def words(job: Job) -> Said:
    """Return what a trial that is over came to, as a sentence."""
    return said.joined(job.result["words"]) if job.result else job.why


def _of(profile: Profile, reply: Reply) -> Said:
    words = _ANSWERED if reply.finish_reason in WHOLE else _CUT
    return say(
        words,
        seconds=f"{reply.latency_ms / 1000:.1f}",
        model=reply.model_returned or profile.model,
        reason=reply.finish_reason,
    )


def _told(words: str, *, is_good: bool = False, text: str = "", raw: str = "") -> dict[str, Any]:
    return {"is_good": is_good, "words": said.parts(words), "text": text, "raw": raw}
