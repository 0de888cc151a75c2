"""What happens at the same moment: nothing is lost, nothing is done twice, nobody keeps what is not theirs.

Each race is made to happen, and the tests count that it did: on PostgreSQL the second transaction is seen waiting, on
SQLite it cannot even begin.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.contacts import repository
from desk.contacts.email_code import EmailCodes, Mailbox, OldCodeError, WrongCodeError
from desk.contacts.links import ContactLinks
from desk.contacts.merge_model import Merge, Word
from desk.contacts.merging import Merging, merge_in
from desk.contacts.repository import Place
from desk.conversations.incoming import Incoming
from desk.conversations.service import Conversations
from desk.errors import ConflictError
from desk.signals import LocalSignals
from desk.store.database import Database
from desk.tables.contact import ContactIdentityRow, EmailCodeRow
from desk.tables.conversation import ConversationRow
from tests.conftest import NOON, SECRET
from tests.contacts.people import People
from tests.talk import inbound

_MOMENT = 0.15
"""Seconds after which a transaction that has not ended waits for another one."""


async def _waits[T](work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Start something and see it wait for the transaction that is open here."""
    task = asyncio.create_task(work)
    _, pending = await asyncio.wait({task}, timeout=_MOMENT)
    assert pending, "it did not wait"
    return task


async def _arrive(people: People, handle_id: str) -> str:
    """Do what the core does with a message in a new thread of a known handle."""
    async with people.database.write() as session:
        handle = await session.get_one(ContactIdentityRow, handle_id)
        place = {"channel": handle.channel, "account": handle.account}
        known = await repository.holder(session, **place, external_id=handle.external_id)
        assert known is not None
        return await people.begin(session, known, handle)


async def _outcomes(*work: Coroutine[Any, Any, Any]) -> tuple[list[Any], list[BaseException]]:
    found = await asyncio.gather(*work, return_exceptions=True)
    wrong = [one for one in found if isinstance(one, BaseException)]
    return [one for one in found if not isinstance(one, BaseException)], wrong


async def test_merges_of_the_same_people_at_once(people: People, merging: Merging) -> None:
    ids = [await people.person() for _ in range(4)]
    rows = await people.belongings()
    pairs = [(one, two) for one in ids for two in ids if one != two]
    made, refused = await _outcomes(*(merging.merge(*pair, by="Kim") for pair in pairs))
    assert len(made) == 3, "four people become one in three merges"
    assert {type(error) for error in refused} == {ConflictError}
    assert len(made) + len(refused) == len(pairs) == 12
    after = await people.belongings()
    assert after.keys() == rows.keys()
    assert len(set(after.values())) == 1
    await people.check()
    for merge in sorted(made, key=lambda one: -one.id):
        await merging.undo(merge.id, by="Kim")
    assert await people.belongings() == rows


async def test_a_thread_that_begins_during_a_merge_is_the_kept_contacts(
    people: People, merging: Merging
) -> None:
    kept, other = await people.person(), await people.contact()
    handle = await people.handle(other)
    async with people.database.write() as session:
        await merge_in(session, kept, other, Word(by="Kim"), now=NOON)
        arriving = await _waits(_arrive(people, handle))
    talk = await arriving
    assert (await people.belongings())["conversations", talk] == kept
    await people.check()


async def test_a_merge_waits_for_a_thread_that_is_beginning(
    people: People, merging: Merging
) -> None:
    kept, other = await people.person(), await people.contact()
    handle_id = await people.handle(other)
    async with people.database.write() as session:
        handle = await session.get_one(ContactIdentityRow, handle_id)
        place = {"channel": handle.channel, "account": handle.account}
        found = await repository.holder(session, **place, external_id=handle.external_id)
        assert found == other
        merge = await _waits(merging.merge(kept, other, by="Kim"))
        talk = await people.begin(session, other, handle)
    await merge
    assert (await people.belongings())["conversations", talk] == kept
    await people.check()


