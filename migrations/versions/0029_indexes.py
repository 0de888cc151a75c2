"""campaigns: who waits, run by run; people and tickets: only what is merged is found by whom it went into

Those who wait in a run that stands still are passed by without a look, and nobody looks for who is not merged in an
index of nearly everybody.

Revision: 0029, after 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_LANE = ("channel", "account", "not_before")


def _index(table: str, name: str, columns: tuple[str, ...], only: str | None = None) -> None:
    full = f"ix_{table}_{name}"
    op.drop_index(full, table_name=table)
    where = {"sqlite_where": sa.text(only), "postgresql_where": sa.text(only)} if only else {}
    op.create_index(full, table, list(columns), **where)


def upgrade() -> None:
    """Apply."""
    _index("campaign_recipient", "queued", ("run_id", *_LANE), "state = 'queued'")
    for table in ("contact", "ticket"):
        _index(table, "merged_into", ("merged_into",), "merged_into IS NOT NULL")


def downgrade() -> None:
    """Take back."""
    _index("campaign_recipient", "queued", _LANE, "state = 'queued'")
    for table in ("contact", "ticket"):
        _index(table, "merged_into", ("merged_into",))
