"""promises of time and their clocks, calendars; rules, what they did, tasks, notes about contacts

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TO_LOOK_AT = sa.text("next_at IS NOT NULL")
_OPEN = sa.text("state = 'queued'")
_TABLES = (
    "contact_attribute",
    "task",
    "automation_run",
    "automation_rule",
    "ticket_clock",
    "sla_policy",
    "business_calendar",
)


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _yes(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _json(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, _JSON, nullable=nullable)


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, _KEY, nullable=nullable)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=True)


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _refers(table: str, column: str, to: str, gone: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{to}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete=gone)


def upgrade() -> None:
    """Apply."""
    _promises()
    _clocks()
    _rules()
    _runs()
    _tasks()
    for table, columns in (
        ("ticket_clock", ("policy_id",)),
        ("automation_run", ("rule_id", "subject", "created_at")),
        ("task", ("done_at", "due_at")),
        ("task", ("ticket_id",)),
        ("task", ("contact_id",)),
        ("task", ("assignee",)),
    ):
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))
    op.create_index(
        "ix_ticket_clock_next",
        "ticket_clock",
        ["next_at"],
        sqlite_where=_TO_LOOK_AT,
        postgresql_where=_TO_LOOK_AT,
    )
    op.create_index(
        "ix_automation_run_open",
        "automation_run",
        ["subject", "id"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def _promises() -> None:
    op.create_table(
        "business_calendar",
        _text("name", 64),
        _text("zone", 64),
        _json("week"),
        _text("country", 8, nullable=True),
        _text("subdivision", 16, nullable=True),
        _json("days"),
        _at("updated_at"),
        _text("by", 128),
        _primary("business_calendar", "name"),
    )
    op.create_table(
        "sla_policy",
        _id(),
        _text("name", 100),
        _number("position"),
        _yes("enabled"),
        _json("priorities"),
        _json("segments"),
        _json("targets"),
        _number("warn_percent"),
        _at("updated_at"),
        _text("by", 128),
        _primary("sla_policy"),
        _unique("sla_policy", "name"),
    )


def _clocks() -> None:
    op.create_table(
        "ticket_clock",
        _id(),
        _id("ticket_id"),
        _text("kind", 32),
        _number("number"),
        _id("policy_id", nullable=True),
        _text("policy", 100),
        _text("calendar", 80),
        _number("target_seconds"),
        _number("warn_percent"),
        _at("started_at"),
        _at("due_at"),
        _at("warn_at"),
        _at("next_at", nullable=True),
        _at("paused_at", nullable=True),
        _json("pauses"),
        _number("spent_seconds", nullable=True),
        _at("warned_at", nullable=True),
        _at("breached_at", nullable=True),
        _at("stopped_at", nullable=True),
        _text("outcome", 32, nullable=True),
        _primary("ticket_clock"),
        _refers("ticket_clock", "ticket_id", "ticket", "CASCADE"),
        _refers("ticket_clock", "policy_id", "sla_policy", "SET NULL"),
        _unique("ticket_clock", "ticket_id", "kind", "number"),
    )


def _rules() -> None:
    op.create_table(
        "automation_rule",
        _id(),
        _text("name", 100),
        _number("position"),
        _yes("enabled"),
        _yes("stop"),
        _json("events"),
        _json("waited", nullable=True),
        _json("condition"),
        _json("actions"),
        _number("failures"),
        _text("off_reason", 300, nullable=True),
        _at("created_at"),
        _at("updated_at"),
        _text("by", 128),
        _primary("automation_rule"),
        _unique("automation_rule", "name"),
    )


def _runs() -> None:
    op.create_table(
        "automation_run",
        _id(),
        _id("rule_id"),
        _text("key", 100),
        _text("event", 64),
        _big("event_id"),
        _json("chain"),
        _text("subject", 64),
        _big("ticket_id"),
        _text("conversation_id", 32, nullable=True),
        _text("contact_id", 32, nullable=True),
        _text("state", 32),
        _text("reason", 300, nullable=True),
        _json("outcomes"),
        _number("attempts"),
        _at("not_before"),
        _at("created_at"),
        _at("done_at", nullable=True),
        _primary("automation_run"),
        _refers("automation_run", "rule_id", "automation_rule", "CASCADE"),
        _unique("automation_run", "rule_id", "key"),
    )


def _tasks() -> None:
    op.create_table(
        "task",
        _id(),
        _text("key", 160),
        _text("title", 200),
        _id("ticket_id", nullable=True),
        _text("contact_id", 32, nullable=True),
        _text("assignee", 128, nullable=True),
        _at("due_at"),
        _at("created_at"),
        _text("by", 128),
        _at("done_at", nullable=True),
        _text("done_by", 128, nullable=True),
        _primary("task"),
        _refers("task", "ticket_id", "ticket", "CASCADE"),
        _refers("task", "contact_id", "contact", "CASCADE"),
        _unique("task", "key"),
    )
    op.create_table(
        "contact_attribute",
        _text("contact_id", 32),
        _text("key", 64),
        _text("value", 1000),
        _at("updated_at"),
        _text("by", 128),
        _primary("contact_attribute", "contact_id", "key"),
        _refers("contact_attribute", "contact_id", "contact", "CASCADE"),
    )


def downgrade() -> None:
    """Take back."""
    for table in _TABLES:
        op.drop_table(table)
