"""Planning: what would be drawn, compared and paid, before anything is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from labeler.endpoints import registry
from labeler.endpoints.registry import Endpoint
from labeler.errors import Invalid
from labeler.generation import costs, standings
from labeler.generation.costs import Estimate
from labeler.generation.pairing import Answer, Pairing, Pairs
from labeler.generation.prompts import Source
from labeler.generation.wishes import Wish
from labeler.said import Said, say
from labeler.work import questions, rubrics
from labeler.work.projects import Project

FROM_VOTES = frozenset({Pairing.best_against_rest, Pairing.uncertain})
"""Pairs that follow from what was said in the project before."""
_SEVERAL = say("These endpoints are paid in different currencies, so there is no one budget.")
_FREE = say("These endpoints cost nothing, so there is nothing to limit.")
_ALONE = say("The form compares two answers at a time, so no more can stand together.")
_NO_SUPPORT = say(
    "Some prompts may be hard to read, and the project names nobody to turn to. Please name a "
    "support contact under Setup first."
)
_SAME = say(
    "%(name)s draws at temperature 0, so its answers to a prompt will mostly be the same, and "
    "what is the same is not compared."
)


@dataclass(frozen=True)
class Plan:
    """What a wish comes to for these prompts."""

    wish: Wish
    endpoints: Sequence[Endpoint]
    """The versions in use, in the wish's order."""
    standing: dict[str, Any]
    """What votes said, where pairs follow from that (see `standings`)."""
    prompts: int
    languages: Mapping[str, int]
    """How many prompts are in each."""
    comparisons: int
    """How many there will be if all answers can be compared."""
    estimates: Sequence[Estimate]
    """What it will cost, one for each currency; never added up."""
    warnings: Sequence[Said]

    @property
    def calls(self) -> int:
        """How many answers are drawn."""
        return self.prompts * self.wish.answers

    @property
    def currency(self) -> str:
        """What the budget is in; empty if nothing is paid."""
        return self.estimates[0].currency if self.estimates else ""


def plan(session: Session, project: Project, wish: Wish, source: Source) -> Plan:
    """Work out what would be done; changes nothing.

    Raises NotFound for an endpoint that there is not, Forbidden for one that the project's rule
    keeps away, Conflict if pairs are to follow from votes and there are none, Invalid if the form
    or a budget do not fit.
    """
    endpoints = [registry.find(session, name) for name in wish.endpoints]
    for endpoint in endpoints:
        registry.require_allowed(project, endpoint)
    if source.is_sensitive and not project.support_contact:
        raise Invalid(_NO_SUPPORT, fields={"prompts": _NO_SUPPORT})
    _require_room(session, project, wish)
    estimates = costs.estimate(endpoints, source.sizes, wish.samples)
    if wish.budget is not None and len(estimates) != 1:
        why = _SEVERAL if estimates else _FREE
        raise Invalid(why, fields={"budget": why})
    standing = _standing(session, project, wish, endpoints)
    return Plan(
        wish=wish,
        endpoints=endpoints,
        standing=standing,
        prompts=source.prompts,
        languages={language: size.prompts for language, size in source.sizes.items()},
        comparisons=source.prompts * pairs(wish, standing).most(answers(wish)),
        estimates=estimates,
        warnings=[*_warnings(wish, endpoints)],
    )


def pairs(wish: Wish, standing: Mapping[str, Any]) -> Pairs:
    """Return what chooses the comparisons that a wish asks for, from the first prompt on."""
    is_best = wish.pairs is Pairing.best_against_rest
    return Pairs(
        pairing=wish.pairs,
        seed=wish.seed,
        against=standings.best(standing) if is_best else wish.baseline,
        per_prompt=wish.per_prompt,
        gaps=standings.gaps(standing),
        alone=len(wish.endpoints) == 1,
    )


def answers(wish: Wish) -> list[Answer]:
    """Return the answers that are drawn to each prompt, in the order of their calls."""
    return [Answer(name, sample) for name in wish.endpoints for sample in range(wish.samples)]


def models(endpoints: Sequence[Endpoint]) -> dict[str, str]:
    """Return what the model of each endpoint is called in comparisons.

    That is its own name, with the endpoint's where several ask the same model.
    """
    asked = {endpoint.name: endpoint.written.model for endpoint in endpoints}
    called = list(asked.values())
    return {
        name: model if called.count(model) == 1 else f"{model} ({name})"
        for name, model in asked.items()
    }


def _standing(
    session: Session, project: Project, wish: Wish, endpoints: Sequence[Endpoint]
) -> dict[str, Any]:
    if wish.pairs not in FROM_VOTES:
        return {}
    return standings.take(session, project, models(endpoints))


def _require_room(session: Session, project: Project, wish: Wish) -> None:
    asked = rubrics.version(session, project.id, project.rubric_number).asked
    _, most = questions.answers(asked)
    if wish.pairs is not Pairing.together or wish.answers <= most:
        return
    many = say("There would be %(number)s answers in a comparison; %(most)s at most.")
    why = _ALONE if most == 2 else say(many, number=wish.answers, most=most)
    raise Invalid(why, fields={"pairs": why})


def _warnings(wish: Wish, endpoints: Sequence[Endpoint]) -> list[Said]:
    return [
        say(_SAME, name=endpoint.name)
        for endpoint in endpoints
        if wish.samples > 1 and endpoint.written.sampling.temperature == 0
    ]
