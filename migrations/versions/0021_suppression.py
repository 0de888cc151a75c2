"""suppression: to whom nothing is sent unasked, and by which address they are known again

Revision: 0021, after 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, length: int, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "suppression",
        sa.Column("id", _KEY, nullable=False),
        _text("contact_id", 32),
        _text("conversation_id", 32),
        _text("digest", 64),
        _text("channel", 32),
        _text("reason", 32, nullable=False),
        _text("note", 500),
        sa.Column("campaign_id", sa.BigInteger(), nullable=True),
        _text("by", 128, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        _text("lifted_by", 128),
        _text("lifted_note", 500),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_suppression_contact_id_contact"),
            ondelete="SET NULL",
        ),
    )
    for column in ("contact_id", "conversation_id", "digest"):
        op.create_index(op.f(f"ix_suppression_{column}"), "suppression", [column])


def downgrade() -> None:
    """Take back."""
    op.drop_table("suppression")
