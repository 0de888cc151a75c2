"""campaigns: whom a run was narrowed to

Revision: 0028, after 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "campaign_run", sa.Column("ranked_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_table(
        "campaign_chosen",
        sa.Column("run_id", _KEY, nullable=False),
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "person_id", name=op.f("pk_campaign_chosen")),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["campaign_run.id"],
            name=op.f("fk_campaign_chosen_run_id_campaign_run"),
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("campaign_chosen")
    op.drop_column("campaign_run", "ranked_at")
