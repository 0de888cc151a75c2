"""media: files are kept in a store and fetched later; uploads before their message

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "stored_file",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("going_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_stored_file")),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("uploader", sa.String(length=300), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=128), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    for table, column in (
        ("stored_file", "kept_at"),
        ("upload", "uploader"),
        ("upload", "key"),
        ("upload", "created_at"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.alter_column("content", existing_type=sa.LargeBinary(), nullable=True)
        batch_op.add_column(sa.Column("key", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("reference", sa.Text(), nullable=True))
        # What is there already has its content beside it.
        batch_op.add_column(
            sa.Column("state", sa.String(length=32), nullable=False, server_default="kept")
        )
        batch_op.add_column(sa.Column("reason", sa.String(length=500), nullable=True))
        batch_op.add_column(
            sa.Column("attempts", sa.Integer(), nullable=False, server_default="0")
        )
        batch_op.add_column(sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.alter_column(
            "state",
            existing_type=sa.String(length=32),
            existing_nullable=False,
            server_default=None,
        )
        batch_op.alter_column(
            "attempts", existing_type=sa.Integer(), existing_nullable=False, server_default=None
        )
    op.create_index(op.f("ix_attachment_key"), "attachment", ["key"])
    op.create_index(
        "ix_attachment_waiting",
        "attachment",
        ["not_before"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def downgrade() -> None:
    """Take back. Files in the media store stay there, but their rows no longer lead to them."""
    op.drop_index("ix_attachment_waiting", "attachment")
    op.drop_index(op.f("ix_attachment_key"), "attachment")
    op.execute(sa.text("UPDATE attachment SET content = '' WHERE content IS NULL"))
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        for column in ("not_before", "attempts", "reason", "state", "reference", "key"):
            batch_op.drop_column(column)
        batch_op.alter_column("content", existing_type=sa.LargeBinary(), nullable=False)
    op.drop_table("upload")
    op.drop_table("stored_file")
