"""contact merges: who turned out to be whom, and the proofs of it: deep links and e-mail codes

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.add_column(sa.Column("merged_into", sa.String(length=32), nullable=True))
        batch_op.create_index(batch_op.f("ix_contact_merged_into"), ["merged_into"], unique=False)
    with op.batch_alter_table("contact_identity", schema=None) as batch_op:
        batch_op.add_column(_at("proven_at", nullable=True))
    _create_merge()
    op.create_table(
        "contact_link_use",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=128), nullable=False),
        sa.Column("external_id", sa.String(length=256), nullable=False),
        _at("used_at"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_contact_link_use")),
    )
    _create_code()


def _create_merge() -> None:
    op.create_table(
        "contact_merge",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("kept_id", sa.String(length=32), nullable=False),
        sa.Column("other_id", sa.String(length=32), nullable=False),
        sa.Column("proof", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=True),
        sa.Column("moved", _JSON, nullable=False),
        sa.Column("changed", _JSON, nullable=False),
        _at("made_at"),
        _at("undone_at", nullable=True),
        sa.Column("undone_by", sa.String(length=128), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column],
                ["contact.id"],
                name=op.f(f"fk_contact_merge_{column}_contact"),
                ondelete="CASCADE",
            )
            for column in ("kept_id", "other_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_merge")),
    )
    for column in ("kept_id", "other_id"):
        op.create_index(op.f(f"ix_contact_merge_{column}"), "contact_merge", [column])


def _create_code() -> None:
    op.create_table(
        "email_code",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        _at("created_at"),
        _at("expires_at"),
        _at("confirmed_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_email_code_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_code")),
    )
    for column in ("contact_id", "email"):
        name = op.f(f"ix_email_code_{column}_created_at")
        op.create_index(name, "email_code", [column, "created_at"])


def downgrade() -> None:
    """Take back."""
    for table in ("email_code", "contact_link_use", "contact_merge"):
        op.drop_table(table)
    with op.batch_alter_table("contact_identity", schema=None) as batch_op:
        batch_op.drop_column("proven_at")
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_merged_into"))
        batch_op.drop_column("merged_into")
