"""Comparisons: a prompt and two or more responses to it, and how many judgments are still wanted.

`taken` counts the slots given away: open assignments and counted judgments. More than `wanted` of
them there are only after fewer were wanted than before, and then `surplus` says how many.
Known answers (gold) are asked of everybody, so their `wanted` is without bound in practice.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from labeler import clock, events
from labeler.errors import Conflict, Invalid, NotFound
from labeler.people.accounts import Person
from labeler.schema import Base, BigInt, Id, changed, reference
from labeler.work import lanes
from labeler.work.questions.reason import require_reason
from labeler.work.redundancy import Rule

EVERYBODY = 2**31 - 1
"""How many judgments are wanted on gold."""
OPEN = sa.text("taken < wanted")
STARTED = sa.text("taken > 0 AND taken < wanted")
FRESH = sa.text("taken = 0 AND taken < wanted")
LABELS = 4
"""What can be said of a pair: for response 0, for response 1, tie, both bad."""
VOTES_BITS = 10
"""How wide each label's count is in `votes`; a comparison is judged 100 times at most."""


class Prompt(Base):
    """A conversation ending in a user turn, once per project."""

    __tablename__ = "prompts"
    __table_args__ = (sa.UniqueConstraint("project_id", "digest"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    digest: Mapped[str]
    messages: Mapped[list[dict[str, str]]]
    """Each with its role, its content, and its language if that is another one."""
    language: Mapped[str]
    sensitive: Mapped[str] = mapped_column(default="")
    """What in it or in answers to it may be hard to read, as `text.sensitive` writes it."""


class Response(Base):
    """One model's answer, with where it comes from. Numbered from 0 in its comparison."""

    __tablename__ = "responses"
    __table_args__ = (sa.UniqueConstraint("comparison_id", "number"),)

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    comparison_id: Mapped[int] = reference("comparisons.id")
    number: Mapped[int]
    text: Mapped[str]
    model: Mapped[str | None]
    provenance: Mapped[dict[str, Any]]


class Comparison(Base):
    """Two or more responses to one prompt, to be judged `wanted` times."""

    __tablename__ = "comparisons"
    __table_args__ = (
        sa.UniqueConstraint("project_id", "external_id"),
        sa.CheckConstraint(
            "judged >= 0 AND judged <= taken AND taken <= wanted + surplus AND surplus >= 0",
            name="slots",
        ),
        # Whoever goes through a project in pages finds the next one where the last has ended.
        sa.Index("ix_comparisons_project", "project_id", "id"),
        # What was begun and what was not are looked for apart: what was begun goes first.
        sa.Index(
            "ix_comparisons_started",
            "lane_id",
            "shuffle",
            sqlite_where=STARTED,
            postgresql_where=STARTED,
        ),
        sa.Index(
            "ix_comparisons_fresh",
            "lane_id",
            "shuffle",
            sqlite_where=FRESH,
            postgresql_where=FRESH,
        ),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    batch_id: Mapped[int] = reference("batches.id", index=True)
    lane_id: Mapped[int] = reference("lanes.id")
    prompt_id: Mapped[int] = reference("prompts.id", index=True)
    external_id: Mapped[str]
    language: Mapped[str]
    is_gold: Mapped[bool]
    is_adaptive: Mapped[bool] = mapped_column(default=False)
    """Whether more judgments are wanted as long as its answer is unsure (see `redundancy`)."""
    shuffle: Mapped[BigInt]
    wanted: Mapped[int]
    surplus: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int] = mapped_column(default=0)
    judged: Mapped[int] = mapped_column(default=0)
    votes: Mapped[BigInt] = mapped_column(default=0)
    """How often each label was said, in `VOTES_BITS` each, from the lowest; 0 on gold."""
    withdrawn_at: Mapped[datetime | None]
    details: Mapped[dict[str, Any]]

    @property
    def open_slots(self) -> int:
        """How many people may still be given it."""
        return max(0, self.wanted - self.taken)


@dataclass(frozen=True)
class Counted:
    """A comparison after its judgments changed.

    `moved` are its votes before and after, where agreement may be told from them: not of gold, and
    not of what was asked again because people disagreed.
    """

    lane_id: int
    is_gold: bool
    is_adaptive: bool
    moved: tuple[int, int]


def find(session: Session, project_id: int, comparison_id: int) -> Comparison:
    """Return a comparison of this project; raises NotFound."""
    comparison = session.get(Comparison, comparison_id)
    if comparison is None or comparison.project_id != project_id:
        raise NotFound("There is no such comparison.")
    return comparison


def responses(session: Session, comparison_id: int) -> Sequence[Response]:
    """Return the responses of a comparison, by number."""
    return session.scalars(
        sa.select(Response).where(Response.comparison_id == comparison_id).order_by(Response.number)
    ).all()


def page(
    session: Session, project_id: int, *, after: int = 0, limit: int = 50, language: str = ""
) -> Sequence[Comparison]:
    """Return the comparisons that follow `after`, by id, without touching their texts."""
    query = (
        sa.select(Comparison)
        .options(defer(Comparison.details))
        .where(Comparison.project_id == project_id, Comparison.id > after)
        .order_by(Comparison.id)
        .limit(limit)
    )
    if language:
        query = query.where(Comparison.language == language)
    return session.scalars(query).all()


def prompts(session: Session, prompt_ids: Iterable[int]) -> dict[int, Prompt]:
    """Return prompts by id."""
    found = session.scalars(sa.select(Prompt).where(Prompt.id.in_(set(prompt_ids))))
    return {prompt.id: prompt for prompt in found}


def prompts_of(session: Session, comparison_ids: Iterable[int]) -> dict[int, Prompt]:
    """Return the prompts of comparisons, by comparison."""
    rows = session.execute(
        sa.select(Comparison.id, Prompt)
        .join(Prompt, Prompt.id == Comparison.prompt_id)
        .where(Comparison.id.in_(set(comparison_ids)))
    )
    return dict(rows.all())


def want(session: Session, comparison_ids: Iterable[int], wanted: int) -> None:
    """Ask for another number of judgments on comparisons that are no gold.

    What was given away before stays so; if it is more, it counts as surplus.
    """
    before = {
        comparison.id: comparison
        for comparison in session.scalars(
            sa.select(Comparison)
            .where(Comparison.id.in_(comparison_ids), ~Comparison.is_gold)
            .where(Comparison.withdrawn_at.is_(None))
            .order_by(Comparison.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    }
    planned: Counter[int] = Counter()
    for comparison in before.values():
        planned[comparison.lane_id] -= comparison.wanted + comparison.surplus
        comparison.surplus = max(0, comparison.taken - wanted)
        comparison.wanted = wanted
        planned[comparison.lane_id] += comparison.wanted + comparison.surplus
    session.flush()
    lanes.replenish(session, planned)


def adapt(session: Session, rule: Rule, confidences: Mapping[int, float]) -> None:
    """Want as many judgments on adaptive comparisons as the rule says.

    `confidences` says how sure their answers are, by comparison. To say it again changes nothing.
    """
    more: Counter[int] = Counter()
    for each in session.execute(_ADAPTIVE, {"these": list(confidences)}).all():
        wanted = rule.wanted(each.taken, each.taken - each.judged, confidences[each.id])
        if wanted != each.wanted:
            more[each.lane_id] += wanted - each.wanted - each.surplus
            session.execute(_WANT, {"this": each.id, "wanted": wanted})
    lanes.replenish(session, more)


def withdraw(session: Session, comparison: Comparison, reason: str, *, by: Person) -> None:
    """Give the comparison to nobody any more, and leave it out of later releases, for good.

    What was begun may be finished and is paid.
    """
    reason = require_reason(reason)
    if comparison.is_gold:
        raise Invalid("A known answer cannot be withdrawn.")
    want(session, [comparison.id], 0)
    if comparison.withdrawn_at is not None:
        raise Conflict("This comparison is withdrawn already.")
    comparison.withdrawn_at = clock.now()
    events.record(
        session,
        "comparison.withdrawn",
        person_id=by.id,
        project_id=comparison.project_id,
        subject=comparison.id,
        reason=reason,
    )


def close_gold(session: Session, comparison: Comparison) -> None:
    """Give a known answer to nobody any more; what was begun may be finished and is paid."""
    session.execute(
        sa.update(Comparison)
        .where(Comparison.id == comparison.id)
        .values(wanted=0, surplus=Comparison.taken, withdrawn_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    session.refresh(comparison)


def take_slot(session: Session, comparison_id: int) -> bool:
    """Take one open slot; False when there is none."""
    taken = changed(
        session,
        sa.update(Comparison)
        .where(Comparison.id == comparison_id, OPEN)
        .values(taken=Comparison.taken + 1)
        .execution_options(synchronize_session=False),
    )
    return bool(taken)


def give_back_slots(session: Session, comparison_ids: Iterable[int]) -> dict[int, int]:
    """Give back a slot for each id, which may come several times; return the comparisons' lanes."""
    found: dict[int, int] = {}
    planned: Counter[int] = Counter()
    over = Comparison.surplus > 0
    for comparison_id in sorted(comparison_ids):
        lane_id, was_surplus = session.execute(
            sa.update(Comparison)
            .where(Comparison.id == comparison_id)
            .values(
                taken=Comparison.taken - 1,
                surplus=sa.case((over, Comparison.surplus - 1), else_=0),
            )
            .returning(Comparison.lane_id, _PLANNED & (Comparison.taken >= Comparison.wanted))
            .execution_options(synchronize_session=False)
        ).one()
        found[comparison_id] = lane_id
        planned[lane_id] -= bool(was_surplus)
    lanes.replenish(session, planned)
    return found


def count_judgment(session: Session, comparison_id: int, label: int | None) -> Counted:
    """Count an accepted judgment whose slot was taken before; None is no vote."""
    return _count(session, comparison_id, 1, bit(label))


def change_vote(
    session: Session, comparison_id: int, before: int | None, after: int | None
) -> Counted:
    """Count another label in place of the one that was said before."""
    return _count(session, comparison_id, 0, bit(after) - bit(before))


def uncount_judgment(session: Session, comparison_id: int, label: int | None) -> Counted:
    """Uncount a judgment that is left out, and give its slot back."""
    counted = _count(session, comparison_id, -1, -bit(label))
    give_back_slots(session, [comparison_id])
    return counted


def is_adaptive(session: Session, comparison_id: int) -> bool:
    """Say whether more judgments are wanted on a comparison as long as its answer is unsure."""
    found = sa.select(Comparison.is_adaptive).where(Comparison.id == comparison_id)
    return session.scalars(found).one()


def lane_of(session: Session, comparison_id: int) -> int:
    """Return the lane of a comparison."""
    lane = sa.select(Comparison.lane_id).where(Comparison.id == comparison_id)
    return session.scalars(lane).one()


def bit(label: int | None) -> int:
    """Return what one vote for a label adds to `votes`; None is no vote."""
    return 0 if label is None else 1 << VOTES_BITS * label


def read_votes(votes: int) -> list[int]:
    """Return how often each label was said."""
    return [votes >> VOTES_BITS * label & 2**VOTES_BITS - 1 for label in range(LABELS)]


def count_pairs(votes: int) -> tuple[int, int]:
    """Return how many pairs of these votes agree, and how many pairs there are."""
    said = read_votes(votes)
    return sum(n * (n - 1) // 2 for n in said), sum(said) * (sum(said) - 1) // 2


def _count(session: Session, comparison_id: int, judged: int, votes: int) -> Counted:
    given = {"comparison": comparison_id, "more": judged, "said": votes}
    lane_id, is_gold, is_adaptive, after = session.execute(_COUNT, given).one()
    before = after if is_gold or is_adaptive else after - votes
    return Counted(lane_id, is_gold, is_adaptive, (before, after))


# Of a lane nothing is planned that is gold.
_PLANNED = ~Comparison.is_gold
# Made once: that costs more than to run it.
_TABLE: Any = Comparison.__table__
_COUNT = (
    sa.update(_TABLE)
    .where(_TABLE.c.id == sa.bindparam("comparison"))
    .values(
        judged=_TABLE.c.judged + sa.bindparam("more", type_=sa.Integer()),
        votes=_TABLE.c.votes
        + sa.case((_TABLE.c.is_gold, 0), else_=sa.bindparam("said", type_=sa.BigInteger())),
    )
    .returning(_TABLE.c.lane_id, _TABLE.c.is_gold, _TABLE.c.is_adaptive, _TABLE.c.votes)
)
_ADAPTIVE = (
    sa.select(
        *(_TABLE.c[name] for name in ("id", "lane_id", "wanted", "surplus", "taken", "judged"))
    )
    .where(_TABLE.c.id.in_(sa.bindparam("these", expanding=True)), _TABLE.c.is_adaptive)
    .where(_TABLE.c.withdrawn_at.is_(None))
    .order_by(_TABLE.c.id)
    .with_for_update(key_share=True)
)
_WANT = (
    sa.update(_TABLE)
    .where(_TABLE.c.id == sa.bindparam("this"))
    .values(wanted=sa.bindparam("wanted"), surplus=0)
)
