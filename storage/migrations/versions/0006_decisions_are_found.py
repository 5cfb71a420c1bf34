"""Decisions are found by their words: FTS5 on SQLite, a GIN index on PostgreSQL. Filled when somebody searches, a body at a time"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "search_meeting",
        sa.Column("meeting_id", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scheme", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_search_meeting")),
    )
    op.create_table(
        "search_item",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("item_id", sa.String(200), nullable=False),
        sa.Column("meeting_id", sa.String(200), nullable=False),
        sa.Column("body_id", sa.String(200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text() if sqlite else TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_item")),
    )
    op.create_index("uq_search_item", "search_item", ["item_id"], unique=True)
    op.create_index(op.f("ix_search_item_meeting_id"), "search_item", ["meeting_id"])
    if not sqlite:
        op.create_index("ix_search_item_words", "search_item", ["words"], postgresql_using="gin")
        return
    # An index without a copy of the words (https://sqlite.org/fts5.html#external_content_tables): which words an item has and no more, as
    # neither phrases nor FTS5's own ranks are asked for. Letters with marks are letters of their own here: å, ä, ö.
    options = "content='search_item', content_rowid='id', detail=none, columnsize=0, tokenize=\"unicode61 remove_diacritics 0\""
    op.execute(f"CREATE VIRTUAL TABLE search_word USING fts5(words, {options})")
    op.execute(
        "CREATE TRIGGER search_item_added AFTER INSERT ON search_item"
        " BEGIN INSERT INTO search_word (rowid, words) VALUES (new.id, new.words); END"
    )
    op.execute(
        "CREATE TRIGGER search_item_removed AFTER DELETE ON search_item"
        " BEGIN INSERT INTO search_word (search_word, rowid, words) VALUES ('delete', old.id, old.words); END"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_word")
    op.drop_table("search_item")
    op.drop_table("search_meeting")
