"""Ask more people where the answer is unsure: adaptive projects, and how reliable people are.

Projects that are there keep a fixed number, and so do their comparisons. Going back is refused
once a project is adaptive: the older version would not know when to stop. How reliable people are
is worked out again by `labeler refresh`.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_adaptive"
down_revision = "2026_11_27_questions"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SETTINGS = {
    "most_judgments": sa.Integer,
    "confidence": sa.Double,
    "audit_share": sa.Double,
    "audit_judgments": sa.Integer,
}


def upgrade() -> None:
    for name, kind in SETTINGS.items():
        op.add_column("projects", sa.Column(name, kind(), nullable=True))
    op.add_column(
        "comparisons",
        sa.Column("is_adaptive", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "reliabilities",
        sa.Column("project_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("right", sa.Double(), nullable=False),
        sa.Column("votes", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_reliabilities_project_id_projects")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_reliabilities_person_id_people")
        ),
        sa.PrimaryKeyConstraint("project_id", "person_id", name=op.f("pk_reliabilities")),
    )


def downgrade() -> None:
    adaptive = "SELECT COUNT(*) FROM projects WHERE most_judgments IS NOT NULL"
    if op.get_bind().scalar(sa.text(adaptive)):
        raise RuntimeError("There are adaptive projects, which the older version cannot keep.")
    op.drop_table("reliabilities")
    op.drop_column("comparisons", "is_adaptive")
    for name in reversed(SETTINGS):
        op.drop_column("projects", name)
