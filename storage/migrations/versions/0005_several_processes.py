"""Several processes carry out the effects: whose each is, who lives, and what bears only so much at a time"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ADDED = (("worker", sa.String(40), sa.text("''")), ("crashes", sa.Integer(), "0"), ("turn", sa.String(40), sa.text("''")))


def upgrade() -> None:
    # The defaults stay: the version before this one writes effects without these columns.
    with op.batch_alter_table("effect") as batch_op:
        for name, kind, value in ADDED:
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=value))
    running = sa.text("state = 'running' AND lane <> ''")
    crashed = sa.text("crashes > 0")
    op.create_index("ix_effect_crashes", "effect", ["crashes"], sqlite_where=crashed, postgresql_where=crashed)
    op.create_index("uq_effect_running", "effect", ["lane"], unique=True, sqlite_where=running, postgresql_where=running)
    op.create_table("worker", sa.Column("id", sa.String(40), nullable=False), sa.Column("seen_at", Instant(), nullable=False), _key("worker", "id"))
    op.create_table("gate", sa.Column("name", sa.String(400), nullable=False), sa.Column("free_at", Instant(), nullable=False), _key("gate", "name"))


def downgrade() -> None:
    op.drop_table("gate")
    op.drop_table("worker")
    op.drop_index("uq_effect_running", "effect")
    op.drop_index("ix_effect_crashes", "effect")
    with op.batch_alter_table("effect") as batch_op:
        for name, _, _ in ADDED:
            batch_op.drop_column(name)


def _key(table: str, column: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(column, name=op.f(f"pk_{table}"))
