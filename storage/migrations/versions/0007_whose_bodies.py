"""Which bodies somebody belongs to is looked up by indexes"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LOOKED_UP = (("body", "secretary_id"), ("body", "chair_id"), ("body", "vice_chair_id"), ("holding", "person_id"), ("expert", "person_id"))


def upgrade() -> None:
    for table, column in LOOKED_UP:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table, column in LOOKED_UP:
        op.drop_index(f"ix_{table}_{column}", table)
