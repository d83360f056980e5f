"""Checking: the jobs by which pages ask whether an endpoint answers."""

from typing import Any

from labeler import config
from labeler.endpoints import hosts, trials
from labeler.endpoints.registry import Endpoint
from labeler.jobs import Job, Place, Progress


def run(place: Place, job: Job, _progress: Progress) -> dict[str, Any]:
    """Ask the endpoint one question: the work of jobs of this kind.

    Which hosts may be called, the settings say at this moment, and nobody else.
    """
    with place.reading() as session:
        profile = session.get_one(Endpoint, job.payload["endpoint"]).written
    return trials.make(profile, hosts.read(config.load().endpoint_hosts))
