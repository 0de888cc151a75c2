"""segments: rules about people, their versions, runs and members

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = ("segment_member", "segment_run", "segment_version", "segment")


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _of_segment(table: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    return sa.Column("segment_id", _KEY, nullable=False), sa.ForeignKeyConstraint(
        ["segment_id"],
        ["segment.id"],
        name=op.f(f"fk_{table}_segment_id_segment"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "segment",
        sa.Column("id", _KEY, nullable=False),
        _text("name", 100),
        _text("description", 1000),
        sa.Column("rule", _JSON, nullable=False),
        _number("version"),
        _number("edition"),
        _number("refresh_seconds", nullable=True),
        _at("due_at", nullable=True),
        _number("size", nullable=True),
        _at("refreshed_at", nullable=True),
        _at("archived_at", nullable=True),
        _text("claim", 32, nullable=True),
        _at("claimed_until", nullable=True),
        _at("created_at"),
        _text("created_by", 128),
        _at("updated_at"),
        _text("updated_by", 128),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
        sa.UniqueConstraint("name", name=op.f("uq_segment_name")),
    )
    op.create_index(op.f("ix_segment_due_at"), "segment", ["due_at"])
    _history()
    op.create_table(
        "segment_member",
        *_of_segment("segment_member"),
        _text("person_id", 80),
        _at("since"),
        sa.PrimaryKeyConstraint("segment_id", "person_id", name=op.f("pk_segment_member")),
    )
    op.create_index(op.f("ix_segment_member_person_id"), "segment_member", ["person_id"])


def _history() -> None:
    op.create_table(
        "segment_version",
        *_of_segment("segment_version"),
        _number("number"),
        sa.Column("rule", _JSON, nullable=False),
        _at("created_at"),
        _text("by", 128),
        sa.PrimaryKeyConstraint("segment_id", "number", name=op.f("pk_segment_version")),
    )
    op.create_table(
        "segment_run",
        sa.Column("id", _KEY, nullable=False),
        *_of_segment("segment_run"),
        _number("version"),
        _at("started_at"),
        _at("finished_at", nullable=True),
        _number("size", nullable=True),
        _number("entered"),
        _number("left"),
        sa.Column("seconds", sa.Float(), nullable=True),
        _text("error", 300, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment_run")),
    )
    op.create_index(op.f("ix_segment_run_segment_id_id"), "segment_run", ["segment_id", "id"])


def downgrade() -> None:
    """Take back."""
    for table in _TABLES:
        op.drop_table(table)
