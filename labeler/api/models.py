"""What the API takes and tells, field by field.

Nothing is told that is not named here: before a judgment no model's name, nobody else's answer,
and never whether the answer is known.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from labeler.pay import money
from labeler.quality.reviews import ReviewKind
from labeler.text import sensitive
from labeler.text.sensitive import Category
from labeler.work import questions as asked
from labeler.work.assignments import SkipReason
from labeler.work.batches import BatchState
from labeler.work.judgments import JudgmentState
from labeler.work.layouts import Layout
from labeler.work.projects import ProjectState
from labeler.work.questions import Questions
from labeler.work.rubrics import LONGEST_REASON, Verdict

LAST_ID = 2**63 - 1
MOST_STEPS = 9
REFUSED_SHOWN = 1000
"""How many refused rows of a file are told one by one."""


class Model(BaseModel):
    """Exactly these fields, nothing beside them."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _known_choice(value: object) -> object:
    is_step = type(value) is int and 1 <= value <= MOST_STEPS
    if not is_step and value not in ("tie", "both_bad"):
        raise PydanticCustomError("choice", 'Choose a step (1 is the first), "tie" or "both_bad".')
    return value


Choice = Annotated[
    Annotated[int, Field(ge=1, le=MOST_STEPS)] | Literal["tie", "both_bad"],
    BeforeValidator(_known_choice),
    Field(description="A step of the scale as shown (1: A is much better), or a word."),
]


def choice(step: int | None, verdict: Verdict) -> int | Literal["tie", "both_bad"] | None:
    """Return what was chosen between two answers; None where nothing was."""
    if step is not None:
        return step
    words: dict[Verdict, Literal["tie", "both_bad"]] = {
        Verdict.tie: "tie",
        Verdict.both_bad: "both_bad",
    }
    return words.get(verdict)


# What is taken


class Answers(Model):
    """What is said to each question of the rubric, by its kind; answers are named by place."""

    pairwise: Choice | None = None
    ranking: asked.ranking.Given | None = Field(
        None, description='Places from the best, such as [["B"], ["A", "C"]]; []: none will do.'
    )
    criteria: asked.criteria.Given | None = Field(
        None, description="By the criterion's name: a step, or points by place."
    )
    reason: asked.reason.Given | None = None
    edit: asked.edit.Given | None = None
    marks: asked.marks.Given | None = Field(None, max_length=asked.marks.MOST)
    flags: asked.flags.Given | None = Field(None, description="Flags by place.")


class JudgmentDraft(Model):
    """What somebody says of the comparison that they were given.

    `choice` and `reason` are short for answers to the kinds pairwise and reason.
    """

    key: UUID = Field(description="Yours, new for each judgment; repeat it when you try again.")
    choice: Choice | None = None
    reason: str = Field("", max_length=LONGEST_REASON)
    answers: Answers = Answers()

    @property
    def said(self) -> dict[str, Any]:
        """All of it, by kind."""
        said = {name: getattr(self.answers, name) for name in Answers.model_fields}
        if said["pairwise"] is None:
            said["pairwise"] = self.choice
        if said["reason"] is None:
            said["reason"] = asked.reason.Given(text=self.reason)
        return said


class SkipDraft(Model):
    """Why somebody would rather not judge the comparison that they were given."""

    reason: SkipReason


class BatchQuery(Model):
    """How a file is to be read."""

    name: str = Field("", max_length=200, pattern=r"^[^\x00]*$", description="What to call it.")
    layout: Layout = Layout.auto
    language: str | None = Field(None, description="The language of rows that name none.")
    sensitive: str = Field(
        "",
        max_length=sensitive.LONGEST,
        description="What in all rows may be hard to read, such as violence:2 hate:1.",
    )
    known_answers: bool = Field(
        False, description="Make gold of what other layouts say was the better answer."
    )
    for_qualification: bool = Field(
        False, description="Ask them before the work itself; every row needs a known answer."
    )
    skip_bad: bool = Field(False, description="Load the rest when rows are refused.")


class WithdrawalDraft(Model):
    """Which comparison nobody should be asked any more, and why."""

    comparison: str = Field(max_length=1000, description="The id that it has in its file.")
    reason: str = Field(max_length=LONGEST_REASON)


class LeaderboardQuery(Model):
    """Which leaderboard is wanted."""

    language: str = Field("", max_length=100, description="If left out, all of them together.")
    category: str = Field("", max_length=100, description="If left out, all of them together.")


class PageQuery(Model):
    """Which part of a long list is wanted."""

    after: int = Field(0, ge=0, le=LAST_ID, description="`next` of the page before.")
    limit: int = Field(100, ge=1, le=1000)


# What is told


class Amount(Model):
    """An amount of money in minor units, and as people write it."""

    amount_minor: int
    currency: str
    text: str

    @classmethod
    def of(cls, amount_minor: int, currency: str) -> "Amount":
        """Write out an amount."""
        text = money.text(amount_minor, currency)
        return cls(amount_minor=amount_minor, currency=currency, text=text)


