"""Projects: one question asked about many comparisons.

Finding a project and being allowed to are one act.
"""

import enum
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock, events
from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.pay import money, rates
from labeler.pay.rates import PayDraft, RateDraft
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.people.memberships import RANK, Membership, Role
from labeler.said import say
from labeler.schema import Base, BigInt, Id, changed, reference
from labeler.work import guidelines, questions, rubrics
from labeler.work.comparisons import Response
from labeler.work.drafts import ModelsFrom, ProjectDraft
from labeler.work.gold import Gold
from labeler.work.lanes import Lane
from labeler.work.questions import Questions
from labeler.work.redundancy import AdaptiveDraft, Rule
from labeler.work.rubrics import RubricDraft


class ProjectState(enum.Enum):
    """Whether a project gives out work."""

    active = "active"
    """Gives out work."""
    paused = "paused"
    """Gives out nothing for now; what was begun may be finished."""
    closed = "closed"
    """Gives out nothing any more; begun work may still be handed in."""


MOVES = {
    ProjectState.active: {ProjectState.paused, ProjectState.closed},
    ProjectState.paused: {ProjectState.active, ProjectState.closed},
    ProjectState.closed: {ProjectState.active},
}


NOT_OPEN = {
    Role.annotator: say("Only people of this project may do this."),
    Role.reviewer: say("Only a reviewer or an owner of this project may do this."),
    Role.owner: say("Only an owner of this project may do this."),
}


class Project(Base):
    """One question asked about many comparisons, with its form, its pay and its people."""

    __tablename__ = "projects"
    __table_args__ = (
        sa.CheckConstraint("judgments_per_comparison BETWEEN 1 AND 100", name="judgments"),
        sa.CheckConstraint("pay_minor >= 0", name="pay"),
    )

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    question: Mapped[str]
    state: Mapped[ProjectState]
    judgments_per_comparison: Mapped[int]
    """How many are wanted on each; of an adaptive project, how many at least."""
    most_judgments: Mapped[int | None]
    """How many at most on an unsure comparison; none where the number is fixed."""
    confidence: Mapped[float | None]
    audit_share: Mapped[float | None]
    audit_judgments: Mapped[int | None]
    gold_share: Mapped[float]
    repeat_share: Mapped[float]
    """How much of what a person is given they have judged before, in the other order."""
    most_per_person: Mapped[int | None]
    most_per_language: Mapped[dict[str, int]]
    """How many comparisons one person is given at most: in all, and by language."""
    qualification_questions: Mapped[int | None]
    """How many known answers people are asked before the work itself; None: none."""
    qualification_right: Mapped[int | None]
    """How many of them must be right."""
    onboarding: Mapped[int] = mapped_column(default=0)
    """In how many first judgments people are told what was right."""
    languages: Mapped[list[str]]
    support_contact: Mapped[str] = mapped_column(default="")
    """Whom people can turn to who read what is hard to read; without one there is nothing such."""
    models_from: Mapped[ModelsFrom] = mapped_column(default=ModelsFrom.anywhere)
    """Where the models may be that are asked for it."""
    pay_minor: Mapped[BigInt]
    """What a judgment earns by the newest rate for everywhere, kept here for lists."""
    currency: Mapped[str]
    """The project's own: in it are its rate for everywhere and its totals."""
    time_limit_s: Mapped[int]
    change_window_s: Mapped[int]
    guideline_number: Mapped[int]
    rubric_number: Mapped[int]
    created_by: Mapped[int] = reference("people.id")
    created_at: Mapped[datetime]

    @property
    def adaptive(self) -> AdaptiveDraft | None:
        """How sure it wants to be of each comparison; None where the number is fixed."""
        if self.most_judgments is None:
            return None
        return AdaptiveDraft(
            most=self.most_judgments,
            confidence=self.confidence,
            audit_share=self.audit_share,
            audit_judgments=self.audit_judgments,
        )

    @property
    def rule(self) -> Rule | None:
        """When enough people have judged an adaptive comparison."""
        if self.most_judgments is None or self.confidence is None:
            return None
        return Rule(self.judgments_per_comparison, self.most_judgments, self.confidence)


def may_create(session: Session, person: Person) -> bool:
    """Say whether the person may make projects: administrators, and owners of another one."""
    return person.is_admin or bool(
        session.scalar(
            sa.select(Membership.id).where(
                Membership.person_id == person.id,
                Membership.role == Role.owner,
                Membership.removed_at.is_(None),
            )
        )
    )


