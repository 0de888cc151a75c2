"""campaigns: answers, reports that came too early, and whose database this is

Revision: 0026, after 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "campaign_reply",
        sa.Column("recipient_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("inbox_id", _KEY, nullable=False),
        _at("replied_at"),
        sa.PrimaryKeyConstraint("recipient_id", name=op.f("pk_campaign_reply")),
    )
    op.create_table(
        "origin",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        _text("name", 32),
        sa.Column("beat", sa.Integer(), nullable=False),
        _at("open_until"),
        _text("doubt", 300, nullable=True),
        _at("unsure_to", nullable=True),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_origin")),
    )
    op.create_table(
        "early_report",
        sa.Column("id", _KEY, nullable=False),
        _text("channel", 32),
        _text("account", 128),
        _text("external_id", 256),
        _text("status", 32),
        _text("reason", 500, nullable=True),
        sa.Column("unreachable", sa.Boolean(), nullable=False),
        _at("reported_at"),
        _at("expires_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_early_report")),
        sa.UniqueConstraint(
            *("channel", "account", "external_id", "status"),
            name=op.f("uq_early_report_channel_account_external_id_status"),
        ),
    )
    op.create_index(op.f("ix_early_report_expires_at"), "early_report", ["expires_at"])


def downgrade() -> None:
    """Take back."""
    for table in ("early_report", "origin", "campaign_reply"):
        op.drop_table(table)
