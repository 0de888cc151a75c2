"""Conversations: what we say in them, who owns the talk, and how that changes. What comes in: ``incoming``."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.channel import Feature
from desk.conversations import repository
from desk.conversations.mirror import Mirror, NoMirror
from desk.dialogue.port import Button
from desk.events import Event
from desk.ids import new_id
from desk.media.links import FilesAsText, named
from desk.media.rows import attach
from desk.message import Attachment
from desk.outbox.shape import Shape, degraded, parts
from desk.tables.conversation import Author, ConversationRow, Direction, Owner
from desk.tables.outbox import OutboxState

_PEOPLE = frozenset({Owner.WAITING, Owner.HUMAN})


class Conversations:
    """Changes conversations inside the caller's transaction; whoever opens it, commits it."""

    def __init__(
        self,
        channels: Mapping[str, Shape],
        mirror: Mirror | None = None,
        *,
        files_as_text: FilesAsText = named,
    ) -> None:
        self._channels = channels
        self._files_as_text = files_as_text
        self.mirror: Mirror = mirror or NoMirror()

    def is_local(self, channel: str) -> bool:
        """Say whether customers of a channel read from our own table, so that nothing is to be sent."""
        shape = self._channels.get(channel)
        return shape is not None and Feature.LOCAL in shape.features

    async def say(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        text: str,
        *,
        author: Author,
        now: datetime,
        buttons: tuple[Button, ...] = (),
        author_name: str | None = None,
        attachments: Sequence[Attachment] = (),
    ) -> int:
        """Store a message to the customer and put it in the outbox; return the message's id.

        A channel that cannot show the buttons or carry the files gets them as text, and one that cannot take so much
        several messages, of which the last has the choices and the files. Bot messages carry the epoch of this moment
        and are not sent in a later one.
        """
        shape = self._channels.get(conversation.channel)
        if shape is not None:
            text = degraded(text, buttons, shape.features, conversation.language)
            if attachments and Feature.ATTACHMENTS not in shape.features:
                text = f"{text}\n\n{self._files_as_text(attachments)}".strip()
        *first, last = parts(text, shape.limit if shape else None)
        for part in first:
            await self._put(session, conversation, part, author, author_name, (), now)
        message_id = await self._put(
            session, conversation, last, author, author_name, buttons, now
        )
        await attach(session, message_id, attachments, now)
        return message_id

    async def _put(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        text: str,
        author: Author,
        author_name: str | None,
        buttons: tuple[Button, ...],
        now: datetime,
    ) -> int:
        """Store one message and its row in the outbox.

        Where customers read from our own table (``Feature.LOCAL``) the storing is the sending, under the same lock
        as the check of the owner.
        """
        local = self.is_local(conversation.channel)
        if local:
            conversation.last_seq += 1
        conversation.updated_at = now
        message_id = await repository.add_message(
            session,
            conversation_id=conversation.id,
            seq=conversation.last_seq if local else None,
            direction=Direction.OUTBOUND,
            author=author,
            author_name=author_name,
            text=text,
            choices=[
                {"id": new_id()[12:], "title": b.title, "payload": b.payload, "url": b.url}
                for b in buttons
            ],
            created_at=now,
        )
        if author is Author.AGENT and conversation.untold_after is None:
            conversation.untold_after = message_id - 1
        await repository.add_outbox(
            session,
            conversation_id=conversation.id,
            message_id=message_id,
            channel=conversation.channel,
            account=conversation.account,
            thread=conversation.thread,
            epoch=conversation.epoch if author is Author.BOT else None,
            state=OutboxState.SENT if local else OutboxState.QUEUED,
            attempts=1 if local else 0,
            not_before=now,
            created_at=now,
            sent_at=now if local else None,
        )
        name = "message.sent" if local else "message.queued"
        said: dict[str, object] = {
            "message_id": message_id,
            "author": author,
            "owner": conversation.owner,
        }
        if author is Author.AGENT:
            said["agent"] = author_name
        self.log(session, conversation, name, now, **said)
        await self.mirror.said(session, conversation, message_id, author=author, now=now)
        return message_id

    async def note(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        text: str,
        *,
        author_name: str | None = None,
        author: Author = Author.AGENT,
        now: datetime,
    ) -> int:
        """Keep a note that the customer never sees."""
        message_id = await repository.add_message(
            session,
            conversation_id=conversation.id,
            seq=None,
            direction=Direction.NOTE,
            author=author,
            author_name=author_name,
            text=text,
            choices=[],
            created_at=now,
        )
        await self.mirror.said(session, conversation, message_id, author=author, now=now)
        return message_id

    async def change_owner(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        owner: Owner,
        *,
        now: datetime,
        name: str,
        agent: str | None = None,
        reason: str | None = None,
        by: str | None = None,
        carry: bool = True,
        **more: object,
    ) -> None:
        """Give the conversation to somebody else: the epoch grows and ``conversation.<name>`` is logged.

        ``by`` is the agent who did it; without one it was the assistant, a rule or the clock. ``more`` is logged, too.

        With ``carry`` the bot's messages that still wait are sent all the same; a take-over passes False.
        """
        old, previous = conversation.epoch, conversation.owner
        if owner in _PEOPLE and conversation.untold_after is None:
            conversation.untold_after = await repository.last_message(session, conversation.id)
        if previous is Owner.HUMAN and owner not in _PEOPLE:
            conversation.doubts = None
        conversation.owner, conversation.owner_since = owner, now
        conversation.epoch = old + 1
        conversation.agent = agent
        conversation.waiting_since = now if owner is Owner.WAITING else None
        conversation.waiting_reason = reason if owner is Owner.WAITING else None
        conversation.updated_at = now
        conversation.tier = 0
        conversation.snoozed_until = conversation.reminded_at = conversation.asked_at = None
        if owner is Owner.CLOSED:
            conversation.resolution += 1
        await session.flush()
        if carry:
            await repository.carry_over(session, conversation.id, old=old, new=old + 1)
        known: dict[str, object] = {
            "previous": previous,
            "owner": owner,
            "epoch": conversation.epoch,
            "agent": agent,
            "reason": reason,
            "by": by,
            "resolution": conversation.resolution,
            "channel": conversation.channel,
            "language": conversation.language,
            "topic": conversation.topic,
            "team": conversation.team,
        }
        if agent and not conversation.team:
            known["team"] = await repository.team_of(session, agent)
        self.log(session, conversation, f"conversation.{name}", now, **known | more)
        await self.mirror.owner_changed(session, conversation, by=by, now=now)

    @staticmethod
    def log(
        session: AsyncSession,
        conversation: ConversationRow,
        name: str,
        now: datetime,
        **data: object,
    ) -> None:
        """Append an event about a conversation."""
        events.append(
            session,
            Event(
                name=name,
                occurred_at=now,
                contact_id=conversation.contact_id,
                conversation_id=conversation.id,
                data=data,
            ),
        )
