"""metrics

Revision: 0015, after 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WORDS = ("agent", "team", "channel", "topic", "segment", "language", "reason")
_TABLES = (
    "metric_progress",
    "metric_person",
    "metric_state",
    "metric_open",
    "metric_span",
    "metric_group",
)


def _id() -> sa.Column[int]:
    return sa.Column("id", _KEY, nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _primary(table: str, column: str = "id") -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(column, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "metric_group",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        _text("kind", 32),
        _text("actor", 32),
        *(_text(name, 128) for name in _WORDS),
        _primary("metric_group"),
    )
    op.create_table(
        "metric_span",
        _id(),
        _text("subject", 48),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        *(
            _number(name)
            for name in (
                "revision",
                "group_id",
                "customer",
                "started",
                "ended",
                "lasted",
                "business",
            )
        ),
        sa.Column("value", sa.Float(), nullable=True),
        _primary("metric_span"),
        sa.UniqueConstraint("subject", "number", name=op.f("uq_metric_span_subject_number")),
    )
    op.create_table(
        "metric_open",
        _id(),
        _text("subject", 48),
        _number("group_id"),
        _number("started"),
        _primary("metric_open"),
    )
    op.create_table(
        "metric_state",
        _text("subject", 48),
        _number("due", nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        _primary("metric_state", "subject"),
    )
    op.create_table(
        "metric_person",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        _number("kept"),
        _primary("metric_person"),
    )
    op.create_table(
        "metric_progress",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        _number("told"),
        _number("revision"),
        sa.Column("generation", sa.Integer(), nullable=False),
        _primary("metric_progress"),
    )
    for table, column in (
        ("metric_span", "revision"),
        ("metric_span", "ended"),
        ("metric_open", "subject"),
        ("metric_state", "due"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    """Take back."""
    for table in _TABLES:
        op.drop_table(table)
