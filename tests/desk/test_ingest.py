"""The one door: every kind of update goes to its place, and is stored before it is acknowledged."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.inbox.accept import NotAcceptedError
from desk.inbox.ingest import Ingest
from desk.message import (
    Attachment,
    DeliveryStatus,
    Gone,
    Ignored,
    InboundEdit,
    StatusUpdate,
    Unread,
)
from desk.tables.channel import UnreadRow, UnreadState
from desk.tables.contact import ContactIdentityRow
from desk.tables.inbox import InboxRow
from tests.conftest import NOON
from tests.desk.polled import texts
from tests.talk import inbound, rows, says


async def test_every_kind_of_update_goes_to_its_place(
    desk: Desk, memory: MemoryChannel, accepting: None
) -> None:
    await says(desk, "hello")
    (answer,) = memory.sent
    place: Any = {"channel": "memory", "account": "a"}
    await desk.ingest.accept(
        [
            inbound("a message"),
            InboundEdit(**place, external_id="e-1", thread="ada", sender="ada", sent_at=NOON,
                        edited="m-1", text="changed"),
            StatusUpdate(**place, external_id=answer.id, status=DeliveryStatus.READ, at=NOON),
            Gone(**place, sender="ada", reason="blocked us", at=NOON),
            Ignored(channel="memory", kind="typing"),
            Unread(**place, raw={"odd": 1}, error="ValueError: odd"),
        ]
    )  # fmt: skip
    assert (await texts(desk))[1:] == ["a message", "changed"]
    (handle,) = await rows(desk, ContactIdentityRow)
    assert handle.unreachable_reason == "blocked us"
    (row,) = await rows(desk, UnreadRow)
    assert (row.raw, row.state, row.attempts) == ('{"odd": 1}', UnreadState.WAITING, 1)
    figures = desk.metrics.text().decode()
    assert 'frontdesk_updates_ignored_total{channel="memory",kind="typing"} 1.0' in figures


async def test_nothing_is_acknowledged_while_the_database_is_away(
    desk: Desk, accepting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    struck = 0

    async def away(*_: object) -> None:
        nonlocal struck
        struck += 1
        raise OSError("connection refused")

    monkeypatch.setattr(desk.ingest, "_report", away)
    news = StatusUpdate(
        channel="memory", account="a", external_id="x", status=DeliveryStatus.READ, at=NOON
    )
    with pytest.raises(NotAcceptedError, match="send it again"):
        await desk.ingest.accept([news, inbound("hello")])
    assert struck == 1
    assert await texts(desk) == []


async def test_files_are_kept_before_the_message_is(desk: Desk, accepting: None) -> None:
    seen: list[int] = []

    async def keep(files: Sequence[Attachment]) -> tuple[Attachment, ...]:
        seen.append(len(await texts(desk)))
        return tuple(replace(file, content=None, key="k") for file in files)

    door = Ingest(
        database=desk.database,
        acceptor=desk.acceptor,
        report=desk.relay.report,
        keep_files=keep,
        signals=desk.signals,
        clock=desk.clock,
    )
    file = Attachment(name="a.txt", content_type="text/plain", content=b"x")
    await door.accept([inbound("with a file", attachments=(file,)), inbound("without")])
    assert seen == [0]
    kept = [row.payload["attachments"] for row in await rows(desk, InboxRow)]
    assert [[one["key"] for one in files] for files in kept] == [["k"], []]


# -- what could not be read
