"""access: users, sessions, teams, tokens of programs, the record of what was done

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = ("audit_head", "audit", "api_token", "team", "console_session", "user")


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name: str, *, big: bool = True) -> sa.Column[int]:
    return sa.Column(name, _BIG if big else sa.Integer(), nullable=False)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, _JSON, nullable=False)


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _primary(table: str, column: str = "id") -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(column, name=op.f(f"pk_{table}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def upgrade() -> None:
    """Apply."""
    _users()
    _programs()
    _audit()


def _users() -> None:
    op.create_table(
        "user",
        _text("id", 32),
        _text("name", 128),
        _text("email", 254),
        _text("role", 32),
        _text("team", 64, nullable=True),
        _text("password_hash", 255, nullable=True),
        _at("password_at", nullable=True),
        _text("totp_secret", 255, nullable=True),
        _at("totp_at", nullable=True),
        _number("totp_step"),
        _json("recovery"),
        _text("issuer", 255, nullable=True),
        _text("subject", 255, nullable=True),
        _number("link_number", big=False),
        _at("created_at"),
        _text("created_by", 128, nullable=True),
        _at("signed_in_at", nullable=True),
        _at("disabled_at", nullable=True),
        _primary("user"),
        _unique("user", "name"),
        _unique("user", "email"),
        _unique("user", "issuer", "subject"),
    )
    op.create_table(
        "console_session",
        _number("id"),
        _text("key_hash", 64),
        _text("user_id", 32, nullable=True),
        _text("name", 128),
        _text("token_mark", 64, nullable=True),
        _text("address", 64),
        _text("browser", 200),
        _at("started_at"),
        _at("seen_at"),
        _primary("console_session"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_console_session_user_id_user")
        ),
        _unique("console_session", "key_hash"),
    )
    _index("console_session", "user_id")
    _index("console_session", "seen_at")


def _programs() -> None:
    op.create_table(
        "team",
        _text("name", 64),
        _text("channel", 128, nullable=True),
        _at("created_at"),
        _primary("team", "name"),
    )
    op.create_table(
        "api_token",
        _text("id", 32),
        _text("name", 100),
        _text("token_hash", 64),
        _text("role", 32),
        _json("scopes"),
        _text("created_by", 128),
        _at("created_at"),
        _at("expires_at", nullable=True),
        _at("revoked_at", nullable=True),
        _at("last_used_at", nullable=True),
        _primary("api_token"),
        _unique("api_token", "token_hash"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        _number("number"),
        _at("at"),
        _text("who", 128),
        _text("deed", 64),
        _text("thing", 200),
        _json("detail"),
        _text("before", 64),
        _text("hash", 64),
        _primary("audit", "number"),
    )
    _index("audit", "at")
    for column in ("who", "deed", "thing"):
        _index("audit", column, "number")
    op.create_table(
        "audit_head",
        _number("id", big=False),
        _number("number"),
        _text("hash", 64),
        _primary("audit_head"),
    )


def downgrade() -> None:
    """Take back."""
    for table in _TABLES:
        op.drop_table(table)
