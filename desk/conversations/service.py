"""Conversations: what was said, who owns the talk, and how both change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.channel import Feature, InboundMessage
from desk.conversations import choices, repository
from desk.dialogue.clean import clean
from desk.dialogue.language import detect
from desk.dialogue.port import Button
from desk.events import Event
from desk.ids import new_id
from desk.tables.conversation import AttachmentRow, Author, ConversationRow, Direction, Owner
from desk.tables.outbox import OutboxState

LONGEST_TEXT = 20_000
"""Characters of a customer's message that are kept."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """An inbound message in its conversation, ready for whoever owns it."""

    inbox_id: int
    message_id: int
    external_id: str
    conversation_id: str
    contact_id: str
    channel: str
    thread: str
    owner: Owner
    epoch: int
    language: str
    text: str
    payload: str | None
    attachments: tuple[str, ...]
    shortened: bool
    sent_at: datetime


class Conversations:
    """Changes conversations inside the caller's transaction; whoever opens it, commits it."""

    def __init__(self, features: Mapping[str, frozenset[Feature]]) -> None:
        self._features = features

    async def receive(
        self,
        session: AsyncSession,
        message: InboundMessage,
        *,
        inbox_id: int,
        now: datetime,
        again: bool = True,
    ) -> Received:
        """Store an inbound message in its conversation, once; a closed conversation opens again.

        ``again`` is False when nobody can have tried before: then it is not looked for.
        """
        conversation = await self._conversation(session, message, now)
        picked, payload = await self._picked(session, message, conversation)
        text = picked if picked is not None else clean(message.text)
        if payload is None:
            conversation.language = detect(text, conversation.language)
        if conversation.owner is Owner.CLOSED:
            await self.change_owner(session, conversation, Owner.BOT, now=now, name="reopened")
        message_id = await repository.message_of_inbox(session, inbox_id) if again else None
        if message_id is None:
            shown = picked if picked is not None else message.text[:LONGEST_TEXT]
            message_id = await self._store(session, conversation, message, shown, inbox_id, now)
        await repository.keep(session, conversation)
        return Received(
            inbox_id=inbox_id,
            message_id=message_id,
            external_id=message.external_id,
            conversation_id=conversation.id,
            contact_id=conversation.contact_id,
            channel=conversation.channel,
            thread=conversation.thread,
            owner=conversation.owner,
            epoch=conversation.epoch,
            language=conversation.language,
            text=text,
            payload=payload,
            attachments=tuple(attachment.name for attachment in message.attachments),
            shortened=len(text) < len(message.text.strip()) * 0.9 and len(message.text) > 2_000,
            sent_at=message.sent_at,
        )

    async def _conversation(
        self, session: AsyncSession, message: InboundMessage, now: datetime
    ) -> ConversationRow:
        place = {"channel": message.channel, "account": message.account}
        found = await repository.held_by_thread(session, **place, thread=message.thread)
        if found is not None:
            return found
        handle = await repository.identity(session, **place, external_id=message.sender)
        language = detect(message.text, message.language or "en")
        contact_id = (
            handle.contact_id
            if handle
            else await repository.add_contact(
                session,
                **place,
                external_id=message.sender,
                name=message.sender_name,
                language=language,
                now=now,
            )
        )
        conversation = ConversationRow(
            id=new_id(),
            contact_id=contact_id,
            thread=message.thread,
            owner=Owner.BOT,
            epoch=0,
            resolution=0,
            last_seq=0,
            language=language,
            created_at=now,
            updated_at=now,
            **place,
        )
        await repository.add(session, conversation)
        self._log(session, conversation, "conversation.started", now, channel=message.channel)
        return conversation

    async def _picked(
        self, session: AsyncSession, message: InboundMessage, conversation: ConversationRow
    ) -> tuple[str | None, str | None]:
        if message.choice is None and len(message.text) > 100:
            return None, None
        if message.choice is not None:
            recent = await repository.recent_choices(session, conversation.id)
            picked = choices.by_id(message.choice, recent)
            return (picked.title, picked.payload) if picked else ("", None)
        latest = await repository.recent_choices(session, conversation.id, 1)
        picked = choices.by_text(message.text, latest[0]) if latest and latest[0] else None
        # The customer's own words stay as they wrote them; only the meaning comes from the button.
        return (None, picked.payload) if picked else (None, None)

    async def _store(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        message: InboundMessage,
        text: str,
        inbox_id: int,
        now: datetime,
    ) -> int:
        conversation.last_seq += 1
        conversation.updated_at = now
        message_id = await repository.add_message(
            session,
            conversation_id=conversation.id,
            seq=conversation.last_seq,
            direction=Direction.INBOUND,
            author=Author.CONTACT,
            author_name=message.sender_name,
            text=text,
            choices=[],
            external_id=message.external_id,
            inbox_id=inbox_id,
            created_at=now,
        )
        if message.attachments:
            await session.execute(
                insert(AttachmentRow),
                [
                    {
                        "message_id": message_id,
                        "name": file.name[:255],
                        "content_type": file.content_type[:128],
                        "size": len(file.content),
                        "content": file.content,
                    }
                    for file in message.attachments
                ],
            )
        self._log(
            session,
            conversation,
            "message.received",
            now,
            message_id=message_id,
            owner=conversation.owner,
            characters=len(text),
            attachments=len(message.attachments),
        )
        return message_id

    def is_local(self, channel: str) -> bool:
        """Say whether customers of a channel read from our own table, so that nothing is to be sent."""
        return Feature.LOCAL in self._features.get(channel, frozenset())

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
    ) -> int:
        """Store a message to the customer and put it in the outbox; return the message's id.

        Bot messages carry the epoch of this moment and are not sent in a later one. Where customers read from
        our own table (``Feature.LOCAL``) the storing is the sending, under the same lock as the check of the owner.
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
        self._log(session, conversation, name, now, message_id=message_id, author=author)
        return message_id

    async def note(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        text: str,
        *,
        author_name: str,
        now: datetime,
    ) -> int:
        """Keep a note that the customer never sees."""
        return await repository.add_message(
            session,
            conversation_id=conversation.id,
            seq=None,
            direction=Direction.NOTE,
            author=Author.AGENT,
            author_name=author_name,
            text=text,
            choices=[],
            created_at=now,
        )

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
        carry: bool = True,
    ) -> None:
        """Give the conversation to somebody else: the epoch grows and ``conversation.<name>`` is logged.

        With ``carry`` the bot's messages that still wait are sent all the same; a take-over passes False.
        """
        old, previous = conversation.epoch, conversation.owner
        conversation.owner = owner
        conversation.epoch = old + 1
        conversation.agent = agent
        conversation.waiting_since = now if owner is Owner.WAITING else None
        conversation.waiting_reason = reason if owner is Owner.WAITING else None
        conversation.updated_at = now
        if owner is Owner.CLOSED:
            conversation.resolution += 1
        await session.flush()
        if carry:
            await repository.carry_over(session, conversation.id, old=old, new=old + 1)
        self._log(
            session,
            conversation,
            f"conversation.{name}",
            now,
            previous=previous,
            owner=owner,
            epoch=conversation.epoch,
            agent=agent,
            reason=reason,
            resolution=conversation.resolution,
        )

    @staticmethod
    def _log(
        session: AsyncSession,
        conversation: ConversationRow,
        name: str,
        now: datetime,
        **data: object,
    ) -> None:
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
