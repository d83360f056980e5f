"""Pairs: what judgments come to. A better answer, or a reason why there is none.

What a person has found of a comparison, all judgments before them, is what counts. Else the votes
decide, by their number or by a model of them: each is for one answer, for the other, "about the
same" or "both are bad". By number the kind with the most votes wins; a comparison becomes a pair
when that is an answer, it is ahead of the other one by the margin asked for, and it has the share
of all votes asked for. Votes for neither answer thus count against both. By a model the kind with
the highest probability wins.
"""

import enum
from collections.abc import Sequence
from typing import NamedTuple

from exports.choosing.criteria import Criteria
from exports.choosing.selection import Judged
from exports.choosing.votes import Votes
from labeler.quality.adjudications import Finding
from labeler.said import say
from labeler.work.rubrics import Verdict


class Reason(enum.Enum):
    """Why a comparison that was judged makes no pair in the release, in the order that is asked."""

    gold = "gold"
    """Its answer was known beforehand."""
    withdrawn = "withdrawn"
    """An owner has withdrawn it."""
    language = "language"
    """It is in a language that was not asked for."""
    batch = "batch"
    """It is of a batch that was not asked for."""
    held_back = "held_back"
    """The terms of an answer's model do not allow that others are trained on it."""
    transcripts = "transcripts"
    """Whole conversations were compared, which no format for training has a place for."""
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
    too_long = "too_long"
    """Its texts are longer than the tokens asked for, by an estimate."""
    near_duplicate = "near_duplicate"
    """Its prompt is kept for testing, and nearly the same one is there for training."""
    excluded = "excluded"
    """Every judgment came late, was left out by a person, or is not of the period asked for."""
    too_few_judgments = "too_few_judgments"
    """Fewer judgments count than were asked for."""
    not_compared = "not_compared"
    """People rated its answers by criteria and did not say which is better."""
    both_bad = "both_bad"
    """"Both are bad" won, or a person found so, or nobody found any of several good."""
    tie = "tie"
    """"About the same" won, or a person found so."""
    split = "split"
    """People disagree: no answer has the most votes, the margin and the share asked for."""
    unsure = "unsure"
    """The better answer is not probable enough."""
    not_a_pair = "not_a_pair"
    """It does not have exactly two answers."""
    contradicted = "contradicted"
    """The same prompt and answers came twice, and something else came of it."""
    repeated = "repeated"
    """The same prompt and answers came twice; the one with more votes is in the release."""


WORDS = {
    Reason.gold: say("The answer was known beforehand"),
    Reason.withdrawn: say("Withdrawn"),
    Reason.language: say("Another language"),
    Reason.batch: say("Another batch"),
    Reason.held_back: say("The model’s terms do not allow training"),
    Reason.transcripts: say("Whole conversations"),
    Reason.empty_text: say("Empty text"),
    Reason.unreadable: say("Unreadable text"),
    Reason.unknown_role: say("A turn by nobody known"),
    Reason.no_user_turn: say("The prompt does not end with the user"),
    Reason.same_answers: say("Two equal answers"),
    Reason.prompt_in_answer: say("The prompt is repeated in an answer"),
    Reason.too_long: say("Too long"),
    Reason.near_duplicate: say("Nearly a prompt of the other part"),
    Reason.excluded: say("Every judgment was left out or late"),
    Reason.too_few_judgments: say("Too few judgments"),
    Reason.not_compared: say("Rated, not compared"),
    Reason.both_bad: say("Both are bad"),
    Reason.tie: say("About the same"),
    Reason.split: say("People disagree"),
    Reason.unsure: say("Not sure enough"),
    Reason.not_a_pair: say("Not a pair"),
    Reason.contradicted: say("Contradicted by an equal pair"),
    Reason.repeated: say("An equal pair is in already"),
}

UNFIT = frozenset(
    {
        Reason.held_back,
        Reason.transcripts,
        Reason.empty_text,
        Reason.unreadable,
        Reason.unknown_role,
        Reason.no_user_turn,
        Reason.same_answers,
        Reason.prompt_in_answer,
        Reason.too_long,
        Reason.near_duplicate,
    }
)
"""Why nothing is made of a comparison for training, whatever people said of it."""

UNCOUNTED = (Reason.gold, Reason.withdrawn, Reason.language, Reason.batch)
"""Why comparisons are not even counted in what a release tells of the judging."""


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
    """A comparison that makes no pair, by its id in the file that it came from."""

    external_id: str
    reason: Reason
    n_votes: int


def unasked(judged: Judged, criteria: Criteria) -> Reason | None:
    """Return why nobody asked for this comparison, if nobody did."""
    if judged.is_gold:
        return Reason.gold
    if judged.is_withdrawn:
        return Reason.withdrawn
    if criteria.languages is not None and judged.language not in criteria.languages:
        return Reason.language
    if criteria.batches is not None and judged.batch not in criteria.batches:
        return Reason.batch
    return None


def decide(
    votes: Votes, found: Finding | None, posterior: Sequence[float], criteria: Criteria
) -> Majority | Reason:
    """Return the better of two answers, or why there is none.

    `posterior` has the probability of each label; it is empty where no model was asked.
    """
    if found is not None:
        return _found(found, votes)
    if not votes.number:
        return Reason.not_compared if votes.rated else Reason.excluded
    if votes.number < (criteria.min_judgments or 1):
        return Reason.too_few_judgments
    if criteria.aggregation == "majority":
        outcome = _majority(votes, criteria)
    else:
        outcome = _most_likely(votes, posterior, criteria)
    if isinstance(outcome, Majority) and _is_unsure(outcome, posterior, criteria):
        return Reason.unsure
    return outcome


def _is_unsure(outcome: Majority, posterior: Sequence[float], criteria: Criteria) -> bool:
    return bool(posterior) and posterior[outcome.preferred] < criteria.min_posterior


def _found(found: Finding, votes: Votes) -> Majority | Reason:
    """Return what a person found, with what the votes say of it; nobody may have voted for it."""
    if found.preferred is None:
        return Reason.tie if found.verdict is Verdict.tie else Reason.both_bad
    if found.preferred > 1:
        return Reason.not_a_pair
    return _of(found.preferred, votes)._replace(adjudicated=True)


def _majority(votes: Votes, criteria: Criteria) -> Majority | Reason:
    counts = votes.tally
    most = max(counts)
    if counts[3] == most:
        return Reason.both_bad
    if counts[2] == most:
        return Reason.tie
    outcome = _of(counts.index(most), votes)
    margin = most - counts[1 - outcome.preferred]
    if margin < criteria.min_margin or outcome.agreement < criteria.min_agreement:
        return Reason.split
    return outcome


def _most_likely(votes: Votes, posterior: Sequence[float], criteria: Criteria) -> Majority | Reason:
    most = max(posterior)
    if len(posterior) > 3 and posterior[3] == most:
        return Reason.both_bad
    if len(posterior) > 2 and posterior[2] == most:
        return Reason.tie
    if posterior[0] == posterior[1]:
        return Reason.split
    outcome = _of(posterior.index(most), votes)
    return Reason.split if outcome.agreement < criteria.min_agreement else outcome


def _of(preferred: int, votes: Votes) -> Majority:
    alike, steps = votes.tally[preferred], votes.steps[preferred]
    agreement, strength = alike / max(1, votes.number), steps / max(1, alike)
    return Majority(preferred, votes.number, agreement, strength)
