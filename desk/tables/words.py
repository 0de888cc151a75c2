"""The full-text index: which columns can be searched, and the statements that make it in each database.

Words of what customers and agents wrote are folded to small letters; Chinese, Japanese and Korean characters, which
stand without spaces, are taken in pairs, so that a word of two is found wherever it stands. Triggers (SQLite) and
indexes of an expression (PostgreSQL) keep it up to date, whoever writes. Migration 0016 makes the same.
"""
# ruff: noqa: S608 - every name in the statements is one of ours, from the table of sources

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import DDL, event

from desk.tables import contact, conversation, shop, ticket  # noqa: F401 - their tables must be there
from desk.tables.base import Base

PAIRED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Kana, Chinese, Hangul: a range as regular expressions and GLOB write it."""
SEPARATORS = (
    r"\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf"
    r"\u00d7\u00f7\u2000-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
"""What parts words in PostgreSQL, whose own idea of a letter depends on how the server was set up."""


@dataclass(frozen=True)
class Source:
    """A table whose ``columns`` are searched; ``numbered`` when its key is a number."""

    table: str
    columns: tuple[str, ...]
    numbered: bool = True
    #: A telephone number: it is found by any part of it.
    phone: str = ""
    #: Whose last four characters the console shows.
    tagged: str = ""

    @property
    def index(self) -> str:
        """The name of the index: a table in SQLite."""
        return f"{self.table}_words"

    def text(self, dialect: str, row: str = "") -> str:
        """Return what is searched of a row, as SQL; ``row`` is ``NEW.`` in a trigger."""
        parts = [f"coalesce({row}{name}, '')" for name in self.columns]
        if self.phone:
            digits = _digits(f"coalesce({row}{self.phone}, '')")
            parts += [f"substr({digits}, {start})" for start in range(1, 13)]
        if self.tagged:
            known, later = f"{row}{self.tagged}", _LATER[dialect]
            parts.append(f"substr({known}, {later}(1, length({known}) - 3))")
        return " || ' ' || ".join(parts)


_LATER = {"sqlite": "max", "postgresql": "greatest"}


def _digits(sql: str) -> str:
    for mark in " -().+/":
        sql = f"replace({sql}, '{mark}', '')"
    return sql


SOURCES = (
    Source("message", ("text",)),
    Source("ticket", ("title", "description", "contact_detail")),
    Source("ticket_entry", ("text",)),
    Source("contact", ("name", "email"), numbered=False, phone="phone"),
    Source("shop_customer", ("name", "email"), numbered=False, phone="phone"),
    Source("conversation", ("thread",), numbered=False, tagged="thread"),
)


def _paired(sql: str) -> str:
    """Return SQL for SQLite that sets pairs apart by spaces; pieces of 64 keep it from growing with the square.

    The order stands in a subquery with a limit, which SQLite keeps to: an order inside the aggregate is known since
    3.44 only, and an older ``sqlite3`` would refuse the whole file for one trigger that it cannot read.
    """
    places = "json_each('[0' || replace(hex(zeroblob({})), '00', ',0') || ']')"
    pieces = (
        "SELECT key AS place, substr(whole, key * 64 + 1, 65) AS piece"
        f" FROM (SELECT {sql} AS whole), {places.format('length(whole) / 64')} LIMIT -1"
    )
    letters = (
        "SELECT place, key AS at, substr(piece, key + 1, 1) AS one, substr(piece, key + 2, 1) AS next"
        f" FROM ({pieces}), {places.format('63')} ORDER BY place, at LIMIT -1"
    )
    spaced = (
        f"CASE WHEN one GLOB '[{PAIRED}]' THEN ' ' || one ||"
        f" CASE WHEN next GLOB '[{PAIRED}]' THEN next ELSE '' END || ' ' ELSE one END"
    )
    return (
        f"CASE WHEN {sql} GLOB '*[{PAIRED}]*' THEN"
        f" (SELECT group_concat({spaced}, '') FROM ({letters})) ELSE {sql} END"
    )


def _sqlite(source: Source) -> Iterator[str]:
    """A table of words beside the table, without the text itself where the key is a number."""
    name, table = source.index, source.table
    new, old_key = source.text("sqlite", "NEW."), "OLD.id"
    words = "tokenize = 'unicode61 remove_diacritics 2'"
    if source.numbered:
        yield (
            f"CREATE VIRTUAL TABLE {name} USING fts5(words, content = '', contentless_delete = 1,"
            f" detail = none, prefix = '2 3', {words})"
        )
        key, where = "rowid", f"rowid = {old_key}"
    else:
        yield f"CREATE VIRTUAL TABLE {name} USING fts5(key, words, prefix = '2 3', {words})"
        quoted = f"'key : \"' || replace({old_key}, '\"', '') || '\"'"
        key, where = "key", f"{name} MATCH {quoted} AND key = {old_key}"
    yield (
        f"CREATE TRIGGER {name}_added AFTER INSERT ON {table} BEGIN"
        f" INSERT INTO {name} ({key}, words) VALUES (NEW.id, {_paired(new)}); END"
    )
    columns = ", ".join(source.columns + ((source.phone,) if source.phone else ()))
    yield (
        f"CREATE TRIGGER {name}_changed AFTER UPDATE OF {columns} ON {table} BEGIN"
        f" DELETE FROM {name} WHERE {where};"
        f" INSERT INTO {name} ({key}, words) VALUES (NEW.id, {_paired(new)}); END"
    )
    yield (
        f"CREATE TRIGGER {name}_removed AFTER DELETE ON {table} BEGIN"
        f" DELETE FROM {name} WHERE {where}; END"
    )


_POSTGRES = rf"""
CREATE FUNCTION frontdesk_words(source text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT array_to_tsvector(coalesce(array_agg(DISTINCT left(word, 64)) FILTER (WHERE word <> ''), '{{}}'))
  FROM regexp_split_to_table(lower(source), '[{SEPARATORS}]+') AS run,
    regexp_matches(run, '[{PAIRED}]+|[^{PAIRED}]+', 'g') AS part,
    LATERAL (
      SELECT substr(part[1], place, 2) AS word FROM generate_series(1, length(part[1])) AS place
      WHERE part[1] ~ '^[{PAIRED}]'
      UNION ALL SELECT part[1] WHERE part[1] !~ '^[{PAIRED}]'
    ) AS words
$$
"""


def make(dialect: str) -> list[str]:
    """Return the statements that make the index."""
    if dialect == "sqlite":
        return [statement for source in SOURCES for statement in _sqlite(source)]
    return [_POSTGRES, *(_expression_index(source) for source in SOURCES)]


def _expression_index(source: Source) -> str:
    return (
        f"CREATE INDEX ix_{source.index} ON {source.table} USING gin (({postgres_words(source)}))"
    )


def postgres_words(source: Source) -> str:
    """Return the indexed expression; a question must use the same."""
    return f"frontdesk_words({source.text('postgresql')})"


def fill(dialect: str) -> list[str]:
    """Return the statements that index the rows that are there already; PostgreSQL does it by itself."""
    if dialect != "sqlite":
        return []
    return [
        f"INSERT INTO {source.index} ({'rowid' if source.numbered else 'key'}, words)"
        f" SELECT id, {_paired(source.text('sqlite', f'{source.table}.'))} FROM {source.table}"
        for source in SOURCES
    ]


def drop(dialect: str) -> list[str]:
    """Return the statements that take the index away."""
    if dialect != "sqlite":
        indexes = [f"DROP INDEX ix_{source.index}" for source in SOURCES]
        return [*indexes, "DROP FUNCTION frontdesk_words"]
    return [
        statement
        for source in SOURCES
        for statement in (
            *(f"DROP TRIGGER {source.index}_{on}" for on in ("added", "changed", "removed")),
            f"DROP TABLE {source.index}",
        )
    ]


def _after_tables(dialect: str) -> None:
    for statement in make(dialect):
        # A percent sign in DDL would be a placeholder.
        ddl = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
        event.listen(Base.metadata, "after_create", ddl.execute_if(dialect=dialect))


_after_tables("sqlite")
_after_tables("postgresql")
