"""a question may be about a ticket, and an agent may have been sent away

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_NAME = "fk_feedback_ticket_id_ticket"


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"))
        )
        batch_op.create_foreign_key(
            batch_op.f(_NAME), "ticket", ["ticket_id"], ["id"], ondelete="SET NULL"
        )
    op.add_column("agent", sa.Column("removed_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("agent", schema=None) as batch_op:
        batch_op.drop_column("removed_at")
    op.execute("DELETE FROM feedback WHERE ticket_id IS NOT NULL")
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f(_NAME), type_="foreignkey")
        batch_op.drop_column("ticket_id")
