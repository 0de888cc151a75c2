"""The one door for everything that platforms say: durable when it returns, nothing left out."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.inbox import codec, repository, unread_repository
from desk.inbox.accept import Acceptor, NotAcceptedError
from desk.message import (
    Attachment,
    Gone,
    Ignored,
    InboundEdit,
    InboundMessage,
    StatusUpdate,
    Unread,
    Update,
)
from desk.outbox import reach
from desk.signals import INBOX, Signals
from desk.store import json
from desk.store.database import Database
from desk.store.storable import storable

log = structlog.get_logger()

type Report = Callable[[StatusUpdate], Awaitable[bool]]
type KeepFiles = Callable[[Sequence[Attachment]], Awaitable[tuple[Attachment, ...]]]
type Count = Callable[[str, str], None]


class Ingest:
    """Takes updates apart: messages to the inbox, news to the outbox, what could not be read aside."""

    def __init__(
        self,
        *,
        database: Database,
        acceptor: Acceptor,
        report: Report,
        keep_files: KeepFiles,
        signals: Signals,
        clock: Clock,
        count: Count = lambda channel, kind: None,
    ) -> None:
        self._database = database
        self._acceptor = acceptor
        self._report = report
        self._keep_files = keep_files
        self._signals = signals
        self._clock = clock
        self._count = count

    async def accept(self, updates: Sequence[Update | Unread]) -> None:
        """Return once everything is durable; for requests, of which many come at once.

        Raises:
            NotAcceptedError: on any doubt; the platform shall send all of it again, and no part is then done twice.
        """
        updates = await self.prepare(updates)
        unread = [one for one in updates if isinstance(one, Unread)]
        if unread:
            async with self._database.write() as session:
                await self._set_aside(session, unread)
        await self._acceptor.accept(_messages(updates))

    async def store(self, session: AsyncSession, updates: Sequence[Update | Unread]) -> None:
        """Store what a poll brought in the caller's transaction, which also moves the cursor."""
        await self._set_aside(session, [one for one in updates if isinstance(one, Unread)])
        now = self._clock()
        rows = [codec.to_row(message, now) for message in _messages(updates)]
        if rows:
            await repository.add(await session.connection(), rows)

    async def prepare(self, updates: Sequence[Update | Unread]) -> Sequence[Update | Unread]:
        """Do what comes before the transaction, and does no harm when it is done twice: news are noted, files kept.

        An update that no row can hold, whatever its adapter thought of it, is one that could not be read.
        """
        now = self._clock()
        updates = [_sound(one, now) for one in updates]
        await self._news(updates)
        return [await self._with_files(one) for one in updates]

    async def _with_files(self, update: Update | Unread) -> Update | Unread:
        """Media first, then the row: what no row names in the end is swept."""
        if not isinstance(update, InboundMessage) or not update.attachments:
            return update
        return replace(update, attachments=await self._keep_files(update.attachments))

    async def wake(self) -> None:
        """Tell whoever works on messages that there are some."""
        await self._signals.publish(INBOX)

    async def _news(self, updates: Sequence[Update | Unread]) -> None:
        try:
            for one in updates:
                if isinstance(one, StatusUpdate):
                    await self._report(one)
                elif isinstance(one, Gone):
                    async with self._database.write() as session:
                        await reach.gone(session, one)
                elif isinstance(one, Ignored):
                    self._count(one.channel, one.kind)
                    log.debug("update_ignored", channel=one.channel, kind=one.kind)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.error("inbox_write_failed", error=type(error).__name__)
            raise NotAcceptedError("the update could not be stored; send it again") from error

    async def _set_aside(self, session: AsyncSession, unread: Sequence[Unread]) -> None:
        for one in unread:
            log.error("update_unread", channel=one.channel, account=one.account, error=one.error)
            await unread_repository.add(session, one, self._clock())


def _sound(update: Update | Unread, now: datetime) -> Update | Unread:
    """Return the update as it is, or as unread when what is in it is not of the kind that its names promise.

    Stored with others it would keep all of them back, and its platform would send it again for ever.
    """
    try:
        if isinstance(update, InboundMessage | InboundEdit):
            json.dumps(codec.to_row(update, now))
        elif not isinstance(update, Unread):
            _check(update)
    except Exception as error:  # whatever is wrong with it
        return Unread(
            channel=str(update.channel),
            account=str(getattr(update, "account", "")),
            raw=getattr(update, "raw", None) or {"update": repr(update)[:10_000]},
            error=f"{type(error).__name__}: {error}"[:500],
        )
    return update


def _check(news: StatusUpdate | Gone | Ignored) -> None:
    for name, value in vars(news).items():
        if name in ("at", "unreachable") or (name == "reason" and value is None):
            continue
        if not isinstance(value, str) or storable(value) != value:
            raise TypeError(f"{name} is no text: {value!r}"[:300])


def _messages(updates: Sequence[Update | Unread]) -> list[InboundMessage | InboundEdit]:
    return [one for one in updates if isinstance(one, InboundMessage | InboundEdit)]
