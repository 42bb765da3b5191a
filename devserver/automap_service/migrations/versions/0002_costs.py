"""What jobs are expected to take, took and cost."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ADDED = ("budget", "estimate", "cost", "stopped")


def upgrade() -> None:
    """Forward."""
    # Columns are added one by one, never by a copy of the table: with it logs and results would go.
    op.add_column("jobs", sa.Column("budget", sa.Double(), nullable=True))
    op.add_column("jobs", sa.Column("estimate", sa.JSON(), nullable=True))
    op.add_column("jobs", sa.Column("cost", sa.JSON(), nullable=True))
    op.add_column(
        "jobs", sa.Column("stopped", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_table(
        "runs",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("job", sa.String(length=36), nullable=False),
        sa.Column("user", sa.String(length=36), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("sizes", sa.JSON(), nullable=False),
        sa.Column("estimate", sa.JSON(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("core_seconds", sa.Double(), nullable=False),
        sa.Column("fetched_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.Column("scenes", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Double(), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_runs")),
        sa.UniqueConstraint("job", name=op.f("uq_runs_job")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_runs_user_time", "runs", ["user", "time"])
    op.create_index("ix_runs_mode_is_whole_number", "runs", ["mode", "is_whole", "number"])
    op.create_table(
        "checks",
        sa.Column("user", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("estimate", sa.JSON(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("user", "digest", name=op.f("pk_checks")),
    )
    op.create_table(
        "scene_counts",
        sa.Column("satellite", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("satellite", "status", name=op.f("pk_scene_counts")),
    )


def downgrade() -> None:
    """Backward."""
    op.drop_table("scene_counts")
    op.drop_table("checks")
    op.drop_table("runs")
    for name in _ADDED:
        op.drop_column("jobs", name)