async def test_a_merge_waits_for_a_message_and_takes_what_came_of_it(
    people: People, merging: Merging
) -> None:
    kept, other = await people.person(), await people.contact()
    talk = await people.talk(await people.handle(other))
    (row,) = [one for one in await people.rows(ConversationRow) if one.id == talk]
    core = Incoming(Conversations({"memory": MemoryChannel()}))
    message = inbound("hello", row.thread, sender=row.handle)
    async with people.database.write() as session:
        received = await core.receive(session, message, inbox_id=1, now=NOON)
        merge = await _waits(merging.merge(kept, other, by="Kim"))
        await people.hang(session, received.conversation_id, received.contact_id)
    await merge
    assert set((await people.belongings()).values()) == {kept}
    await people.check()


async def test_a_storm(people: People, merging: Merging) -> None:
    kept, other = await people.person(), await people.contact()
    handles = [await people.handle(other) for _ in range(3)]
    for _ in range(4):
        talks = [_arrive(people, handle) for handle in handles * 2]
        work = [*talks[:3], merging.merge(kept, other, by="Kim"), *talks[3:]]
        done, wrong = await _outcomes(*work)
        assert wrong == []
        (made,) = [one for one in done if isinstance(one, Merge)]
        assert {(await people.belongings())["handles", one] for one in handles} == {kept}
        await people.check()
        split = [merging.undo(made.id, by="Kim"), *(_arrive(people, one) for one in handles)]
        done, wrong = await _outcomes(*split)
        assert wrong == []
        await people.check()
        owned = await people.belongings()
        mine = [owner for (kind, _), owner in owned.items() if kind == "conversations"]
        assert mine.count(kept) == 1, "all others were begun by the other's handles"
    assert len(mine) == 1 + 4 * 9


async def test_an_undo_happens_once(people: People, merging: Merging) -> None:
    kept, other = await people.person(), await people.person()
    made = await merging.merge(kept, other, by="Kim")
    done, wrong = await _outcomes(*(merging.undo(made.id, by="Kim") for _ in range(4)))
    assert (len(done), len(wrong)) == (1, 3)
    assert {type(error) for error in wrong} == {ConflictError}
    assert len(await people.events("contact.split")) == 1


async def test_a_link_is_used_once(people: People, clock: StoppedClock) -> None:
    links = ContactLinks(SECRET, clock)
    contact = await people.person()
    token = links.for_contact(contact)

    async def follow(name: str) -> str | None:
        message = inbound("hello", name, channel="other", link=token)
        async with people.database.write() as session:
            return await links.join(session, message, clock())

    joined = await asyncio.gather(*(follow(f"somebody {n}") for n in range(6)))
    assert sorted(joined, key=str) == sorted([contact, *[None] * 5], key=str)
    assert len(await people.events("link.refused")) == 5
    handles = [row for row in await people.rows(ContactIdentityRow) if row.channel == "other"]
    assert [row.contact_id for row in handles] == [contact]


@pytest.fixture
def codes(database: Database, clock: StoppedClock) -> EmailCodes:
    """Return what sends codes."""
    return EmailCodes(
        database=database,
        conversations=Conversations({"email": MemoryChannel("email")}),
        signals=LocalSignals(),
        clock=clock,
        secret=SECRET,
        mailbox=Mailbox(channel="email", account="desk@example.com"),
    )


async def test_guesses_at_once_are_all_counted(people: People, codes: EmailCodes) -> None:
    await people.person(name="ada")
    ada = Place("memory", "a", "ada")
    await codes.start(ada, "ada@example.com")
    _, wrong = await _outcomes(*(codes.confirm(ada, f"no {n}") for n in range(20)))
    kinds = [type(error) for error in wrong]
    assert (kinds.count(WrongCodeError), kinds.count(OldCodeError)) == (5, 15)
    assert [row.tries for row in await people.rows(EmailCodeRow)] == [5]
