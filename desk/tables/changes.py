"""Whose rows have changed, written down by triggers, whoever writes: analytics computes only those people anew.

Rows that are only ever added (events, imported behaviour) are read by their number and leave no trace here. Migration
0018 makes the same triggers.
"""
# ruff: noqa: S608 - every name in the statements is one of ours, from the table of sources

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import DDL, BigInteger, String, event
from sqlalchemy.orm import Mapped, mapped_column

from desk.tables import (  # noqa: F401 - their tables must be there
    automation,
    behaviour,
    consent,
    contact,
    feedback,
    shop,
    ticket,
)
from desk.tables.base import Base, BigId


class PersonChangeRow(Base):
    """Something about a customer, a contact or a product (``kind``) is not as it was.

    With ``history`` even what they did has to be read again. ``stamp`` is the transaction's number on PostgreSQL,
    where those that began earlier may end later; SQLite writes one after the other, and ``id`` is enough.
    """

    __tablename__ = "person_change"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(64))
    history: Mapped[bool]
    stamp: Mapped[int] = mapped_column(BigInteger, index=True)


@dataclass(frozen=True)
class Source:
    """A table whose rows are about somebody: ``column`` says about whom, ``watched`` what matters when it changes.

    When one of ``moving`` changes, what they did may be somebody else's now.
    """

    table: str
    kind: str
    column: str
    watched: tuple[str, ...]
    moving: tuple[str, ...] = ()
    #: What is read by its number when it is new.
    added: bool = True
    #: Their history goes with the row.
    removes: bool = False

    @property
    def name(self) -> str:
        """The beginning of the names of its triggers."""
        return f"{self.table}_{self.kind}_changed"


_PERSON = ("name", "email", "phone", "created_at")
_DEMOGRAPHICS = ("customer_id", "contact_id", "gender", "born", "country", "city")
_DONE = ("key", "customer_id", "contact_id", "name", "occurred_at", "channel", "item", "value")

SOURCES = (
    Source("shop_customer", "customer", "id", (*_PERSON, "account_type"), removes=True),
    Source(
        "contact",
        "contact",
        "id",
        (*_PERSON, "language", "merged_into", "customer_id"),
        moving=("merged_into", "customer_id"),
        removes=True,
    ),
    Source(
        "contact_identity",
        "contact",
        "contact_id",
        ("contact_id", "channel", "unreachable_at"),
    ),
    Source("contact_attribute", "contact", "contact_id", ("contact_id", "key", "value")),
    Source("consent", "contact", "contact_id", ("contact_id", "purpose", "granted", "said_at")),
    Source(
        "ticket",
        "contact",
        "contact_id",
        ("contact_id", "topic", "status", "priority", "resolved_at", "tags", "merged_into"),
    ),
    Source(
        "feedback",
        "contact",
        "contact_id",
        ("contact_id", "kind", "state", "score", "mood", "answered_at"),
    ),
    # Lines are replaced together with their order, in the same transaction, so an order is always told anew.
    Source("shop_order", "customer", "customer_id", ()),
    Source("shop_product", "product", "sku", ("category",)),
    Source("demographics", "customer", "customer_id", _DEMOGRAPHICS),
    Source("demographics", "contact", "contact_id", _DEMOGRAPHICS),
    Source("behaviour", "customer", "customer_id", _DONE, moving=_DONE, added=False, removes=True),
    Source("behaviour", "contact", "contact_id", _DONE, moving=_DONE, added=False, removes=True),
)

_INTO = "INSERT INTO person_change (kind, key, history, stamp)"


def _differs(names: tuple[str, ...], sign: str) -> str:
    return " OR ".join(f"OLD.{name} {sign} NEW.{name}" for name in names)


def _sqlite(source: Source) -> Iterator[str]:
    column, kind = source.column, source.kind

    def trigger(when: str, condition: str, rows: str, history: str) -> str:
        name = f"{source.name}_{when.split()[0].lower()}"
        return (
            f"CREATE TRIGGER {name} AFTER {when} ON {source.table}{condition} BEGIN"
            f" {_INTO} SELECT '{kind}', who, {history}, 0 FROM ({rows}) WHERE who IS NOT NULL; END"
        )

    if source.added:
        yield trigger("INSERT", "", f"SELECT NEW.{column} AS who", "0")
    names = source.watched
    yield trigger(
        f"UPDATE OF {', '.join(names)}" if names else "UPDATE",
        f" WHEN {_differs(names, 'IS NOT')}" if names else "",
        f"SELECT NEW.{column} AS who UNION SELECT OLD.{column}",
        _differs(source.moving, "IS NOT") or "0",
    )
    yield trigger("DELETE", "", f"SELECT OLD.{column} AS who", str(int(source.removes)))


def _postgres(source: Source) -> Iterator[str]:
    column, kind, function = source.column, source.kind, f"frontdesk_{source.name}"
    stamp = "pg_current_xact_id()::text::bigint"
    moved = _differs(source.moving, "IS DISTINCT FROM") or "false"
    same = (
        f"IF TG_OP = 'UPDATE' AND NOT ({_differs(source.watched, 'IS DISTINCT FROM')}) THEN RETURN NULL; END IF;"
        if source.watched
        else ""
    )
    yield f"""
CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE history boolean := false;
BEGIN
  {same}
  IF TG_OP = 'DELETE' THEN history := {str(source.removes).lower()}; END IF;
  IF TG_OP = 'UPDATE' THEN history := {moved}; END IF;
  {_INTO} SELECT '{kind}', who, history, {stamp} FROM (
    SELECT NEW.{column} AS who WHERE TG_OP <> 'DELETE' UNION SELECT OLD.{column} WHERE TG_OP <> 'INSERT'
  ) AS people WHERE who IS NOT NULL;
  RETURN NULL;
END $$
"""
    added = "INSERT OR " if source.added else ""
    yield (
        f"CREATE TRIGGER {source.name} AFTER {added}UPDATE OR DELETE ON {source.table}"
        f" FOR EACH ROW EXECUTE FUNCTION {function}()"
    )


_BY_DIALECT = {"sqlite": _sqlite, "postgresql": _postgres}


def make(dialect: str) -> list[str]:
    """Return the statements that make the triggers."""
    return [statement for source in SOURCES for statement in _BY_DIALECT[dialect](source)]


def drop(dialect: str) -> list[str]:
    """Return the statements that take the triggers away."""
    if dialect == "sqlite":
        return [
            f"DROP TRIGGER {source.name}_{on}"
            for source in SOURCES
            for on in (*(("insert",) if source.added else ()), "update", "delete")
        ]
    return [f"DROP FUNCTION frontdesk_{source.name}() CASCADE" for source in SOURCES]


def _after_tables(dialect: str) -> None:
    for statement in make(dialect):
        ddl = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
        event.listen(Base.metadata, "after_create", ddl.execute_if(dialect=dialect))


_after_tables("sqlite")
_after_tables("postgresql")
