"""feedback: three kinds of questions, sent later if need be, and who was rated

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_PLANNED = sa.text("state = 'planned'")
_UNREAD = sa.text("comment IS NOT NULL AND read_at IS NULL")
_OWNER = sa.String(length=32)
_TEXTS = {
    "occasion": 80,
    "team": 64,
    "channel": 32,
    "topic": 64,
    "segment": 32,
    "language": 8,
    "state": 32,
    "reason": 64,
    "comment_topic": 64,
}
_TIMES = ("due_at", "planned_at", "read_at")
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NOTED = (
    "UPDATE feedback SET channel = (SELECT channel FROM conversation WHERE id = conversation_id),"
    " language = (SELECT language FROM conversation WHERE id = conversation_id),"
    " state = CASE WHEN surveyed_at IS NULL THEN NULL ELSE 'asked' END"
)


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_constraint("uq_feedback_conversation_id_resolution", type_="unique")
        batch_op.add_column(
            sa.Column("kind", sa.String(length=32), nullable=False, server_default="csat")
        )
        batch_op.add_column(sa.Column("misses", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("mood", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("message_id", _BIG_ID, nullable=True))
        for name, length in _TEXTS.items():
            batch_op.add_column(sa.Column(name, sa.String(length=length), nullable=True))
        for name in _TIMES:
            batch_op.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column("resolution", existing_type=sa.Integer(), nullable=True)
        batch_op.alter_column("owner", existing_type=_OWNER, nullable=True)
        batch_op.create_unique_constraint(
            batch_op.f("uq_feedback_kind_conversation_id_resolution"),
            ["kind", "conversation_id", "resolution"],
        )
        batch_op.create_unique_constraint(batch_op.f("uq_feedback_occasion"), ["occasion"])
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_feedback_conversation_id"), ["conversation_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_feedback_kind_surveyed_at"), ["kind", "surveyed_at"], unique=False
        )
        batch_op.create_index(
            "ix_feedback_planned",
            ["due_at"],
            unique=False,
            sqlite_where=_PLANNED,
            postgresql_where=_PLANNED,
        )
        batch_op.create_index(
            "ix_feedback_unread",
            ["id"],
            unique=False,
            sqlite_where=_UNREAD,
            postgresql_where=_UNREAD,
        )
    op.execute(_NOTED)


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM feedback WHERE kind <> 'csat' OR resolution IS NULL OR owner IS NULL")
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        for name in ("unread", "planned", "kind_surveyed_at", "conversation_id"):
            batch_op.drop_index(f"ix_feedback_{name}")
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_constraint("uq_feedback_occasion", type_="unique")
        batch_op.drop_constraint("uq_feedback_kind_conversation_id_resolution", type_="unique")
        for name in (*_TEXTS, *_TIMES, "kind", "misses", "mood", "message_id"):
            batch_op.drop_column(name)
        batch_op.alter_column("resolution", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("owner", existing_type=_OWNER, nullable=False)
        batch_op.create_unique_constraint(
            "uq_feedback_conversation_id_resolution", ["conversation_id", "resolution"]
        )
