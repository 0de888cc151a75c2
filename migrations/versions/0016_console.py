"""console: full-text search, orders of lists, saved replies, who looks at what

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op

from desk.tables import words

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_INDEXES = (
    ("conversation", ("owner", "updated_at")),
    ("conversation", ("agent", "owner")),
    ("contact", ("created_at", "id")),
)
_STUCK = (
    ("outbox", ["state", "id"], "state IN ('dead', 'failed', 'unknown')"),
    ("inbox", ["id"], "state = 'dead'"),
)


def upgrade() -> None:
    """Apply."""
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "canned_reply",
        sa.Column("id", key, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("updated_by", sa.String(length=128), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_reply")),
        sa.UniqueConstraint("owner", "name", name=op.f("uq_canned_reply_owner_name")),
    )
    op.create_table(
        "presence",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("agent", sa.String(length=128), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("typed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_presence_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "agent", name=op.f("pk_presence")),
    )
    op.create_index(op.f("ix_presence_seen_at"), "presence", ["seen_at"])
    for table, columns in _INDEXES:
        op.create_index(op.f(_name(table, columns)), table, list(columns))
    put_off = sa.text("snoozed_until IS NOT NULL")
    op.create_index(
        "ix_conversation_snoozed",
        "conversation",
        ["snoozed_until"],
        sqlite_where=put_off,
        postgresql_where=put_off,
    )
    for table, names, condition in _STUCK:
        where = sa.text(condition)
        op.create_index(
            f"ix_{table}_stuck", table, names, sqlite_where=where, postgresql_where=where
        )
    dialect = op.get_bind().dialect.name
    for statement in (*words.make(dialect), *words.fill(dialect)):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Take back."""
    for statement in words.drop(op.get_bind().dialect.name):
        op.get_bind().exec_driver_sql(statement)
    for table, columns in _INDEXES:
        op.drop_index(op.f(_name(table, columns)), table_name=table)
    for table, _, _ in _STUCK:
        op.drop_index(f"ix_{table}_stuck", table_name=table)
    op.drop_index("ix_conversation_snoozed", table_name="conversation")
    op.drop_index(op.f("ix_presence_seen_at"), table_name="presence")
    op.drop_table("presence")
    op.drop_table("canned_reply")


def _name(table: str, columns: tuple[str, ...]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"
