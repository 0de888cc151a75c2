"""webhooks that go out, their deliveries, and answers of the API that are given again

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("state IN ('queued', 'sending')")


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "webhook",
        _text("id", 32),
        _text("url", 2_000),
        _text("name", 100),
        sa.Column("wanted", _JSON, nullable=False),
        sa.Column("with_text", sa.Boolean(), nullable=False),
        _text("salt", 64),
        _text("old_salt", 64, nullable=True),
        _at("old_until", nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        _text("off_reason", 64, nullable=True),
        _at("failing_since", nullable=True),
        _at("created_at"),
        _text("created_by", 128),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    _deliveries()
    op.create_table(
        "api_answer",
        _text("caller", 128),
        _text("key", 255),
        _text("digest", 64),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _at("created_at"),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_api_answer")),
    )
    op.create_index(op.f("ix_api_answer_created_at"), "api_answer", ["created_at"])


def _deliveries() -> None:
    op.create_table(
        "webhook_delivery",
        sa.Column("id", _BIG, nullable=False),
        _text("webhook_id", 32),
        _text("message_id", 64),
        _text("kind", 64),
        sa.Column("payload", _JSON, nullable=False),
        sa.Column("event_id", _BIG, nullable=True),
        _text("state", 32),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        _at("not_before"),
        _at("lease_until", nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        _text("last_error", 500, nullable=True),
        _at("created_at"),
        _at("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhook.id"],
            name=op.f("fk_webhook_delivery_webhook_id_webhook"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "webhook_id", "event_id", name=op.f("uq_webhook_delivery_webhook_id_event_id")
        ),
        sa.UniqueConstraint("message_id", name=op.f("uq_webhook_delivery_message_id")),
    )
    op.create_index(
        "ix_webhook_delivery_due",
        "webhook_delivery",
        ["webhook_id", "not_before"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    for columns in (["webhook_id", "id"], ["created_at"]):
        name = op.f(f"ix_webhook_delivery_{'_'.join(columns)}")
        op.create_index(name, "webhook_delivery", columns)


def downgrade() -> None:
    """Take back."""
    for table in ("api_answer", "webhook_delivery", "webhook"):
        op.drop_table(table)