class Turn(Model):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str
    language: str | None = Field(None, description="If it is not the comparison's.")


class PlacedResponse(Model):
    """An answer, at the place where this person sees it."""

    place: str
    text: str


class Rubric(Model):
    """The form to fill in."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    questions: Questions


class Assignment(Model):
    """One comparison to judge, until the deadline."""

    id: int
    project: str
    opened_at: datetime
    deadline: datetime
    question: str
    language: str
    sensitive: dict[Category, int] = Field(
        description="What may be hard to read: 1 mentioned, 2 described, 3 graphic. Show it first."
    )
    support_contact: str = Field(description="Whom to turn to; empty where nothing is sensitive.")
    prompt: list[Turn]
    responses: list[PlacedResponse]
    rubric: Rubric
    guideline_number: int
    pay: Amount


class Receipt(Model):
    """A judgment that is stored for good."""

    id: int
    assignment: int
    choice: Choice | None = Field(description="Null where no two answers were compared.")
    created_at: datetime
    earned: Amount


class Project(Model):
    """A project, as its owner gets to know it."""

    slug: str
    title: str
    state: ProjectState
    guideline_number: int
    rubric_number: int
    created_at: datetime


class RefusedRow(Model):
    """A row of a file that was left out, and why."""

    model_config = ConfigDict(from_attributes=True)

    line: int
    field: str
    reason: str


class Batch(Model):
    """A file that was loaded."""

    batch: int
    name: str
    comparisons: int
    refused_count: int
    refused: list[RefusedRow] = Field(description=f"The first {REFUSED_SHOWN} of them.")


class ArrangedBatch(Model):
    """A batch, as it stands in the queue."""

    batch: int
    name: str
    state: BatchState
    comparisons: int
    priority: int = Field(description="Higher ones are given out first, then older ones.")
    cohorts: list[str] = Field(description="The groups that it is for; none: everybody.")
    most_per_person: int | None
    is_qualification: bool = Field(description="Whether it is asked before the work itself.")
    judgments: int | None = Field(
        description="How many are wanted on each comparison; null without any that is asked."
    )


class BatchList(Model):
    """The batches of a project."""

    batches: list[ArrangedBatch] = Field(description="Newest first.")


class Withdrawal(Model):
    """A comparison that nobody is asked any more."""

    comparison: str
    withdrawn_at: datetime


class Progress(Model):
    """How far a project has come, what it has cost and what it will."""

    done: int
    planned: int
    comparisons: int
    people: int
    pace_per_day: float = Field(
        description="Judgments that count, a day, over the last week in which anybody worked."
    )
    ends_on: date | None = Field(
        description="When the rest will likely be in; null before three days of judging."
    )
    ends_earliest: date | None = Field(description="The 95 % interval around `ends_on`.")
    ends_latest: date | None = Field(description="Null where the pace varies too much to say.")
    median_ms: int | None
    cost: list[Amount] = Field(description="What was earned so far, known answers too.")
    forecast: Amount = Field(
        description="What the rest will cost by the rate for everywhere, beyond `cost` and without "
        "known answers."
    )


class Judgment(Model):
    """What an annotator said, in one of its versions."""

    id: int
    comparison: str = Field(description="The id that the comparison has in its file.")
    assignment: int
    annotator: int = Field(description="A person's number; names are not told.")
    version: int
    is_current: bool
    state: JudgmentState
    choice: Choice | None
    verdict: Verdict
    preferred: int | None = Field(description="Number of the best response, in the file's order.")
    strength: int | None
    reason: str
    answers: dict[str, dict[str, Any]] = Field(
        description="What was said beside these, by kind of question; responses by number."
    )
    guideline_number: int
    rubric_number: int
    duration_ms: int
    created_at: datetime


class JudgmentPage(Model):
    """Some judgments by id, and where the next ones begin."""

    judgments: list[Judgment]
    next: int | None = Field(description="To be sent as `after`; null on the last page.")


class Review(Model):
    """Something that a reviewer should look at."""

    id: int
    kind: ReviewKind
    comparison: str | None = Field(description="The id that the comparison has in its file.")
    judgment: int | None = Field(description="The judgment that it is about, if it is about one.")
    annotator: int | None = Field(description="Whose work a signal is about, by number.")
    confidence: float | None = Field(
        description="How sure it is what people found, from 0 to 1; null where nobody says."
    )
    reason: str
    evidence: list[str] = Field(description="What the reason was seen from.")
    opened_at: datetime


class ReviewPage(Model):
    """Some of what waits for a reviewer, and where the next ones begin."""

    reviews: list[Review]
    next: int | None = Field(description="To be sent as `after`; null on the last page.")


class Problem(Model):
    """Why a request was not carried out."""

    code: str
    message: str
    fields: dict[str, str] = Field(description="What is wrong where.")


class Error(Model):
    """The shape of every refusal."""

    error: Problem
