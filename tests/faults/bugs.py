"""Known mistakes, put into the product on purpose: a test that cannot see them proves nothing.

Each replaces something for the rest of the process; a test inside pytest hands in ``monkeypatch.setattr`` to undo it.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.agentdesk import ledger
from desk.conversations import repository as conversations
from desk.handoff.service import Handoff
from desk.inbox import accept
from desk.inbox import repository as inbox
from desk.message import InboundMessage
from desk.outbox import repository as outbox
from desk.tables.inbox import InboxRow, InboxState
from desk.tables.outbox import OutboxRow, OutboxState

type Replace = Callable[[Any, str, Any], None]

_BEHIND = 0.05
"""Seconds by which a writer who acknowledges first lags behind."""


def acknowledge_before_commit(replace: Replace) -> None:
    """Say 'received' at once and write a moment later, as a cache in memory would."""
    honest = accept.Acceptor.accept
    late: set[asyncio.Task[None]] = set()

    async def write(self: accept.Acceptor, messages: Sequence[InboundMessage]) -> None:
        await asyncio.sleep(_BEHIND)
        await honest(self, messages)

    async def hasty(self: accept.Acceptor, messages: Sequence[InboundMessage]) -> None:
        task = asyncio.create_task(write(self, messages))
        late.add(task)
        task.add_done_callback(late.discard)

    replace(accept.Acceptor, "accept", hasty)


def acknowledge_what_failed(replace: Replace) -> None:
    """Say 'received' although the database refused."""

    def content(stored: asyncio.Future[None], _: Exception) -> None:
        if not stored.done():
            stored.set_result(None)

    replace(accept, "_fail", content)


def forget_the_unique_key(replace: Replace) -> None:
    """Store a message under a name of its own each time it comes."""
    honest = inbox.add

    async def careless(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
        await honest(
            session, [row | {"external_id": f"{row['external_id']}#{uuid4()}"} for row in rows]
        )

    replace(inbox, "add", careless)


def forget_the_epoch(replace: Replace) -> None:
    """Queue the bot's messages without the epoch, so that no send is fenced."""
    honest = conversations.add_outbox

    async def careless(session: AsyncSession, **values: Any) -> int:
        return await honest(session, **(values | {"epoch": None}))

    replace(conversations, "add_outbox", careless)


def confirm_while_sending(replace: Replace) -> None:
    """Confirm a take-over without waiting for sends that are on their way."""

    async def impatient(*_: object) -> None:
        return

    replace(Handoff, "_wait_for_sends", impatient)


def show_the_agent_while_sending(replace: Replace) -> None:
    """Show agents at their desk who has a conversation without waiting for sends that are on their way."""

    async def none(*_: object) -> int:
        return 0

    replace(ledger, "sending_before", none)


def forget_the_turn_in_hand(replace: Replace) -> None:
    """Take what a killed process was working on for done."""

    async def careless(session: AsyncSession) -> int:
        state = InboxRow.state == InboxState.WORKING
        await session.execute(update(InboxRow).where(state).values(state=InboxState.DONE))
        return 0

    replace(inbox, "recover", careless)


def forget_the_send_in_hand(replace: Replace) -> None:
    """Take what a killed process was sending for sent."""

    async def careless(session: AsyncSession) -> int:
        state = OutboxRow.state == OutboxState.SENDING
        await session.execute(update(OutboxRow).where(state).values(state=OutboxState.SENT))
        return 0

    replace(outbox, "recover", careless)


def finish_twice(replace: Replace) -> None:
    """Leave a message in line after its turn was stored; whoever looks next runs it again."""
    honest = inbox.finish
    seen: set[int] = set()

    async def careless(
        session: AsyncSession, inbox_id: int, attempt: int, state: InboxState, **values: Any
    ) -> bool:
        if state is InboxState.DONE and inbox_id not in seen:
            seen.add(inbox_id)
            done_at: datetime = values["done_at"]
            return await honest(session, inbox_id, attempt, InboxState.NEW, not_before=done_at)
        return await honest(session, inbox_id, attempt, state, **values)

    replace(inbox, "finish", careless)


BUGS: dict[str, Callable[[Replace], None]] = {
    bug.__name__: bug
    for bug in (
        acknowledge_before_commit,
        acknowledge_what_failed,
        forget_the_unique_key,
        forget_the_epoch,
        confirm_while_sending,
        show_the_agent_while_sending,
        forget_the_turn_in_hand,
        forget_the_send_in_hand,
        finish_twice,
    )
}


def seed(name: str, replace: Replace = setattr) -> None:
    """Put a mistake into this process."""
    BUGS[name](replace)
