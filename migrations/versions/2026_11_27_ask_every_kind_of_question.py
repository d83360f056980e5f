"""Ask every kind of question: a form is a list of them, and a judgment keeps what each brought.

Forms that are there become lists that ask the same in the same order, so judgments that cite them
keep their meaning. What is said beside a choice and a reason goes into one column, guarded like the
rest. Going back is refused once there is something that the old columns cannot say.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_questions"
down_revision = "2026_11_27_language"
branch_labels = None
depends_on = None

SAID = (
    "id project_id comparison_id assignment_id person_id version key verdict step place preferred "
    "strength guideline_number rubric_number gold_right duration_ms created_at reason"
).split()
RUBRICS = sa.table(
    "rubrics",
    sa.column("id", sa.BigInteger()),
    sa.column("steps", sa.Integer()),
    sa.column("tie", sa.Boolean()),
    sa.column("both_bad", sa.Boolean()),
    sa.column("reason", sa.String()),
    sa.column("reason_min", sa.Integer()),
    sa.column("questions", sa.JSON()),
)
LONGEST_REASON = 10_000


def upgrade() -> None:
    empty = sa.text("'[]'")
    op.add_column(
        "rubrics", sa.Column("questions", sa.JSON(), nullable=False, server_default=empty)
    )
    connection = op.get_bind()
    for rubric in connection.execute(sa.select(RUBRICS)).all():
        this = sa.update(RUBRICS).where(RUBRICS.c.id == rubric.id)
        connection.execute(this.values(questions=_questions(rubric)))
    with op.batch_alter_table("rubrics") as rubrics:
        rubrics.drop_constraint(op.f("ck_rubrics_steps"), type_="check")
        rubrics.alter_column("questions", server_default=None)
        for column in _old():
            rubrics.drop_column(column.name)
    _guard([*SAID, "said"], added=sa.Column("said", sa.JSON(), nullable=True))


def downgrade() -> None:
    connection = op.get_bind()
    _require_old(connection)
    rubrics = connection.execute(sa.select(RUBRICS.c.id, RUBRICS.c.questions)).all()
    with op.batch_alter_table("rubrics") as table:
        for column in _old():
            table.add_column(column)
        table.drop_column("questions")
        table.create_check_constraint(op.f("ck_rubrics_steps"), "steps BETWEEN 2 AND 9")
    for rubric in rubrics:
        this = sa.update(RUBRICS).where(RUBRICS.c.id == rubric.id)
        connection.execute(this.values(**_columns(rubric.questions)))
    with op.batch_alter_table("rubrics") as table:
        for column in _old():
            table.alter_column(column.name, server_default=None)
    _guard(SAID, dropped="said")


def _old() -> tuple[sa.Column, ...]:
    return (
        sa.Column("steps", sa.Integer(), nullable=False, server_default=sa.text("7")),
        sa.Column("tie", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("both_bad", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("reason", sa.String(length=24), nullable=False, server_default="none"),
        sa.Column("reason_min", sa.Integer(), nullable=False, server_default=sa.text("0")),
    )


def _questions(rubric: sa.Row) -> list[dict[str, object]]:
    scale = {
        "kind": "pairwise",
        "steps": rubric.steps,
        "tie": rubric.tie,
        "both_bad": rubric.both_bad,
    }
    if rubric.reason == "none":
        return [scale]
    why = {
        "kind": "reason",
        "text": rubric.reason,
        "min": rubric.reason_min,
        "max": LONGEST_REASON,
        "tags": [],
        "tags_required": False,
    }
    return [scale, why]


def _columns(questions: list[dict[str, object]]) -> dict[str, object]:
    scale, why = questions[0], {"text": "none", "min": 0} | dict(*questions[1:])
    return {
        "steps": scale["steps"],
        "tie": scale["tie"],
        "both_bad": scale["both_bad"],
        "reason": why["text"],
        "reason_min": why["min"],
    }


def _require_old(connection: sa.Connection) -> None:
    """Refuse to go back when the old columns cannot say what is there."""
    said = connection.scalar(sa.text("SELECT COUNT(*) FROM judgments WHERE said IS NOT NULL"))
    rubrics = connection.scalars(sa.select(RUBRICS.c.questions)).all()
    if said or not all(map(_is_old, rubrics)):
        raise RuntimeError("There are questions or judgments that the older version cannot keep.")


def _is_old(questions: list[dict[str, object]]) -> bool:
    scale, *rest = questions
    why = rest[0] if rest else {}
    plain = {"kind": "reason", "max": LONGEST_REASON, "tags": [], "tags_required": False}
    return (
        scale["kind"] == "pairwise"
        and len(rest) <= 1
        and (not why or {name: why.get(name) for name in plain} == plain)
    )


def _guard(columns: list[str], *, added: sa.Column | None = None, dropped: str = "") -> None:
    """Let the trigger that guards judgments name other columns."""
    on = "" if op.get_context().dialect.name == "sqlite" else " ON judgments"
    op.execute(f"DROP TRIGGER judgments_refuse_update{on}")
    if added is not None:
        op.add_column("judgments", added)
    if dropped:
        op.drop_column("judgments", dropped)
    act = "FOR EACH ROW EXECUTE FUNCTION refuse_to_alter()"
    if not on:
        act = "BEGIN SELECT RAISE(ABORT, 'judgments are appended, never altered'); END"
    op.execute(
        f"CREATE TRIGGER judgments_refuse_update BEFORE UPDATE OF {', '.join(columns)} "
        f"ON judgments {act}"
    )
