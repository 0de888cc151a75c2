"""how many pieces of a product there are

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("shop_product", schema=None) as batch_op:
        batch_op.add_column(sa.Column("in_stock", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("shop_product", schema=None) as batch_op:
        batch_op.drop_column("in_stock")
