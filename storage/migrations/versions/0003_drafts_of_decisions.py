"""A decision that stood in the agenda is a draft until it is recorded"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("item") as batch_op:
        batch_op.add_column(sa.Column("draft", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("item") as batch_op:
        batch_op.alter_column("draft", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("item") as batch_op:
        batch_op.drop_column("draft")
