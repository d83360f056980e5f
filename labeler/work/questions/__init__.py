"""Questions: what a form is made of, one module for each kind.

A module says how an owner writes its question (a draft), takes what was said out of a form, reads
it, fills the form in again, and adds up and exports what is stored. What is stored names responses
by their numbers and never by the place at which somebody saw them.
"""

from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

from pydantic import Field, TypeAdapter

from labeler.said import say
from labeler.work.questions import criteria, edit, flags, marks, pairwise, ranking, reason
from labeler.work.questions.criteria import CriteriaDraft
from labeler.work.questions.edit import EditDraft
from labeler.work.questions.flags import FlagsDraft
from labeler.work.questions.marks import MarksDraft
from labeler.work.questions.pairwise import PairwiseDraft
from labeler.work.questions.ranking import RankingDraft
from labeler.work.questions.reason import ReasonDraft
from labeler.work.questions.seen import LETTERS

KINDS: dict[str, Any] = {
    "pairwise": pairwise,
    "ranking": ranking,
    "criteria": criteria,
    "reason": reason,
    "edit": edit,
    "marks": marks,
    "flags": flags,
}
MAIN = ("pairwise", "ranking")
"""The kinds of which a form has one; criteria may stand alone."""
ABOUT_TEXTS = ("edit", "marks")
"""The kinds that cannot be read without the responses' texts."""
MOST_ANSWERS = len(LETTERS)

Question: TypeAlias = Annotated[
    PairwiseDraft
    | RankingDraft
    | CriteriaDraft
    | ReasonDraft
    | EditDraft
    | MarksDraft
    | FlagsDraft,
    Field(discriminator="kind"),
]
Questions: TypeAlias = tuple[Question, ...]
_QUESTIONS: TypeAdapter[Questions] = TypeAdapter(Questions)


def parse(stored: Sequence[dict[str, Any]]) -> Questions:
    """Read the questions of a form as they are stored."""
    return _QUESTIONS.validate_python(stored)


def store(asked: Questions) -> list[dict[str, Any]]:
    """Write the questions of a form as they are stored."""
    return [question.model_dump(mode="json") for question in asked]


def fault(asked: Questions) -> str | None:
    """Say what keeps these questions from being a form, if anything does."""
    kinds = [question.kind for question in asked]
    if len(set(kinds)) < len(kinds):
        return say("A form asks each kind of question once")
    main = [kind for kind in kinds if kind in MAIN]
    if len(main) > 1:
        return say("A form compares two answers or ranks them, not both")
    if not main and "criteria" not in kinds:
        return say("A form needs a main question: pairwise, ranking or criteria")
    if not main and "edit" in kinds:
        return say("Nobody can improve the better answer where none is chosen")
    if main == ["ranking"] and _compares(asked):
        return say('Where answers are ranked, criteria rate them: asks = "rating"')
    return None


def answers(asked: Questions) -> tuple[int, int]:
    """Return how many answers a comparison has at least and at most for these questions."""
    compares = any(question.kind == "pairwise" for question in asked) or _compares(asked)
    return 2, 2 if compares else MOST_ANSWERS


def _compares(asked: Questions) -> bool:
    return any(isinstance(question, CriteriaDraft) and question.compares for question in asked)
