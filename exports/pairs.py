"""Pairs: what judgments come to. A pair with a better answer, or a reason why there is none.

What a person has found of it, all judgments before them, is what counts. Else the votes decide:
each is for one answer, for the other, "about the same" or "both are bad". The kind with the most
votes wins; a comparison becomes a pair when that is an answer, it is ahead of the other one by the
margin asked for, and it has the share of all votes asked for. Votes for neither answer thus count
against both.
"""

import enum
from typing import NamedTuple

from exports.selection import Criteria, Judged, Votes
from labeler.quality.adjudications import Finding
from labeler.said import say
from labeler.work.rubrics import Verdict


class Reason(enum.Enum):
    """Why a comparison that was judged is not in the release, in the order that is asked."""

    gold = "gold"
    """Its answer was known beforehand."""
    withdrawn = "withdrawn"
    """An owner has withdrawn it."""
    language = "language"
    """It is in a language that was not asked for."""
    excluded = "excluded"
    """Every judgment of it came late or was left out by a person."""
    not_compared = "not_compared"
    """People ranked or rated its answers: of that no pairs are made yet."""
    too_few_judgments = "too_few_judgments"
    """Fewer judgments count than were asked for."""
    both_bad = "both_bad"
    """No kind of vote has more than "both are bad", or a person found so."""
    tie = "tie"
    """No kind of vote has more than "about the same", or a person found so."""
    split = "split"
    """People disagree: no answer has the most votes, the margin and the share asked for."""
    not_a_pair = "not_a_pair"
    """It does not have exactly two answers."""
    empty_text = "empty_text"
    """A turn or an answer is empty or blank."""
    unreadable = "unreadable"
    """A text holds a zero character or half a character, which readers of files choke on."""
    unknown_role = "unknown_role"
    """A turn is by nobody known: only system, user and assistant are."""
    no_user_turn = "no_user_turn"
    """The prompt does not end in a turn of the user."""
    same_answers = "same_answers"
    """The two answers are the same."""
    prompt_in_answer = "prompt_in_answer"
    """An answer begins with the prompt, which training would then see twice."""
    contradicted = "contradicted"
    """The same prompt and answers came twice, and once the other answer was better."""
    repeated = "repeated"
    """The same prompt and answers came twice; the one with more votes is in the release."""


WORDS = {
    Reason.gold: say("The answer was known beforehand"),
    Reason.withdrawn: say("Withdrawn"),
    Reason.language: say("Another language"),
    Reason.excluded: say("Every judgment was left out or late"),
    Reason.not_compared: say("Ranked or rated, not compared"),
    Reason.too_few_judgments: say("Too few judgments"),
    Reason.both_bad: say("Both are bad"),
    Reason.tie: say("About the same"),
    Reason.split: say("People disagree"),
    Reason.not_a_pair: say("Not a pair"),
    Reason.empty_text: say("Empty text"),
    Reason.unreadable: say("Unreadable text"),
    Reason.unknown_role: say("A turn by nobody known"),
    Reason.no_user_turn: say("The prompt does not end with the user"),
    Reason.same_answers: say("Two equal answers"),
    Reason.prompt_in_answer: say("The prompt is repeated in an answer"),
    Reason.contradicted: say("Contradicted by an equal pair"),
    Reason.repeated: say("An equal pair is in already"),
}


class Majority(NamedTuple):
    """The better answer of a comparison and how clearly it is the better one."""

    preferred: int
    """Number of the response."""
    n_votes: int
    agreement: float
    """Share of all votes that are for the better answer."""
    strength: float
    """Mean number of steps from the middle of the scale, over the votes for the better answer."""
    adjudicated: bool = False
    """Whether a person found it the better one, whatever the votes say."""


class LeftOut(NamedTuple):
    """A comparison that is not in the release, by its id in the file that it came from."""

    external_id: str
    reason: Reason
    n_votes: int


def decide(judged: Judged, criteria: Criteria) -> Majority | Reason:
    """Return the better answer of a comparison, or why there is none in the release."""
    if judged.is_gold:
        return Reason.gold
    if judged.is_withdrawn:
        return Reason.withdrawn
    if criteria.languages is not None and judged.language not in criteria.languages:
        return Reason.language
    if judged.found is not None:
        return _found(judged.found, judged.votes)
    if not judged.votes.number:
        return Reason.not_compared if judged.votes.otherwise else Reason.excluded
    if judged.votes.number < (criteria.min_judgments or 1):
        return Reason.too_few_judgments
    return _majority(judged.votes, criteria)


def _found(found: Finding, votes: Votes) -> Majority | Reason:
    """Return what a person found, with what the votes say of it; nobody may have voted for it."""
    if found.preferred is None:
        return Reason.tie if found.verdict is Verdict.tie else Reason.both_bad
    if found.preferred > 1:
        return Reason.not_a_pair
    alike, steps = votes.tally[found.preferred], votes.steps[found.preferred]
    agreement, strength = alike / max(1, votes.number), steps / max(1, alike)
    return Majority(found.preferred, votes.number, agreement, strength, adjudicated=True)


def _majority(votes: Votes, criteria: Criteria) -> Majority | Reason:
    counts = votes.tally
    most = max(counts)
    if counts[3] == most:
        return Reason.both_bad
    if counts[2] == most:
        return Reason.tie
    preferred = counts.index(most)
    margin = most - counts[1 - preferred]
    agreement = most / votes.number
    if margin < criteria.min_margin or agreement < criteria.min_agreement:
        return Reason.split
    return Majority(preferred, votes.number, agreement, votes.steps[preferred] / most)
