"""Accepting: what came together is one statement, and no message can spoil another's acceptance."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from app.wiring import Desk
from desk.inbox import repository
from desk.inbox.accept import Acceptor, NotAcceptedError
from desk.message import Attachment
from desk.tables.inbox import InboxRow, InboxState
from tests.conftest import NOON
from tests.talk import accept, inbound, rows, settle, transcript


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the sizes of the groups that are written."""
    sizes: list[int] = []
    honest = repository.add

    async def counted(connection: AsyncConnection, found: Sequence[dict[str, Any]]) -> None:
        sizes.append(len(found))
        await honest(connection, found)

    monkeypatch.setattr(repository, "add", counted)
    return sizes


async def test_messages_that_come_one_after_the_other_are_one_group(
    desk: Desk, groups: list[int]
) -> None:
    async def customer(number: int) -> None:
        for _ in range(number % 7):  # some are a few rounds of the event loop behind
            await asyncio.sleep(0)
        await desk.acceptor.accept([inbound("hi", f"t{number}")])

    writer = asyncio.create_task(desk.acceptor.run())
    await asyncio.gather(*(customer(number) for number in range(40)))
    await desk.acceptor.accept([inbound("alone")])
    writer.cancel()
    with suppress(asyncio.CancelledError):
        await writer
    assert groups == [40, 1]
    assert len(await rows(desk, InboxRow)) == 41


async def test_no_group_is_larger_than_the_limit(desk: Desk, groups: list[int]) -> None:
    desk.acceptor._batch = 16
    await accept(desk, *(inbound("hi", f"t{number}") for number in range(40)))
    assert groups == [16, 16, 8]


async def test_a_row_holds_what_came(desk: Desk) -> None:
    file = Attachment(name="größe.txt", content_type="text/plain", content=b"\x00\xff")
    message = inbound(
        '你好 "quoted" \\ 😀\n',
        choice="c1",
        sender_name="Ü",
        language="zh",
        attachments=(file,),
        raw={"text": "你好", "nested": [1, None, {"a": 2.5}]},
    )
    await accept(desk, message, message)
    (row,) = await rows(desk, InboxRow)
    assert row.payload["text"] == message.text
    assert row.payload["attachments"][0]["content"] == "AP8="
    assert row.raw == '{"text":"你好","nested":[1,null,{"a":2.5}]}'
    assert (row.state, row.attempts, row.failures) == (InboxState.NEW, 0, 0)
    assert (row.received_at, row.not_before) == (NOON, NOON)
    assert row.external_id == message.external_id


@pytest.mark.parametrize("bad", ["\ud800", "\x00", "a\udfff\x00b"])
async def test_half_characters_are_stored_and_answered(desk: Desk, bad: str) -> None:
    odd = inbound(
        f"order {bad}?",
        f"t{bad}",
        external_id=f"id{bad}",
        sender_name=bad,
        choice=None,
        account=f"a{bad}",
        raw={"text": bad, "deep": [bad]},
    )
    await accept(desk, odd, inbound("fine", "bob"))
    await settle(desk)
    assert [row.state for row in await rows(desk, InboxRow)] == [InboxState.DONE] * 2
    assert (await transcript(desk, "bob"))[-1] == ("bot", "You said: fine")


async def test_who_stops_while_it_gathers_tells_everybody(desk: Desk) -> None:
    acceptor = Acceptor(database=desk.database, signals=desk.signals, clock=desk.clock)
    waiting = asyncio.create_task(acceptor.accept([inbound("hi")]))
    writer = asyncio.create_task(acceptor.run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert acceptor._queue.empty(), "the writer has it in hand"
    writer.cancel()
    with pytest.raises(NotAcceptedError):
        async with asyncio.timeout(timedelta(seconds=5).total_seconds()):
            await waiting
    assert await rows(desk, InboxRow) == []
