"""Origins: all that is kept of where an answer comes from. Pure.

Parts are named as in the datasets that are made of the answers.
"""

from datetime import datetime
from typing import Any

from labeler.endpoints.client import Reply
from labeler.endpoints.profiles import Place, Profile, Sampling


def of(
    profile: Profile, endpoint_id: int, sampling: Sampling | None, reply: Reply, at: datetime
) -> dict[str, Any]:
    """Return where an answer comes from that came at that moment."""
    return {
        "endpoint_profile_id": endpoint_id,
        "provider": profile.provider.value,
        "base_url_host": profile.target.host,
        "place_declared": profile.place.value,
        "region_declared": profile.region,
        "left_premises": profile.place is not Place.on_premises,
        "model_requested": profile.model,
        **_said(reply),
        "seed": (sampling or profile.sampling).seed,
        "created_at": at.isoformat(timespec="milliseconds"),
        **_terms(profile),
    }


def _said(reply: Reply) -> dict[str, Any]:
    """Return what the server said, beside the answer."""
    return {
        "model_returned": reply.model_returned,
        "system_fingerprint": reply.fingerprint,
        "params_sent": reply.params_sent,
        "params_effective": reply.params_effective,
        "request_id": reply.request_id,
        "http_status": reply.http_status,
        "finish_reason": reply.finish_reason,
        "usage": {"input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens},
        "latency_ms": reply.latency_ms,
        "unfiltered": reply.unfiltered,
    }


def _terms(profile: Profile) -> dict[str, Any]:
    """Return under which terms it was answered, as the operator declared them."""
    seen = profile.terms_seen_on
    return {
        "licence": profile.licence,
        "terms_url": profile.terms_url,
        "terms_seen_on": seen.isoformat() if seen else None,
        "output_use": profile.output_use.value,
        "output_use_basis": profile.output_use_basis,
    }
