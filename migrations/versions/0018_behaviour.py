"""behaviour: what people did elsewhere, who they are, imports that go on, and whose rows have changed

Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from desk.tables import changes

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("shop_product", sa.Column("category", sa.String(length=64), nullable=True))
    _people()
    _imports()
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "person_change",
        sa.Column("id", key, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("history", sa.Boolean(), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_change")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_person_change_stamp"), "person_change", ["stamp"])
    for statement in changes.make(op.get_bind().dialect.name):
        op.get_bind().exec_driver_sql(statement)


def _people() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "behaviour",
        sa.Column("id", key, nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        *_whose("behaviour"),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=True),
        sa.Column("item", sa.String(length=200), nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_behaviour")),
        sa.UniqueConstraint("key", name=op.f("uq_behaviour_key")),
        sqlite_autoincrement=True,
    )
    for column in ("customer_id", "contact_id"):
        op.create_index(op.f(f"ix_behaviour_{column}"), "behaviour", [column])
    op.create_table(
        "demographics",
        sa.Column("id", key, nullable=False),
        *_whose("demographics"),
        sa.Column("gender", sa.String(length=8), nullable=True),
        sa.Column("born", sa.Date(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demographics")),
        sa.UniqueConstraint("customer_id", name=op.f("uq_demographics_customer_id")),
        sa.UniqueConstraint("contact_id", name=op.f("uq_demographics_contact_id")),
    )


def _whose(table: str) -> tuple[sa.Column[str] | sa.ForeignKeyConstraint, ...]:
    return (
        sa.Column("customer_id", sa.String(length=64), nullable=True),
        sa.Column("contact_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["shop_customer.id"],
            name=op.f(f"fk_{table}_customer_id_shop_customer"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f(f"fk_{table}_contact_id_contact"),
            ondelete="CASCADE",
        ),
    )


def _imports() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "import_run",
        sa.Column("id", key, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column(
            "counts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
        sa.UniqueConstraint("kind", "digest", name=op.f("uq_import_run_kind_digest")),
    )
    op.create_table(
        "import_rejection",
        sa.Column("id", key, nullable=False),
        sa.Column("import_id", key, nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["import_run.id"],
            name=op.f("fk_import_rejection_import_id_import_run"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rejection")),
    )
    op.create_index(op.f("ix_import_rejection_import_id"), "import_rejection", ["import_id"])


def downgrade() -> None:
    """Take back."""
    for statement in changes.drop(op.get_bind().dialect.name):
        op.get_bind().exec_driver_sql(statement)
    for table in ("person_change", "import_rejection", "import_run", "demographics", "behaviour"):
        op.drop_table(table)
    op.drop_column("shop_product", "category")
