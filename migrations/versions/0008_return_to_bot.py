"""return to bot: what the assistant was not told yet, and how its last messages went

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("untold_after", _KEY, nullable=True))
        batch_op.add_column(sa.Column("doubts", _JSON, nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.drop_column("doubts")
        batch_op.drop_column("untold_after")