def create(session: Session, draft: ProjectDraft, *, by: Person) -> Project:
    """Make a project with its first guidelines and rubric; its maker owns it.

    Raises Forbidden to those who may not, Conflict when its slug is taken.
    """
    if not may_create(session, by):
        raise Forbidden("Only administrators and owners of projects may make another one.")
    slug = draft.slug or _slug(draft.title)
    if session.scalar(sa.select(Project.id).where(Project.slug == slug)) is not None:
        raise Conflict(say("There is already a project called %(slug)s.", slug=slug))
    project = Project(
        slug=slug,
        state=ProjectState.active,
        guideline_number=1,
        rubric_number=1,
        created_by=by.id,
        created_at=clock.now(),
        **_columns(draft),
    )
    session.add(project)
    session.flush()
    guidelines.publish(session, project.id, draft.guidelines, by=by)
    rubrics.publish(session, project.id, draft.rubric, by=by)
    _pay(session, project, draft.pay, by=by)
    events.record(session, "project.created", person_id=by.id, project_id=project.id, slug=slug)
    memberships.grant(session, project.id, by, Role.owner, by=by)
    return project


def revise(session: Session, project: Project, draft: ProjectDraft, *, by: Person) -> None:
    """Change a project's settings; changed guidelines or rubric become new versions.

    Nothing happens if all of it is like this already. The number of judgments wanted holds for
    batches loaded from now on.
    """
    if draft.pay.currency != project.currency:
        raise Invalid("The currency stays.", fields={"pay.currency": say("Start another project.")})
    if not draft.support_contact:
        _require_no_need(session, project)
    new = {name: to for name, to in _columns(draft).items() if getattr(project, name) != to}
    new.pop("pay_minor", None)
    for name, value in new.items():
        setattr(project, name, value)
    paid = _pay(session, project, draft.pay, by=by)
    said = _say(session, project, draft.guidelines, by=by)
    asked = ask(session, project, draft.rubric, by=by)
    if not (new or paid or said or asked):
        return
    events.record(session, "project.revised", person_id=by.id, project_id=project.id)


def _require_no_need(session: Session, project: Project) -> None:
    """Raise Invalid if somebody may need the project's support contact."""
    hard = sa.exists().where(Lane.project_id == project.id, Lane.sensitive != "")
    if session.scalar(sa.select(hard)):
        fault = say("There is content that may be hard to read, so there has to be one.")
        raise Invalid("The support contact stays.", fields={"support_contact": fault})


def price(session: Session, project: Project, draft: RateDraft, *, by: Person) -> bool:
    """Let work in a place pay this from now on; False if it does already.

    Raises as `rates.publish` does, and Invalid for another currency than the project's everywhere.
    """
    if draft.place == rates.EVERYWHERE and draft.currency != project.currency:
        said = say("Everywhere, this project pays in %(currency)s.", currency=project.currency)
        raise Invalid("This cannot be kept as written.", fields={"currency": said})
    before = rates.current(session, project.id, draft.place)
    rate = rates.publish(session, project.id, draft, by=by)
    if rate.place == rates.EVERYWHERE:
        project.pay_minor = rate.per_judgment_minor
    return rate is not before


def _pay(session: Session, project: Project, draft: PayDraft, *, by: Person) -> bool:
    """Let work everywhere pay this; False if it does already."""
    everywhere = RateDraft.model_validate(draft.model_dump())
    try:
        return price(session, project, everywhere, by=by)
    except Invalid as refusal:
        faults = {f"pay.{name}": words for name, words in refusal.fields.items()}
        raise Invalid("The project cannot be used as written.", fields=faults) from None
    except Conflict as refusal:
        faults = {"pay.per_judgment": refusal.message}
        raise Invalid("The project cannot be used as written.", fields=faults) from None


def _say(session: Session, project: Project, text: str, *, by: Person) -> bool:
    """Give other guidelines from now on, as their next version; False if they are the same."""
    if guidelines.version(session, project.id, project.guideline_number).text == text:
        return False
    project.guideline_number = guidelines.publish(session, project.id, text, by=by).number
    return True


def ask(session: Session, project: Project, draft: RubricDraft, *, by: Person) -> bool:
    """Ask something else from now on, as the next version of the form; False if it is the same.

    What was judged, and what is open, keeps the version that it was given. Raises Invalid if
    comparisons are loaded that cannot be asked about like this.
    """
    now = rubrics.version(session, project.id, project.rubric_number).asked
    if draft.asked == now:
        return False
    _require_fitting(session, project, draft.asked, now)
    project.rubric_number = rubrics.publish(session, project.id, draft, by=by).number
    return True


