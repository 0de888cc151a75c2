"""campaigns: who waits, run by run

Those of a run that stands still, or of a large one, are then passed by without being looked at.

Revision: 0029, after 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_TABLE, _INDEX = "campaign_recipient", "ix_campaign_recipient_queued"
_LANE = ("channel", "account", "not_before")


def _index(*columns: str) -> None:
    op.drop_index(_INDEX, table_name=_TABLE)
    queued = sa.text("state = 'queued'")
    op.create_index(_INDEX, _TABLE, list(columns), sqlite_where=queued, postgresql_where=queued)


def upgrade() -> None:
    """Apply."""
    _index("run_id", *_LANE)


def downgrade() -> None:
    """Take back."""
    _index(*_LANE)
