"""The index of words: made alike by migrations and tables, and always as the rows are."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text, update

from app import migrate
from desk.conversations.search import Filters, messages, people_ids
from desk.conversations.words_index import is_plain, phone_digits, tokens
from desk.ids import new_id
from desk.store.database import Database
from desk.tables.contact import ContactRow
from desk.tables.conversation import Author, ConversationRow, Direction, MessageRow
from tests.conftest import NOON


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("Lamp", ("lamp",)),
        ("退款", ("退款",)),
        ("退", ("退",)),
        ("申请退款", ("申请", "请退", "退款")),
        ("order订单10023", ("order", "订单", "10023")),
        ("O'Hara", ("o", "hara")),
        ("ana@example.com", ("ana", "example", "com")),
        ("50_50", ("50", "50")),
        ("ありがとう", ("あり", "りが", "がと", "とう")),
        ("'--%", ()),
    ],
)
def test_tokens(word: str, found: tuple[str, ...]) -> None:
    assert tokens(word) == found
    assert is_plain(word) == (found == (word.lower(),))


def test_a_telephone_number_is_known_by_its_digits() -> None:
    assert phone_digits("+1 (555) 010-0123") == "15550100123"
    assert phone_digits("10 23") is None
    assert phone_digits("order 10023") is None


def _shape(connection: Connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        query = (
            "SELECT sql FROM sqlite_master WHERE name LIKE '%\\_words%' ESCAPE '\\' ORDER BY name"
        )
    else:
        query = (
            "SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'ix%words'"
            " UNION SELECT pg_get_functiondef('frontdesk_words'::regproc) ORDER BY 1"
        )
    return [str(row[0]) for row in connection.execute(text(query))]


async def _look[T](database: Database, look: Callable[[Connection], T]) -> T:
    async with database.engine.connect() as connection:
        return await connection.run_sync(look)


async def test_migrations_make_the_same_index(database: Database, tmp_path: Path) -> None:
    if not database.is_sqlite:
        # The statements are the same list; that they ran is seen in the database.
        assert len(await _look(database, _shape)) == 7
        return
    url = f"sqlite:///{tmp_path / 'migrated.sqlite'}"
    await asyncio.to_thread(migrate.upgrade, url)
    migrated = Database(url)
    made, wanted = await _look(migrated, _shape), await _look(database, _shape)
    await migrated.close()
    assert len(wanted) > 20
    assert made == wanted


async def _said(database: Database, *texts: str) -> list[int]:
    contact, talk = new_id(), new_id()
    async with database.write() as session:
        await session.execute(insert(ContactRow).values(id=contact, created_at=NOON))
        row = ConversationRow(
            id=talk,
            contact_id=contact,
            channel="memory",
            account="a",
            thread=talk,
            created_at=NOON,
            updated_at=NOON,
        )
        session.add(row)
        await session.flush()
        rows = [
            MessageRow(
                conversation_id=talk,
                direction=Direction.INBOUND,
                author=Author.CONTACT,
                text=one,
                choices=[],
                created_at=NOON,
            )
            for one in texts
        ]
        session.add_all(rows)
    return [row.id for row in rows]


async def _found(database: Database, *words: str) -> list[int]:
    async with database.read() as session:
        rows, _ = await messages(session, words, Filters(), limit=10)
    return [row.id for row in rows]


async def test_what_changes_is_found_as_it_is_now(database: Database) -> None:
    first, second, long = await _said(
        database, "我要申请退款 order", "The Café lamp is dim", "退" * 130 + "款项 end"
    )
    assert await _found(database, "退款") == [long, first]
    assert await _found(database, "申请退款") == [first]
    assert await _found(database, "请申") == []
    assert await _found(database, "款") == [long, first]
    assert await _found(database, "lam") == [second]
    assert await _found(database, "amp") == []
    assert await _found(database, "lamp", "dim") == [second]
    async with database.write() as session:
        changed = update(MessageRow).where(MessageRow.id == first).values(text="nothing of it")
        await session.execute(changed)
        await session.delete(await session.get_one(MessageRow, long))
    assert await _found(database, "退款") == []
    assert await _found(database, "nothing") == [first]


async def test_for_a_rare_word_not_every_text_is_taken_apart(database: Database) -> None:
    first, *_ = await _said(database, "an old zebra", *["a lamp"] * 4_000)
    async with database.read() as session:
        if not database.is_sqlite:
            for one in ("ANALYZE message", "SET LOCAL track_functions = 'all'"):
                await session.execute(text(one))
        # A prepared statement is planned for its own words five times, then for any words.
        for _ in range(8):
            rows, _ = await messages(session, ["zebra"], Filters(), limit=10)
            assert [row.id for row in rows] == [first]
        if not database.is_sqlite:
            counted = (
                "SELECT calls FROM pg_stat_xact_user_functions WHERE funcname = 'frontdesk_words'"
            )
            calls = await session.scalar(text(counted))
            assert 0 < calls <= 8 * 502


async def test_a_page_goes_on_where_the_last_one_ended(database: Database) -> None:
    ids = await _said(database, *(f"lamp {number} 100%" for number in range(7)))
    seen: list[int] = []
    before = None
    for _ in range(4):
        async with database.read() as session:
            rows, before = await messages(
                session, ["lamp", "100%"], Filters(), limit=3, before=before
            )
        seen += [row.id for row in rows]
        if before is None:
            break
    assert seen == list(reversed(ids))


async def test_people_are_found_by_any_part_of_their_number(database: Database) -> None:
    ids = [new_id(), new_id()]
    async with database.write() as session:
        for id_, name, phone in zip(
            ids, ("王芳", "R. S."), ("+1 555 0123", "+1 555 0199"), strict=True
        ):
            await session.execute(
                insert(ContactRow).values(id=id_, name=name, phone=phone, created_at=NOON)
            )
    async with database.read() as session:
        assert await people_ids(session, ["王芳"], 5) == ids[:1]
        assert await people_ids(session, ["555", "0199"], 5) == ids[1:]
        assert set(await people_ids(session, ["5550"], 5)) == set(ids)
    async with database.write() as session:
        row = await session.get_one(ContactRow, ids[0])
        row.name = "李雷"
    async with database.read() as session:
        assert await people_ids(session, ["王芳"], 5) == []
        assert await people_ids(session, ["李雷"], 5) == ids[:1]
        assert await session.scalar(select(ContactRow.id).where(ContactRow.name == "李雷"))
