"""campaigns: what is to be sent, each time that happens, and what became of every recipient

Revision: 0022, after 0021
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = ("campaign_recipient", "campaign_run", "campaign")


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _of(table: str, parent: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    column = f"{parent.removeprefix('campaign_')}_id"
    return sa.Column(column, _KEY, nullable=False), sa.ForeignKeyConstraint(
        [column],
        [f"{parent}.id"],
        name=op.f(f"fk_{table}_{column}_{parent}"),
        ondelete="CASCADE",
    )


def _index(name: str, table: str, *columns: str, where: str | None = None) -> None:
    only = sa.text(where) if where else None
    op.create_index(name, table, list(columns), sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "campaign",
        sa.Column("id", _KEY, nullable=False),
        _text("name", 100),
        _text("state", 32),
        sa.Column("plan", _JSON, nullable=False),
        _number("edition"),
        _at("wake_at", nullable=True),
        _at("created_at"),
        _text("created_by", 128),
        _at("updated_at"),
        _text("updated_by", 128),
        _at("launched_at", nullable=True),
        _text("launched_by", 128, nullable=True),
        _text("approved_by", 128, nullable=True),
        _text("reason", 300, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("name", name=op.f("uq_campaign_name")),
    )
    _index("ix_campaign_wake", "campaign", "wake_at", where="wake_at IS NOT NULL")
    op.create_table(
        "campaign_run",
        sa.Column("id", _KEY, nullable=False),
        *_of("campaign_run", "campaign"),
        _text("occurrence", 64),
        _text("state", 32),
        sa.Column("plan", _JSON, nullable=False),
        _at("due_at"),
        _text("claim", 32, nullable=True),
        _at("claimed_until", nullable=True),
        _text("planned_to", 80),
        _number("audience"),
        _at("created_at"),
        _at("started_at", nullable=True),
        _at("finished_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_run")),
        sa.UniqueConstraint(
            "campaign_id", "occurrence", name=op.f("uq_campaign_run_campaign_id_occurrence")
        ),
    )
    _index(op.f("ix_campaign_run_state"), "campaign_run", "state")
    op.create_table(
        "campaign_recipient",
        sa.Column("id", _KEY, nullable=False),
        *_of("campaign_recipient", "campaign_run"),
        _text("contact_id", 32),
        _text("channel", 32),
        _text("account", 128),
        _text("thread", 256),
        _text("address", 256),
        _text("conversation_id", 32, nullable=True),
        _text("language", 8),
        _text("zone", 64),
        _text("variant", 32),
        _text("state", 32),
        _text("reason", 300, nullable=True),
        _at("not_before"),
        _at("not_after"),
        _text("token", 32, nullable=True),
        _at("lease_until", nullable=True),
        _number("attempts"),
        _text("external_id", 256, nullable=True),
        _at("sent_at", nullable=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_recipient")),
        sa.UniqueConstraint(
            "run_id", "contact_id", name=op.f("uq_campaign_recipient_run_id_contact_id")
        ),
    )
    table = "campaign_recipient"
    _index(op.f("ix_campaign_recipient_run_id_state"), table, "run_id", "state")
    _index(op.f("ix_campaign_recipient_contact_id_sent_at"), table, "contact_id", "sent_at")
    _index(
        op.f("ix_campaign_recipient_channel_account_external_id"),
        table,
        *("channel", "account", "external_id"),
    )
    _index(op.f("ix_campaign_recipient_conversation_id"), table, "conversation_id")
    _index(
        "ix_campaign_recipient_queued",
        table,
        *("channel", "account", "not_before"),
        where="state = 'queued'",
    )
    _index(
        "ix_campaign_recipient_held", table, "lease_until", where="state IN ('claimed', 'sending')"
    )
    _index("ix_campaign_recipient_untold", table, "id", where="NOT told AND sent_at IS NOT NULL")


def downgrade() -> None:
    """Take back."""
    for table in _TABLES:
        op.drop_table(table)
