"""A body says for how long answers and comments are kept when minutes have been approved"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default stays: the version before sets up bodies without this column.
    op.add_column("body", sa.Column("keep_months", sa.Integer(), nullable=False, server_default="12"))


def downgrade() -> None:
    op.drop_column("body", "keep_months")
