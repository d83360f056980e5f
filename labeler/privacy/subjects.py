"""Subjects: what is held of a person, file by file, in the order in which they read it.

Nobody else is in it: who decided is told by role, as on pages. No known answer that the person was
not told, and no name of a model, which nobody may know who judges.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from labeler import said
from labeler.arena.conversations import Conversation
from labeler.arena.turns import Turn
from labeler.events import Event
from labeler.pay import details
from labeler.pay.accounts import Account
from labeler.pay.corrections import Correction
from labeler.pay.destinations import Destination
from labeler.pay.ledger import Transfer
from labeler.pay.limits import Limit
from labeler.pay.payouts import Payout
from labeler.pay.statements import Statement
from labeler.pay.worktime import Interval
from labeler.people.accounts import Person
from labeler.people.forum import Post, Topic
from labeler.people.memberships import Membership
from labeler.people.remarks import Remark
from labeler.people.representatives import Representative
from labeler.people.sign_ins import SignIn, SignInLink
from labeler.people.terms import Consent
from labeler.people.tokens import Token
from labeler.people.visitors import Visit
from labeler.privacy import numbers
from labeler.quality import explained
from labeler.quality.disputes import Dispute
from labeler.quality.refusals import Refusal
from labeler.quality.reviews import Review
from labeler.quality.threads import Comment
from labeler.said import Said, say
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment
from labeler.work.opt_ins import OptIn
from labeler.work.projects import Project
from labeler.work.qualifications import Qualification
from labeler.work.redundancy import Reliability
from labeler.work.tallies import Tally

PAGE = 500
"""How many rows are in memory at once."""
Values = Mapping[str, Any]
Keyed = Sequence[tuple[int, Values]]
"""Rows, each with the number after which the next page begins."""
Shape = Callable[[Any], Any]
NOTHING: Mapping[str, Shape] = MappingProxyType({})


@dataclass(frozen=True)
class Subject:
    """One file: what it tells, and how its rows are read, a page after a number."""

    name: str
    about: Said
    columns: Sequence[str]
    page: Callable[[Session, int, int], Keyed]
    table: str | None = None
    """The table that it tells of, if it is one."""


@dataclass(frozen=True)
class _Rows:
    """Reads somebody's rows of a table by the table's numbers."""

    query: sa.Select[Any]
    columns: Sequence[str]
    shapes: Mapping[str, Shape]

    def __call__(self, session: Session, person_id: int, after: int) -> Keyed:
        # Past the layer for entities: what is read here is no object of ours.
        found = session.connection().execute(self.query, {"me": person_id, "after": after})
        return [(number, self._shaped(values)) for number, *values in found]

    def _shaped(self, values: Sequence[Any]) -> Values:
        named = zip(self.columns, values, strict=True)
        return {name: self.shapes.get(name, _as_it_is)(value) for name, value in named}


def _as_it_is(value: Any) -> Any:
    return value


ME: Any = sa.bindparam("me", type_=sa.BigInteger())
_AFTER: Any = sa.bindparam("after", type_=sa.BigInteger())


def _of(
    name: str,
    about: Said,
    model: Any,
    columns: str,
    *,
    theirs: Any = None,
    joined: Sequence[tuple[Any, Any]] = (),
    key: Any = None,
    shapes: Mapping[str, Shape] = NOTHING,
    **others: Any,
) -> Subject:
    """Make a subject of a table; `columns` names its own, `others` are worked out."""
    project = [(Project, Project.id == model.project_id)] if "project" in columns.split() else []
    found = {"project": Project.title} | others
    chosen = {n: found[n] if n in found else getattr(model, n) for n in columns.split()}
    number = model.id if key is None else key
    query = sa.select(number, *chosen.values()).select_from(model)
    for other, on in [*joined, *project]:
        query = query.outerjoin(other, on)
    query = query.where(model.person_id == ME if theirs is None else theirs, number > _AFTER)
    rows = _Rows(query.order_by(number).limit(PAGE), tuple(chosen), shapes)
    return Subject(name, about, tuple(chosen), rows, model.__tablename__)


def _told(kept: Any) -> str:
    return str(said.joined(kept))


def _all_told(kept: Sequence[Any]) -> list[str]:
    return [_told(each) for each in kept]


def _masked(content: Mapping[str, Any]) -> str:
    return details.masked(details.stored(content))


ABOUT_PEOPLE = (
    *("person.created", "person.password_set", "person.admitted", "person.erased"),
    "person.imported",
    *("membership.granted", "membership.removed", "membership.placed"),
    *("sign_in_link.made", "payout.released", "destination.changed", "data.copied"),
    *("representative.named", "representative.stepped_down"),
    *("correction.proposed", "correction.agreed", "correction.dropped"),
)
"""Events whose subject is a person's number."""


