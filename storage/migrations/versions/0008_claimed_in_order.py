"""Effects due at the same time are claimed in the order of an index, without sorting them"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_effect_state_due_at_seq", "effect", ["state", "due_at", "seq"])
    op.drop_index("ix_effect_state_due_at", "effect")


def downgrade() -> None:
    op.create_index("ix_effect_state_due_at", "effect", ["state", "due_at"])
    op.drop_index("ix_effect_state_due_at_seq", "effect")
