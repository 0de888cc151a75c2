"""campaigns: the winner and what is counted as success

Revision: 0025, after 0024
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_OF_RUNS = ("decide_at", "decided_at", "winner", "decision", "halted")
_OF_RECIPIENTS = ("due_at", "rest")


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def upgrade() -> None:
    """Apply."""
    op.add_column("campaign_run", _at("decide_at"))
    op.add_column("campaign_run", _at("decided_at"))
    op.add_column("campaign_run", sa.Column("winner", sa.String(length=32), nullable=True))
    op.add_column("campaign_run", sa.Column("decision", _JSON, nullable=True))
    op.add_column("campaign_run", sa.Column("halted", sa.String(length=64), nullable=True))
    op.add_column("campaign_recipient", _at("due_at"))
    op.add_column(
        "campaign_recipient",
        sa.Column("rest", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    """Take back; who waited for a winner is not written to."""
    op.execute(
        "UPDATE campaign_recipient SET state = 'skipped', reason = 'cancelled' WHERE state = 'held'"
    )
    for name in reversed(_OF_RECIPIENTS):
        op.drop_column("campaign_recipient", name)
    for name in reversed(_OF_RUNS):
        op.drop_column("campaign_run", name)
