"""How the accounts are: up, or down since when and why. Only changes are written."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.channel import ChannelDownError
from desk.clock import Clock
from desk.events import Event
from desk.store.database import Database
from desk.store.storable import storable
from desk.store.upsert import save
from desk.tables.channel import ChannelState, ChannelStateRow

log = structlog.get_logger()


class ChannelStates:
    """Takes note of what became of calls to platforms."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[tuple[str, str], ChannelState] = {}

    async def tell(self, channel: str, account: str, error: Exception | None) -> None:
        """Note how a call ended: without an error the account is up, refused credentials mean that it is down.

        Any other error says nothing about the account.
        """
        if isinstance(error, ChannelDownError):
            await self._change(channel, account, ChannelState.DOWN, str(error))
        elif error is None:
            await self._change(channel, account, ChannelState.UP, None)

    async def _change(
        self, channel: str, account: str, state: ChannelState, reason: str | None
    ) -> None:
        if self._known.get((channel, account)) is state:
            return
        now = self._clock()
        async with self._database.write() as session:
            key = {"channel": channel, "account": account}
            row = await session.scalar(select(ChannelStateRow).filter_by(**key))
            if row is None or row.state is not state:
                values = {"state": state, "reason": reason and storable(reason, 500), "since": now}
                await save(session, ChannelStateRow, [{**key, **values}], key=list(key))
                _log(session, channel, account, state, now)
        self._known[channel, account] = state

    async def all(self) -> Sequence[ChannelStateRow]:
        """Return what is known, by channel and account."""
        query = select(ChannelStateRow).order_by(ChannelStateRow.channel, ChannelStateRow.account)
        async with self._database.read() as session:
            return (await session.scalars(query)).all()


def _log(
    session: AsyncSession, channel: str, account: str, state: ChannelState, now: datetime
) -> None:
    note = log.warning if state is ChannelState.DOWN else log.info
    note("channel_state", channel=channel, account=account, state=state)
    data = {"channel": channel, "account": account}
    events.append(session, Event(name=f"channel.went_{state}", occurred_at=now, data=data))
