"""segments: what a run prepares is seen all at once

Revision: 0023, after 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_MARKS = ("came_run", "gone_run")


def upgrade() -> None:
    """Apply."""
    shown = sa.Column("shown_run", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("segment", shown)
    for name in _MARKS:
        op.add_column("segment_member", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take back; what was prepared and never shown is forgotten."""
    op.execute(
        "DELETE FROM segment_member WHERE came_run > (SELECT shown_run FROM segment"
        " WHERE segment.id = segment_member.segment_id)"
    )
    for name in _MARKS:
        op.drop_column("segment_member", name)
    op.drop_column("segment", "shown_run")
