"""channels: how far they are read, how they are, what they cost, what could not be read; where answers go

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_WAITING = sa.text("state = 'waiting'")


def _account() -> tuple[sa.Column[str], sa.Column[str]]:
    return (
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=128), nullable=False),
    )


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "channel_cursor",
        *_account(),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("channel", "account", name=op.f("pk_channel_cursor")),
    )
    op.create_table(
        "channel_state",
        *_account(),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "account", name=op.f("pk_channel_state")),
    )
    op.create_table(
        "channel_cost",
        *_account(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "account", "day", name=op.f("pk_channel_cost")),
    )
    op.create_table(
        "unread_update",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        *_account(),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unread_update")),
        sa.UniqueConstraint(
            "channel", "account", "digest", name=op.f("uq_unread_update_channel_account_digest")
        ),
    )
    op.create_index(
        "ix_unread_update_waiting",
        "unread_update",
        ["not_before"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("handle", sa.String(length=256), nullable=True))
        batch_op.add_column(sa.Column("context", _JSON, nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.drop_column("context")
        batch_op.drop_column("handle")
    for table in ("unread_update", "channel_cost", "channel_state", "channel_cursor"):
        op.drop_table(table)