# Of other kinds the subject is no number of a person, or no number at all.
_SUBJECT = sa.case((Event.kind.in_(ABOUT_PEOPLE), Event.data["subject"].as_integer()))
_MINE = sa.select(Account.id).where(Account.person_id == ME)
_MY_CHATS = sa.select(Conversation.id).where(Conversation.person_id == ME)


def _is_me(column: Any) -> Any:
    return sa.case((column == ME, sa.true()), else_=sa.false())


def _decisions(session: Session, person_id: int, after: int) -> Keyed:
    """Return every decision about the person at once: they are few."""
    if after:
        return []
    acts = explained.of_person(session, person_id, most=None)
    roles = explained.roles(session, acts)
    told = sa.select(Project.id, Project.title).where(
        Project.id.in_({act.project_id for act in acts})
    )
    titles = dict(session.execute(told).all())
    return [
        (
            number,
            {
                "about": act.about,
                "subject": act.subject,
                "project": titles[act.project_id],
                "by_roles": _roles(roles, act),
                "at": act.at,
                "reason": act.reason,
                "comparison": act.comparison_id,
            },
        )
        for number, act in enumerate(acts, start=1)
    ]


def _roles(roles: Mapping[tuple[int, int], Any], act: explained.Act) -> list[str]:
    found = (roles.get((act.project_id, person_id)) for person_id in act.by)
    return sorted({role.value if role else "administrator" for role in found})


_from, _to = aliased(Account), aliased(Account)
_was_told = sa.case((Assignment.told_at.is_not(None), Judgment.gold_right))