def _require_fitting(session: Session, project: Project, asked: Questions, now: Questions) -> None:
    many = sa.exists().where(Response.project_id == project.id, Response.number >= 2)
    known = sa.exists().where(Gold.project_id == project.id)
    most = questions.answers(asked)[1]
    fault = ""
    if most < questions.answers(now)[1] and session.scalar(sa.select(many)):
        fault = "There are comparisons of more than two answers, which have to be ranked or rated."
    elif not _finds_best(asked) and session.scalar(sa.select(known)):
        fault = "There are known answers, so people have to be asked which answer is the best."
    if fault:
        raise Invalid("The form cannot be used as written.", fields={"rubric": fault})


def _finds_best(asked: Questions) -> bool:
    return any(question.kind in questions.MAIN for question in asked)


def rubric_draft(session: Session, project: Project) -> RubricDraft:
    """Return the project's current rubric as an owner would write it."""
    rubric = rubrics.version(session, project.id, project.rubric_number)
    return RubricDraft.of(rubric.asked)


def move(session: Session, project: Project, state: ProjectState, *, by: Person) -> None:
    """Pause, resume or close the project; raises Conflict when it cannot go there from here."""
    if state is project.state:
        return
    if state not in MOVES[project.state]:
        raise Conflict("The project is closed: open it again first.")
    still = sa.update(Project).where(Project.id == project.id, Project.state == project.state)
    if not changed(session, still.values(state=state)):
        raise Conflict("Somebody else has just changed this: please look at the project again.")
    events.record(
        session, "project.moved", person_id=by.id, project_id=project.id, state=state.value
    )


# Made once: that costs more than to run it.
_FOUND = (
    sa.select(Project, Membership.role)
    .outerjoin(
        Membership,
        sa.and_(
            Membership.project_id == Project.id,
            Membership.person_id == sa.bindparam("person"),
            Membership.removed_at.is_(None),
        ),
    )
    .where(Project.slug == sa.bindparam("slug"))
)


def find(session: Session, slug: str, *, by: Person, role: Role = Role.annotator) -> Project:
    """Return the project if the person has at least this role in it.

    Raises NotFound to strangers, Forbidden to those with a lesser role. An administrator may do
    what an owner may.
    """
    found = session.execute(_FOUND, {"slug": slug, "person": by.id}).one_or_none()
    project, held = found or (None, None)
    held = Role.owner if by.is_admin else held
    if project is None or held is None:
        raise NotFound("There is no such project.")
    if RANK[held] < RANK[role]:
        raise Forbidden(NOT_OPEN[role])
    return project


def role_in(session: Session, project: Project, person: Person) -> Role | None:
    """Return the person's role; administrators count as owners everywhere."""
    return Role.owner if person.is_admin else memberships.role_of(session, project.id, person)


def of_person(session: Session, person: Person) -> Sequence[tuple[Project, Role]]:
    """Return the projects in which the person has a part, newest first."""
    mine = sa.and_(
        Membership.project_id == Project.id,
        Membership.person_id == person.id,
        Membership.removed_at.is_(None),
    )
    query = sa.select(Project, Membership.role).order_by(Project.id.desc())
    if person.is_admin:
        rows = session.execute(query.outerjoin(Membership, mine))
        return [(project, Role.owner) for project, _ in rows]
    return [(project, role) for project, role in session.execute(query.join(Membership, mine))]


def _columns(draft: ProjectDraft) -> dict[str, Any]:
    asked = draft.qualification
    return {
        "qualification_questions": asked and asked.questions,
        "qualification_right": asked and asked.right,
        "onboarding": draft.onboarding,
        "title": draft.title,
        "question": draft.question,
        "judgments_per_comparison": draft.judgments_per_comparison,
        **_adaptive(draft.adaptive),
        "gold_share": draft.gold_share,
        "repeat_share": draft.repeat_share,
        "most_per_person": draft.most_per_person,
        "most_per_language": dict(draft.most_per_language),
        "languages": list(draft.languages),
        "support_contact": draft.support_contact,
        "models_from": draft.models_from,
        "pay_minor": money.minor(draft.pay.per_judgment, draft.pay.currency),
        "currency": draft.pay.currency,
        "time_limit_s": draft.time_limit_minutes * 60,
        "change_window_s": draft.change_window_minutes * 60,
    }


def _adaptive(draft: AdaptiveDraft | None) -> dict[str, Any]:
    return {
        "most_judgments": draft and draft.most,
        "confidence": draft and draft.confidence,
        "audit_share": draft and draft.audit_share,
        "audit_judgments": draft and draft.audit_judgments,
    }


def _slug(title: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:50].strip("-")
    return words or f"project-{secrets.token_hex(3)}"
