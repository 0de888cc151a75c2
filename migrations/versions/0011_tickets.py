"""tickets: who set what, teams, tags, merges, corrected topics, saved views, rules; what agents know

Revision: 0011, after 0010
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_IS_ACTIVE = sa.text("status NOT IN ('resolved', 'closed')")


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _json(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[object]:
    return sa.Column(name, _JSON, nullable=nullable, server_default=default)


def _number(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=default)


def _id() -> sa.Column[int]:
    return sa.Column("id", _KEY, nullable=False)


def _ticket_id(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_ticket")
    return sa.ForeignKeyConstraint([column], ["ticket.id"], name=name, ondelete="CASCADE")


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


# Every column can be added where it stands: a table that is made anew in SQLite takes with it what refers to it.
def _ticket_columns() -> list[sa.Column[Any]]:
    return [
        _number("version", "1"),
        _number("urgency", "2"),
        _text("priority_by", 16, nullable=True),
        _text("topic_by", 16, nullable=True),
        sa.Column("topic_confidence", sa.Float(), nullable=True),
        _text("team", 64, nullable=True),
        _text("product", 64, nullable=True),
        _json("tags", default="[]"),
        _text("channel", 32, nullable=True),
        _text("language", 8, nullable=True),
        _text("region", 8, nullable=True),
        _text("segment", 64, nullable=True),
        _json("assigned_why", nullable=True),
        _at("assigned_at", nullable=True),
        _at("first_replied_at", nullable=True),
        _number("reopened", "0"),
        sa.Column("merged_into", _KEY, nullable=True),
        sa.Column("follows", _KEY, nullable=True),
    ]


_TICKET_INDEXES = (
    ("status", "updated_at", "id"),
    ("status", "urgency", "id"),
    ("updated_at", "id"),
    ("urgency", "id"),
    ("topic", "id"),
    ("team", "id"),
    ("channel", "id"),
    ("merged_into",),
    ("follows",),
)
_ACTIVE_INDEXES = {
    "ix_ticket_active_updated": ["updated_at", "id"],
    "ix_ticket_active_urgency": ["urgency", "id"],
    "ix_ticket_active_assignee": ["assignee", "id", "status"],
}
_AGENT = ("skills", "languages", "regions")
_TABLES = (
    "priority_rule",
    "assignment_rule",
    "saved_view",
    "topic_correction",
    "ticket_merge",
    "ticket_tag",
)


def upgrade() -> None:
    """Apply."""
    for column in _ticket_columns():
        op.add_column("ticket", column)
    op.add_column("ticket_entry", sa.Column("message_id", _KEY, nullable=True))
    for name in _AGENT:
        op.add_column("agent", _json(name, default="[]"))
    _fill()
    for columns in _TICKET_INDEXES:
        _index("ticket", *columns)
    _index("ticket_entry", "message_id")
    for index, keys in _ACTIVE_INDEXES.items():
        op.create_index(
            index, "ticket", keys, sqlite_where=_IS_ACTIVE, postgresql_where=_IS_ACTIVE
        )
    _belongings()
    _views()
    _rules()


def _fill() -> None:
    op.execute(
        "UPDATE ticket SET urgency = CASE priority"
        " WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END"
    )
    for column in ("channel", "language"):
        op.execute(
            f"UPDATE ticket SET {column} = (SELECT conversation.{column} FROM conversation"  # noqa: S608
            " WHERE conversation.id = ticket.conversation_id)"
        )


def _belongings() -> None:
    op.create_table(
        "ticket_tag",
        sa.Column("ticket_id", _KEY, nullable=False, autoincrement=False),
        _text("tag", 40),
        _ticket_id("ticket_tag", "ticket_id"),
        _primary("ticket_tag", "ticket_id", "tag"),
    )
    _index("ticket_tag", "tag", "ticket_id")
    op.create_table(
        "ticket_merge",
        _id(),
        sa.Column("kept_id", _KEY, nullable=False),
        sa.Column("other_id", _KEY, nullable=False),
        _text("by", 128),
        _text("why", 500, nullable=True),
        _json("before"),
        _at("made_at"),
        _at("undone_at", nullable=True),
        _text("undone_by", 128, nullable=True),
        _ticket_id("ticket_merge", "kept_id"),
        _ticket_id("ticket_merge", "other_id"),
        _primary("ticket_merge"),
    )
    _index("ticket_merge", "kept_id")
    _index("ticket_merge", "other_id")
    op.create_table(
        "topic_correction",
        _id(),
        sa.Column("ticket_id", _KEY, nullable=False),
        _json("message_ids"),
        _text("old", 32),
        _text("new", 32),
        _text("by", 128),
        _at("created_at"),
        _ticket_id("topic_correction", "ticket_id"),
        _primary("topic_correction"),
    )
    _index("topic_correction", "ticket_id")
    _index("topic_correction", "created_at")


def _views() -> None:
    op.create_table(
        "saved_view",
        _id(),
        _text("owner", 128),
        _text("name", 60),
        sa.Column("shared", sa.Boolean(), nullable=False),
        _json("query"),
        _at("created_at"),
        _primary("saved_view"),
        _unique("saved_view", "owner", "name"),
    )
    _index("saved_view", "shared")


def _rules() -> None:
    for table, columns in (
        ("assignment_rule", [_json("wanted"), sa.Column("waits", sa.Boolean(), nullable=False)]),
        ("priority_rule", [_text("priority", 32)]),
    ):
        op.create_table(
            table,
            _id(),
            _number("position"),
            _text("name", 80),
            _json("when"),
            *columns,
            sa.Column("is_on", sa.Boolean(), nullable=False),
            _at("changed_at"),
            _text("changed_by", 128),
            _primary(table),
            _unique(table, "name"),
        )
        _index(table, "position")


def downgrade() -> None:
    """Take back."""
    for table in _TABLES:
        op.drop_table(table)
    for index in _ACTIVE_INDEXES:
        op.drop_index(index, "ticket")
    op.drop_index("ix_ticket_entry_message_id", "ticket_entry")
    for columns in _TICKET_INDEXES:
        op.drop_index(f"ix_ticket_{'_'.join(columns)}", "ticket")
    for name in _AGENT:
        op.drop_column("agent", name)
    op.drop_column("ticket_entry", "message_id")
    for column in reversed(_ticket_columns()):
        op.drop_column("ticket", column.name)
