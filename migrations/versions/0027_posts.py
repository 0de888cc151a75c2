"""posts: what is published for everybody

Revision: 0027, after 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REACTIONS = ("likes", "reposts", "replies", "quotes", "bookmarks", "views", "clicks")
_TABLES = ("post_slot", "post_metric", "post")


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _at(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _index(name: str, *columns: str, where: str | None = None) -> None:
    only = sa.text(where) if where else None
    op.create_index(name, "post", list(columns), sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "post",
        sa.Column("id", _KEY, nullable=False),
        _text("channel", 32),
        _text("account", 128),
        sa.Column("text", sa.Text(), nullable=False),
        _text("link", 2000, nullable=True),
        _text("image_key", 64, nullable=True),
        _text("image_name", 255, nullable=True),
        _text("image_type", 128, nullable=True),
        _text("state", 32),
        _at("due_at"),
        _at("not_before"),
        _number("edition"),
        _at("created_at", nullable=False),
        _text("created_by", 128),
        _at("updated_at", nullable=False),
        _text("updated_by", 128),
        _at("approved_at"),
        _text("approved_by", 128, nullable=True),
        _text("token", 32, nullable=True),
        _at("lease_until"),
        _number("attempts"),
        _text("reason", 500, nullable=True),
        _text("external_id", 256, nullable=True),
        _text("url", 2000, nullable=True),
        _at("published_at"),
        _at("measure_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
    )
    _index(op.f("ix_post_image_key"), "image_key")
    _index("ix_post_scheduled", "not_before", where="state = 'scheduled'")
    _index("ix_post_publishing", "lease_until", where="state = 'publishing'")
    _index("ix_post_measure", "measure_at", where="measure_at IS NOT NULL")
    _index(op.f("ix_post_state_id"), "state", "id")
    _index(op.f("ix_post_due_at"), "due_at")
    op.create_table(
        "post_metric",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("post_id", _KEY, nullable=False),
        _number("hours"),
        _at("measured_at", nullable=False),
        *(_number(name, nullable=True) for name in _REACTIONS),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_metric")),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["post.id"],
            name=op.f("fk_post_metric_post_id_post"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("post_id", "hours", name=op.f("uq_post_metric_post_id_hours")),
    )
    op.create_table(
        "post_slot",
        sa.Column("id", _KEY, nullable=False),
        _text("channel", 32),
        _text("account", 128),
        _number("weekday"),
        _number("minute"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_slot")),
        sa.UniqueConstraint(
            *("channel", "account", "weekday", "minute"),
            name=op.f("uq_post_slot_channel_account_weekday_minute"),
        ),
    )


def downgrade() -> None:
    """Take back."""
    for table in _TABLES:
        op.drop_table(table)