SUBJECTS = (
    _of(
        *("profile", say("You, as this site knows you."), Person),
        "number email name language is_admin created_at",
        number=Person.id,
        theirs=Person.id == ME,
    ),
    _of(
        *("memberships", say("Your parts in projects."), Membership),
        "project role languages cohorts place created_at removed_at",
    ),
    _of(
        *("judgments", say("What you judged, every version of it."), Judgment),
        "number project comparison version is_current verdict preferred_place step strength reason "
        "said was_right state excluded_at took_ms guideline rubric created_at",
        number=Judgment.id,
        comparison=Judgment.comparison_id,
        preferred_place=Judgment.place,
        was_right=_was_told,
        took_ms=Judgment.duration_ms,
        guideline=Judgment.guideline_number,
        rubric=Judgment.rubric_number,
        joined=[(Assignment, Assignment.id == Judgment.assignment_id)],
    ),
    _of(
        *("tasks", say("What you were given, with what you handed back and why."), Assignment),
        "project comparison state skip_reason pay_minor currency opened_at deadline closed_at "
        "sent_back_at",
        comparison=Assignment.comparison_id,
    ),
    _of(
        *("time", say("When you worked, on what, and how that is known."), Interval),
        "number project kind source started_at ended_at note flag withdrawn_at touched_at told_at",
        number=Interval.id,
    ),
    _of(
        *("earnings", say("Every amount that was yours, where it went, and why."), Transfer),
        "project kind taken_from taken_to amount_minor currency at judgment reason",
        theirs=sa.or_(Transfer.to_account_id.in_(_MINE), Transfer.from_account_id.in_(_MINE)),
        taken_from=sa.case((_from.person_id.is_not(None), _from.kind)),
        taken_to=sa.case((_to.person_id.is_not(None), _to.kind)),
        judgment=Transfer.judgment_id,
        joined=[
            (_from, _from.id == Transfer.from_account_id),
            (_to, _to.id == Transfer.to_account_id),
        ],
    ),
    _of(
        *("balances", say("Where your money is now."), Account),
        "project kind balance_minor currency",
    ),
    _of(
        *("statements", say("Your statements, month by month."), Statement),
        "number project month currency content made_at",
        number=Statement.id,
    ),
    _of(
        *("payouts", say("What was sent to you, and what became of it."), Payout),
        "project amount_minor carried_minor disputed_minor currency state held settled_at note",
    ),
    _of(
        *("payment_details", say("Where you wanted to be paid."), Destination),
        "currency kind account created_at",
        account=Destination.content,
        shapes={"account": _masked},
    ),
    Subject(
        "reliability",
        say("How often you are right, as far as is worked out."),
        ("project", "right", "votes"),
        numbers.reliability,
        Reliability.__tablename__,
    ),
    Subject(
        "counts",
        say("Your work in numbers, by part of a project."),
        ("project", *numbers.PLAIN, "gold", "gold_right"),
        numbers.counts,
        Tally.__tablename__,
    ),
    _of(
        *("qualifications", say("Your attempts at the questions before the work."), Qualification),
        "project attempt questions needed asked right started_at ended_at passed_at",
    ),
    _of(
        *("reviews", say("What was unusual in your work, and what came of it."), Review),
        "project kind state reason evidence opened_at closed_at outcome",
        shapes={"reason": _told, "evidence": _all_told},
    ),
    _of(
        *("comments", say("What reviewers wrote to you, and you to them."), Comment),
        "by_you text created_at",
        theirs=sa.or_(Comment.author_id == ME, Comment.person_id == ME),
        by_you=_is_me(Comment.person_id),
    ),
    Subject(
        "decisions",
        say("What was decided about you, by whom in which role, and why."),
        ("about", "subject", "project", "by_roles", "at", "reason", "comparison"),
        _decisions,
    ),
    _of(
        *("refusals", say("Pay that was in question, and what came of it."), Refusal),
        "project judgment code evidence state proposed_at notified_at answer_until appeal "
        "appealed_at reasons decided_at",
        theirs=sa.and_(Refusal.person_id == ME, Refusal.notified_at.is_not(None)),
        judgment=Refusal.judgment_id,
    ),
    _of(
        *("objections", say("What you objected to, and the answers."), Dispute),
        "project about subject text opened_at answer_until finding answer answered_at",
    ),
    _of(
        *("corrections", say("What somebody proposed to take back from you."), Correction),
        "project amount_minor currency reason proposed_at is_agreed decided_at",
    ),
    _of(
        *("topics", say("What you began to talk about in the forum."), Topic),
        "topic title",
        topic=Topic.id,
        theirs=Topic.opened_by == ME,
    ),
    _of(
        *("posts", say("What you wrote in the forum."), Post),
        "topic text is_nameless written_at taken_back_at",
        topic=Post.topic_id,
        theirs=Post.author_id == ME,
    ),
    _of(
        *("chats", say("Your chats with two models."), Conversation),
        "chat project language created_at ended_at revealed_at",
        chat=Conversation.id,
    ),
    _of(
        *("messages", say("What you wrote to them."), Turn),
        "chat turn draw text created_at",
        chat=Turn.conversation_id,
        turn=Turn.number,
        theirs=Turn.conversation_id.in_(_MY_CHATS),
    ),
    _of(
        *("visits", say("That you came to a chat by a link."), Visit),
        "project created_at forgotten_at",
    ),
    _of(
        *("choices", say("That you were chosen to speak for others."), Representative),
        "reason at",
    ),
    _of(
        *("remarks", say("What you said of projects for others."), Remark),
        "project version text written_at",
        version=Remark.number,
        theirs=Remark.written_by == ME,
    ),
    _of(
        *("consents", say("Which terms you accepted."), Consent),
        "project version language sha256 agreed_at",
        version=Consent.number,
    ),
    _of(
        *("limits", say("How much you work at most, as you chose."), Limit),
        "day_s week_s set_at",
        key=Limit.person_id,
    ),
    _of(
        *("opt_ins", say("What may be hard to read, as you chose it."), OptIn),
        "levels stopped_until set_at",
        key=OptIn.person_id,
    ),
    _of(
        *("sign_ins", say("Where you signed in."), SignIn),
        "browser created_at expires_at revoked_at",
    ),
    _of(
        *("sign_in_links", say("Links that were made to sign you in."), SignInLink),
        "created_at expires_at used_at",
    ),
    _of(
        *("tokens", say("Tokens that you made for programs."), Token),
        "label scopes created_at revoked_at",
    ),
    _of(
        *("events", say("What you did, and what others did to your account."), Event),
        "kind project by_you data at",
        theirs=sa.or_(Event.person_id == ME, _SUBJECT == ME),
        by_you=_is_me(Event.person_id),
    ),
)

ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(
        ("projects", "guidelines", "rubrics", "terms", "batches", "golds", "rates", "budgets"),
        "what somebody made as an owner is the project's; that they made it is among the events",
    ),
    **dict.fromkeys(
        (
            *("adjudications", "pay_runs", "payout_layouts", "wage_references", "releases"),
            *("clearances", "declarations"),
            *("declines", "endpoints", "evaluations", "generations", "jobs"),
            *("chat_rules", "chat_links"),
        ),
        "what somebody did for a project is the project's; that they did it is among the events",
    ),
    "kept_identities": "there is one only of somebody who was erased",
}
"""Tables that name people and are in no file, with the reason."""
