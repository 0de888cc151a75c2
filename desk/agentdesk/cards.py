"""Cards and lines as they are at this moment, from the rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.agentdesk import facts, repository
from desk.agentdesk.port import Button, Card, Line
from desk.agentdesk.queue import Waiting, queue_order, why
from desk.agentdesk.rules import Rulebook
from desk.conversations import repository as conversations
from desk.media import repository as media
from desk.message import Attachment
from desk.tables.agent import AgentRow
from desk.tables.contact import ContactRow
from desk.tables.conversation import (
    AttachmentRow,
    ConversationRow,
    Direction,
    FileState,
    MessageRow,
    Owner,
)

_LAST = 4
"""Turns that a card shows."""
_ALWAYS = (Button.SEND_ONCE, Button.NOTE)
BUTTONS: dict[Owner, tuple[Button, ...]] = {
    Owner.BOT: (Button.TAKE_OVER, *_ALWAYS, Button.RESOLVE),
    Owner.WAITING: (
        Button.TAKE_OVER,
        *_ALWAYS,
        Button.TRANSFER,
        Button.SNOOZE,
        Button.RESOLVE,
    ),
    Owner.HUMAN: (*_ALWAYS, Button.TRANSFER, Button.SNOOZE, Button.RESOLVE, Button.RELEASE),
    Owner.CLOSED: (Button.TAKE_OVER, *_ALWAYS),
}
"""What can be done in each state; who may do it is asked when it is done."""


class Cards:
    """Renders. ``promised`` is within which time somebody is to come; ``public_url`` leads to the console."""

    def __init__(
        self, rules: Rulebook, *, promised: timedelta, public_url: str | None = None
    ) -> None:
        self._rules = rules
        self._promised = promised
        self._public_url = public_url

    async def card(
        self, session: AsyncSession, conversation: ConversationRow, now: datetime
    ) -> Card:
        """Return a conversation's card."""
        contact = await session.get(ContactRow, conversation.contact_id)
        agent = await _agent(session, conversation.agent)
        messages = await conversations.history(session, conversation.id, _LAST)
        rules = self._rules.rules
        waiting = await facts.waiting(session, [conversation], rules, self._promised)
        base = self._public_url
        return Card(
            conversation_id=conversation.id,
            epoch=conversation.epoch,
            owner=conversation.owner,
            title=(contact.name if contact else None) or f"Customer {conversation.id[-6:]}",
            channel=conversation.channel,
            language=conversation.language,
            agent=conversation.agent,
            agent_external_id=agent.external_id if agent else None,
            reason=conversation.waiting_reason,
            waiting_since=conversation.waiting_since,
            snoozed_until=conversation.snoozed_until,
            outcome=_outcome(conversation),
            moods=await facts.moods(session, conversation.id),
            queue=why(waiting[0], now) if waiting else None,
            facts=await facts.allowed(session, conversation, rules),
            lines=tuple(line(one) for one in messages if one.direction is not Direction.NOTE),
            buttons=BUTTONS[conversation.owner],
            console_url=f"{base}/console/conversations/{conversation.id}" if base else None,
            earlier=await repository.earlier(session, conversation.id),
        )

    async def queue(
        self, session: AsyncSession, now: datetime
    ) -> tuple[list[ConversationRow], dict[str, str]]:
        """Return who waits, in the order of their turns, and why there, by conversation."""
        rows = await repository.alive(session, [Owner.WAITING])
        waits = await facts.waiting(session, rows, self._rules.rules, self._promised)
        return in_order(rows, waits, now)


def in_order(
    rows: Sequence[ConversationRow], waits: Sequence[Waiting], now: datetime
) -> tuple[list[ConversationRow], dict[str, str]]:
    """Return rows in the order of their turns; those that are put off come last."""
    turns = {turn.conversation_id: turn for turn in queue_order(waits, now)}
    ordered = sorted(rows, key=lambda row: (row.snoozed_until is not None, turns[row.id].place))
    return ordered, {row.id: turns[row.id].why for row in rows}


def line(message: MessageRow, files: Sequence[AttachmentRow] = ()) -> Line:
    """Return a message as a line."""
    return Line(
        author=message.author,
        text=message.text,
        name=message.author_name,
        at=message.created_at,
        choices=tuple(str(choice["title"]) for choice in message.choices),
        attachments=tuple(
            Attachment(
                name=file.name,
                content_type=file.content_type,
                key=file.key,
                content=file.content,
                size=file.size,
            )
            for file in files
        ),
    )


async def whole_line(session: AsyncSession, message: MessageRow) -> tuple[Line, bool]:
    """Return a message with its files, and whether all of those are here yet."""
    files = await media.of_messages(session, [message.id])
    ready = all(file.state is not FileState.WAITING for file in files)
    return line(message, files), ready


async def _agent(session: AsyncSession, name: str | None) -> AgentRow | None:
    return await session.scalar(select(AgentRow).where(AgentRow.name == name)) if name else None


def _outcome(conversation: ConversationRow) -> str | None:
    if conversation.owner is not Owner.CLOSED:
        return None
    said = [conversation.outcome or "", conversation.topic or ""]
    return ", ".join(one.replace("_", " ") for one in said if one) or None
