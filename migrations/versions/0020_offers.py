"""offers: what is offered, what the bandit has learnt about each, and who was shown it

Revision: 0020, after 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = ("offer_shown", "offer_arm", "offer")


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _float(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float(), nullable=False)


def _refers(table: str, column: str, other: str, *, gone: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=gone)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "offer",
        sa.Column("id", _KEY, nullable=False),
        _text("code", 64),
        _text("title_en", 200),
        _text("title_zh", 200),
        _text("text_en", 1000),
        _text("text_zh", 1000),
        _text("sku", 64, nullable=True),
        _text("url", 2000, nullable=True),
        _at("starts_at", nullable=True),
        _at("ends_at", nullable=True),
        sa.Column("segment_id", sa.BigInteger(), nullable=True),
        _number("most_shown", nullable=True),
        _number("most_taken", nullable=True),
        _number("shown"),
        _number("clicked"),
        _number("converted"),
        _number("edition"),
        _at("stopped_at", nullable=True),
        _at("created_at"),
        _text("created_by", 128),
        _at("updated_at"),
        _text("updated_by", 128),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint("code", name=op.f("uq_offer_code")),
    )
    op.create_table(
        "offer_arm",
        sa.Column("offer_id", _KEY, nullable=False),
        _number("features"),
        sa.Column("precision", sa.LargeBinary(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("offer_id", name=op.f("pk_offer_arm")),
        _refers("offer_arm", "offer_id", "offer", gone="CASCADE"),
    )
    _shown()


def _shown() -> None:
    op.create_table(
        "offer_shown",
        sa.Column("id", _KEY, nullable=False),
        _text("key", 128),
        sa.Column("offer_id", _KEY, nullable=False),
        _text("person_id", 80),
        _text("contact_id", 32, nullable=True),
        _text("conversation_id", 32, nullable=True),
        _number("position"),
        _text("reason", 16),
        _text("because", 200, nullable=True),
        _float("score"),
        _float("propensity"),
        sa.Column("context", _JSON, nullable=False),
        _at("shown_at"),
        _at("clicked_at", nullable=True),
        _at("converted_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_shown")),
        sa.UniqueConstraint("key", "position", name=op.f("uq_offer_shown_key_position")),
        _refers("offer_shown", "offer_id", "offer", gone="CASCADE"),
        _refers("offer_shown", "contact_id", "contact", gone="CASCADE"),
    )
    op.create_index(op.f("ix_offer_shown_offer_id_id"), "offer_shown", ["offer_id", "id"])
    op.create_index(op.f("ix_offer_shown_contact_id"), "offer_shown", ["contact_id"])
    op.create_index(op.f("ix_offer_shown_person_id"), "offer_shown", ["person_id"])


def downgrade() -> None:
    """Take back."""
    for table in _TABLES:
        op.drop_table(table)
