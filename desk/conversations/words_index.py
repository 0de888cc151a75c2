"""Questions to the full-text index, in the words of each database."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
)
from sqlalchemy import (
    text as sql,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from desk.tables.words import PAIRED, SOURCES, Source, postgres_words

_RUN = re.compile(rf"[{PAIRED}]+|[^\W_{PAIRED}]+")
_PHONE = re.compile(r"[\d\s()+./-]{5,}")
_SOURCES = {source.table: source for source in SOURCES}
_ORDERED = {"contact": ("created_at",), "shop_customer": ("created_at",)}
"""By what else than their keys rows are ordered."""


def tokens(word: str) -> tuple[str, ...]:
    """Return what the index has of a word: small letters, and the pairs of characters that need no spaces."""
    found: list[str] = []
    for run in _RUN.findall(word.lower()):
        if re.match(f"[{PAIRED}]", run) and len(run) > 1:
            found += [run[at : at + 2] for at in range(len(run) - 1)]
        else:
            found.append(run)
    return tuple(found)


def is_plain(word: str) -> bool:
    """Say whether the index alone can find a word; with signs in it, or of many pairs, the text must be looked at."""
    return tokens(word) == (word.lower(),)


def phone_digits(text: str) -> str | None:
    """Return the digits of what looks like a telephone number."""
    digits = "".join(c for c in text if c.isdecimal())
    return digits if _PHONE.fullmatch(text.strip()) and len(digits) >= 5 else None


def matching(session: AsyncSession, name: str, words: Sequence[str]) -> Select[int] | Select[str]:
    """Return the question for the keys of a table's rows that have all the words; each may go on after its end."""
    wanted = [token for word in words for token in _marked(tokens(word))]
    source = _SOURCES[name]
    if is_postgres(session):
        columns: list[ColumnElement[Any]] = [column("id"), *map(column, _ORDERED.get(name, ()))]
        found = select(*columns).select_from(table(name)).where(_has(source, wanted))
        # By itself the planner goes through all rows, the newest first, for as many as are asked for: with a rare
        # word that is every row, and to take a text apart costs more than it thinks (17 s with a million messages).
        each = found.cte(f"{name}_found").prefix_with("MATERIALIZED")
        return select(each.c.id)
    text = " AND ".join(f'"{token}"{"*" if more else ""}' for token, more in wanted)
    index = table(source.index, column("rowid"), column("key"))
    key = index.c.rowid if source.numbered else index.c.key
    asked = text if source.numbered else f"words : ({text})"
    return select(key).where(_match(source.index, asked))


def among(rows: Select[*tuple[Any, ...]], name: str, words: Sequence[str]) -> Select[int]:
    """Return the question for those of a few rows, their ``id`` and text, that have all the words (PostgreSQL)."""
    few = rows.subquery(f"{name}_found")
    wanted = [token for word in words for token in _marked(tokens(word))]
    return select(few.c.id).where(_has(_SOURCES[name], wanted))


async def prefer(session: AsyncSession) -> None:
    """Let this transaction ask the index also where nearly every row fits: PostgreSQL takes all texts apart then."""
    if is_postgres(session):
        await session.execute(sql("SET LOCAL plan_cache_mode = force_generic_plan"))


def is_postgres(session: AsyncSession) -> bool:
    """Say whether it is PostgreSQL that is asked."""
    return session.get_bind().dialect.name == "postgresql"


def _has(source: Source, wanted: Sequence[tuple[str, bool]]) -> ColumnElement[bool]:
    text = " & ".join(f"'{token}'{':*' if more else ''}" for token, more in wanted)
    has: ColumnElement[bool] = literal_column(postgres_words(source)).op("@@")(
        cast(literal(text), TSQUERY)
    )
    return has


def _match(index: str, asked: str) -> ColumnElement[bool]:
    return literal_column(index).op("MATCH")(asked)


def key_of(session: AsyncSession, name: str) -> ColumnElement[int]:
    """Return the column by which :func:`matching` can be ordered and bounded."""
    return literal_column(
        f"{name}_found.id" if is_postgres(session) else f"{_SOURCES[name].index}.rowid"
    )


def newest(session: AsyncSession, name: str) -> ColumnElement[Any]:
    """Return by what the rows that :func:`matching` finds are ordered so that the last ones come first."""
    if is_postgres(session):
        return literal_column(f"{name}_found.created_at").desc()
    return key_of(session, name).desc()


def _marked(found: Sequence[str]) -> list[tuple[str, bool]]:
    """Return tokens, the last with a mark that it may go on. A single letter may not: half of all words would fit."""
    last = len(found) - 1
    return [
        (token, at == last and (len(token) > 1 or not token.isascii()))
        for at, token in enumerate(found)
    ]


def contains(text: InstrumentedAttribute[str], words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return what is left to ask of a text that the index found: words with signs in them, as they stand."""
    return [
        func.lower(text).contains(word.lower(), autoescape=True)
        for word in words
        if not is_plain(word)
    ]
