"""campaigns: what follows an event, step by step

Revision: 0024, after 0023
"""

import sqlalchemy as sa
from alembic import op

from desk.tables import journey

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WATCHES = "watches IS NOT NULL"
_WAITING = "state = 'waiting'"


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _index(name: str, table: str, *columns: str, where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, list(columns), sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    """Apply."""
    op.add_column("campaign", _text("watches", 129, nullable=True))
    _index("ix_campaign_watches", "campaign", "watches", where=_WATCHES)
    op.create_table(
        "campaign_journey",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("campaign_id", _KEY, nullable=False),
        _text("occurrence", 64),
        _text("person_id", 80),
        _text("state", 32),
        _text("reason", 32, nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        _at("since"),
        _at("due_at"),
        _text("variant", 32, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_journey")),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_campaign_journey_campaign_id_campaign"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            *("campaign_id", "occurrence", "person_id"),
            name=op.f("uq_campaign_journey_campaign_id_occurrence_person_id"),
        ),
    )
    table = "campaign_journey"
    _index("ix_campaign_journey_due", table, "campaign_id", "due_at", where=_WAITING)
    _index(
        *("ix_campaign_journey_before", table, "campaign_id", "occurrence", "done"),
        where=_WAITING,
    )
    op.create_table(
        "campaign_news",
        sa.Column("id", _KEY, nullable=False),
        _text("source", 16),
        _text("key", 64),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_news")),
    )
    for statement in journey.make(op.get_bind().dialect.name):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Take back; how far people have come is forgotten, nobody is written to any more."""
    for statement in journey.drop(op.get_bind().dialect.name):
        op.get_bind().exec_driver_sql(statement)
    op.drop_table("campaign_news")
    op.drop_table("campaign_journey")
    op.drop_index("ix_campaign_watches", "campaign")
    op.drop_column("campaign", "watches")
