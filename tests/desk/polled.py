"""Platforms that are asked or listened to, without any platform, and those who read them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.channel import Polled
from desk.inbox.readers import Readers
from desk.message import (
    Accept,
    Unread,
    Update,
)
from desk.outbox.repository import Lane
from desk.tables.channel import CursorRow
from desk.tables.inbox import InboxRow
from tests.talk import inbound, rows

MINUTE = timedelta(minutes=1)
LANE = Lane("polled", "a")


class PolledChannel(MemoryChannel):
    """Is asked for ``news``: what a poll brings, an error that it raises, or something that happens meanwhile."""

    def __init__(self) -> None:
        super().__init__("polled")
        self.news: list[Polled | Exception] = []
        self.asked: list[str | None] = []
        self.meanwhile: Any = None

    async def poll(self, cursor: str | None) -> Polled:
        """Return what is next."""
        self.asked.append(cursor)
        if self.meanwhile is not None:
            await self.meanwhile()
        one = self.news.pop(0) if self.news else Polled(updates=(), cursor=cursor or "")
        if isinstance(one, Exception):
            raise one
        return one

    def read(self, raw: Mapping[str, Any]) -> Sequence[Update]:
        """Return a message that says what the update says; KeyError when it says nothing."""
        return [replace(inbound(raw["text"], channel="polled"), external_id=raw["text"])]


class HeardChannel(PolledChannel):
    """Speaks on a connection: hands over ``words``, then stays open, or breaks with ``ends_with``."""

    poll = None  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.words: list[Update | Unread] = []
        self.ends_with: Exception | None = None
        self.is_open = False

    async def listen(self, accept: Accept) -> None:
        """Speak."""
        self.is_open = True
        try:
            await accept(self.words)
            if self.ends_with is not None:
                raise self.ends_with
            await asyncio.Event().wait()
        finally:
            self.is_open = False


def brought(*texts: str, cursor: str, **more: Any) -> Polled:
    """Return what a poll brings."""
    return Polled(updates=tuple(said(one) for one in texts), cursor=cursor, **more)


def said(words: str) -> Update:
    """Return a message that is known by its words."""
    return replace(inbound(words, channel="polled"), external_id=words)


def unread(**raw: Any) -> Unread:
    """Return an update that could not be read."""
    return Unread(channel="polled", account="a", raw=raw, error="KeyError: 'text'")


def reading(desk: Desk, *channels: Any) -> Readers:
    """Return what reads these channels, as a process of its own."""
    return Readers(
        database=desk.database,
        channels={channel.name: channel for channel in channels},
        ingest=desk.ingest,
        states=desk.states,
        clock=desk.clock,
        standby=timedelta(seconds=5),
    )


async def texts(desk: Desk) -> list[str]:
    """Return what is in the inbox."""
    return [row.payload["text"] for row in await rows(desk, InboxRow)]


async def cursor_row(desk: Desk) -> CursorRow:
    """Return how far the account is read, and by whom."""
    async with desk.database.read() as session:
        return (await session.scalars(select(CursorRow))).one()


# -- the lease
