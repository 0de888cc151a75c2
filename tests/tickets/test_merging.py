"""Merging tickets, and taking it back."""

import asyncio
from typing import Any

import pytest

from desk.clock import StoppedClock
from desk.errors import ConflictError, FrontdeskError, InvalidError, NotFoundError
from desk.store.database import Database
from desk.tables.ticket import TicketRow
from desk.tickets.conflicts import MergedError
from desk.tickets.merging import TicketMerge, TicketMerging, TwoContactsError
from desk.tickets.service import Ticket, Tickets
from tests.world import Talk, World


@pytest.fixture
def tickets(database: Database, clock: StoppedClock) -> Tickets:
    return Tickets(database, clock)


@pytest.fixture
def merging(database: Database, clock: StoppedClock) -> TicketMerging:
    return TicketMerging(database, clock)


async def _open(tickets: Tickets, talk: Talk, key: str, **changes: Any) -> Ticket:
    words = {"topic": "refund", "title": key, "description": "It arrived broken."}
    return await tickets.open(key=key, conversation_id=talk.id, **(words | changes))


async def _two(tickets: Tickets, talk: Talk) -> tuple[Ticket, Ticket]:
    return await _open(tickets, talk, "first"), await _open(tickets, talk, "second")


async def test_a_merged_ticket_is_part_of_the_other(
    tickets: Tickets, merging: TicketMerging, world: World
) -> None:
    talk = await world.talk()
    kept, other = await _two(tickets, talk)
    await tickets.set(number=kept.number, assignee="ana", tags=["a"], by="m")
    await tickets.set(number=other.number, assignee="ben", tags=["a", "b"], by="m")
    await tickets.comment(number=other.number, text="Me too", author="contact")
    preview = await merging.preview(number=other.number, into=kept.number)
    assert (preview.comments, preview.loses) == (1, "ben")
    done = await merging.merge(number=other.number, into=kept.number, by="m", why="the same cup")
    assert (done.kept, done.other) == (kept.number, other.number)
    for number in (kept.number, other.number):
        seen = await tickets.for_owner(conversation_id=talk.id, number=number)
        assert seen is not None
        assert seen.number == kept.number
        assert "Me too" in [entry.text for entry in seen.entries]
        assert "the same cup" not in [entry.text for entry in seen.entries]
    whole = await tickets.get(number=other.number)
    assert (whole.number, whole.assignee, whole.tags) == (kept.number, "ana", ("a", "b"))
    (event,) = await world.events("ticket.merged")
    assert event.data["ticket_id"] == other.id
    assert (event.data["into"], event.data["owner"], event.data["told"]) == (kept.id, "ana", "ben")
    again = await tickets.comment(number=other.number, text="And?", author="contact")
    assert again.number == kept.number
    with pytest.raises(MergedError, match=kept.number):
        await tickets.set(number=other.number, priority="low", by="m")


async def test_a_merge_is_taken_back(
    tickets: Tickets, merging: TicketMerging, world: World
) -> None:
    talk = await world.talk()
    kept, other = await _two(tickets, talk)
    await tickets.set(number=other.number, status="pending", tags=["b"], by="m")
    done = await merging.merge(number=other.number, into=kept.number, by="m")
    await tickets.comment(number=kept.number, text="Since then", author="contact")
    undone = await merging.undo(done.id, by="k")
    assert undone.undone_by == "k"
    back = await tickets.get(number=other.number)
    assert (back.number, back.status, back.tags) == (other.number, "pending", ("b",))
    assert "Since then" not in [entry.text for entry in back.entries]
    now = await tickets.get(number=kept.number)
    assert now.tags == ()
    assert "Since then" in [entry.text for entry in now.entries]
    with pytest.raises(ConflictError, match="undone already"):
        await merging.undo(done.id, by="k")
    with pytest.raises(NotFoundError):
        await merging.undo(99, by="k")
    assert [one.id for one in await merging.of(kept.number)] == [done.id]


async def test_a_chain_ends_at_its_root_and_never_goes_round(
    tickets: Tickets, merging: TicketMerging, world: World
) -> None:
    talk = await world.talk()
    a, b, c = [await _open(tickets, talk, key) for key in "abc"]
    await merging.merge(number=a.number, into=b.number, by="m")
    with pytest.raises(ConflictError, match="go round"):
        await merging.merge(number=b.number, into=a.number, by="m")
    with pytest.raises(ConflictError, match="part of"):
        await merging.merge(number=a.number, into=c.number, by="m")
    followed = await merging.merge(number=c.number, into=a.number, by="m")
    assert followed.kept == b.number
    d = await _open(tickets, talk, "d")
    await merging.merge(number=b.number, into=d.number, by="m")
    assert (await tickets.get(number=a.number)).number == d.number
    assert len((await tickets.get(number=a.number)).entries) == 4 + 3
    with pytest.raises(InvalidError):
        await merging.merge(number=d.number, into=d.number, by="m")
    with pytest.raises(NotFoundError):
        await merging.merge(number=d.number, into="T-999999", by="m")


async def test_two_peoples_tickets_stay_apart(
    tickets: Tickets, merging: TicketMerging, world: World
) -> None:
    one = await _open(tickets, await world.talk(), "one")
    two = await _open(tickets, await world.talk(), "two")
    with pytest.raises(TwoContactsError):
        await merging.merge(number=one.number, into=two.number, by="m")
    with pytest.raises(TwoContactsError):
        await merging.preview(number=one.number, into=two.number)


async def test_merges_that_race_never_make_a_ring(
    tickets: Tickets, merging: TicketMerging, world: World
) -> None:
    talk = await world.talk()
    a, b, c = [await _open(tickets, talk, key) for key in "abc"]
    pairs = [(a, b), (b, c), (c, a), (b, a), (c, b), (a, c)]
    ends = await asyncio.gather(
        *(merging.merge(number=x.number, into=y.number, by="m") for x, y in pairs),
        return_exceptions=True,
    )
    assert all(isinstance(end, TicketMerge | FrontdeskError) for end in ends), ends
    rows = {row.id: row.merged_into for row in await world.rows(TicketRow)}
    assert list(rows.values()).count(None) == 1
    assert sum(isinstance(end, TicketMerge) for end in ends) == 2
