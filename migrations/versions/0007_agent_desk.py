"""the agents' desk: agents, threads, posts, actions, held words; what a conversation is about and how it ended

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_CURRENT = sa.text("left_at IS NULL")
_OPEN_POST = sa.text("state IN ('queued', 'sending')")
_OPEN_ACTION = sa.text("state IN ('new', 'working')")
_TABLES = ("desk_held", "desk_message", "desk_action", "desk_post", "desk_thread", "agent")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _key(name: str, *, nullable: bool = False) -> sa.Column[int]:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, big, nullable=nullable)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _primary(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def _partial(name: str, columns: list[str], where: sa.TextClause, *, unique: bool = False) -> None:
    table = name.removeprefix("ix_").rpartition("_")[0]
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where
    )


def upgrade() -> None:
    """Apply."""
    _people()
    _posts()
    _actions()
    _words()
    for table, column in (
        ("desk_thread", "conversation_id"),
        ("desk_post", "conversation_id"),
        ("desk_post", "message_id"),
        ("desk_message", "message_id"),
        ("desk_held", "conversation_id"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    _partial("ix_desk_thread_current", ["conversation_id"], _CURRENT, unique=True)
    _partial("ix_desk_post_lane", ["lane", "rank", "id"], _OPEN_POST)
    _partial("ix_desk_post_due", ["not_before"], _OPEN_POST)
    _partial("ix_desk_action_lane", ["lane", "id"], _OPEN_ACTION)
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.add_column(_at("owner_since", nullable=True))
        batch_op.add_column(_text("team", 64, nullable=True))
        batch_op.add_column(_text("topic", 64, nullable=True))
        batch_op.add_column(_text("outcome", 32, nullable=True))
        batch_op.add_column(sa.Column("collected", _JSON, nullable=True))
        batch_op.add_column(sa.Column("tier", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(_at("snoozed_until", nullable=True))
        batch_op.add_column(_at("reminded_at", nullable=True))
        batch_op.add_column(_at("asked_at", nullable=True))
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.alter_column(
            "tier", existing_type=sa.Integer(), existing_nullable=False, server_default=None
        )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mood", sa.Float(), nullable=True))


def _people() -> None:
    op.create_table(
        "agent",
        _text("id", 32),
        _text("name", 128),
        _text("email", 254, nullable=True),
        _text("external_id", 128, nullable=True),
        _text("team", 64, nullable=True),
        _text("status", 32),
        _number("capacity"),
        _at("status_since"),
        _at("last_seen_at", nullable=True),
        _primary("agent"),
        _unique("agent", "name"),
        _unique("agent", "email"),
        _unique("agent", "external_id"),
    )


def _posts() -> None:
    op.create_table(
        "desk_thread",
        _id(),
        _text("conversation_id", 32),
        _text("channel", 128),
        _text("thread", 128, nullable=True),
        _number("version"),
        _key("last_message_id"),
        _at("opened_at"),
        _at("left_at", nullable=True),
        _primary("desk_thread"),
        _refers("desk_thread", "conversation_id", "conversation"),
        _unique("desk_thread", "channel", "thread"),
    )
    op.create_table(
        "desk_post",
        _id(),
        _text("key", 160),
        _text("lane", 160),
        _number("rank"),
        _text("kind", 32),
        _text("conversation_id", 32, nullable=True),
        _key("thread_id", nullable=True),
        _key("message_id", nullable=True),
        sa.Column("payload", _JSON, nullable=False),
        _text("state", 32),
        _number("attempts"),
        _at("not_before"),
        _at("lease_until", nullable=True),
        _text("external_id", 128, nullable=True),
        _text("last_error", 500, nullable=True),
        _at("created_at"),
        _at("sent_at", nullable=True),
        _primary("desk_post"),
        _refers("desk_post", "conversation_id", "conversation"),
        _refers("desk_post", "thread_id", "desk_thread"),
        _refers("desk_post", "message_id", "message"),
        _unique("desk_post", "key"),
    )


def _actions() -> None:
    op.create_table(
        "desk_action",
        _id(),
        _text("external_id", 256),
        _text("lane", 300),
        sa.Column("payload", _JSON, nullable=False),
        _text("state", 32),
        _number("attempts"),
        _number("failures"),
        _at("not_before"),
        _at("lease_until", nullable=True),
        _text("last_error", 500, nullable=True),
        _at("received_at"),
        _at("done_at", nullable=True),
        _primary("desk_action"),
        _unique("desk_action", "external_id"),
    )


def _words() -> None:
    op.create_table(
        "desk_message",
        _id(),
        _text("channel", 128),
        _text("external_id", 128),
        _key("message_id"),
        sa.Column("from_desk", sa.Boolean(), nullable=False),
        _primary("desk_message"),
        _refers("desk_message", "message_id", "message"),
        _unique("desk_message", "channel", "external_id"),
    )
    op.create_table(
        "desk_held",
        _id(),
        _text("channel", 128),
        _text("message", 128),
        _text("conversation_id", 32),
        _text("person", 128),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("attachments", _JSON, nullable=False),
        _text("state", 32),
        _at("created_at"),
        _primary("desk_held"),
        _refers("desk_held", "conversation_id", "conversation"),
        _unique("desk_held", "channel", "message"),
    )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_column("mood")
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        for column in (
            "asked_at",
            "reminded_at",
            "snoozed_until",
            "tier",
            "collected",
            "outcome",
            "topic",
            "team",
            "owner_since",
        ):
            batch_op.drop_column(column)
    for table in _TABLES:
        op.drop_table(table)
