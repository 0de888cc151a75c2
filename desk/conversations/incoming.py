"""What customers say: a message becomes part of its conversation, an edit a note in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts import repository as contacts
from desk.contacts.links import Joins
from desk.conversations import choices, repository
from desk.conversations.prompts import NoPrompts, Prompt, Prompts
from desk.conversations.service import Conversations
from desk.conversations.surveys import Answers, NoAnswers, Taken, Words
from desk.dialogue.clean import clean
from desk.dialogue.language import detect
from desk.media.names import safe_name
from desk.media.rows import attach
from desk.message import InboundEdit, InboundMessage
from desk.phrases import Phrase, say
from desk.tables.conversation import Author, ConversationRow, Direction, Owner

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
    unsupported: str | None
    shortened: bool
    sent_at: datetime
    untold_after: int | None = None
    doubts: Mapping[str, Any] | None = None
    prompt: Prompt | None = None


class Incoming:
    """Takes what came in, inside the caller's transaction; whoever opens it, commits it."""

    def __init__(
        self,
        talk: Conversations,
        joins: Joins | None = None,
        answers: Answers | None = None,
        prompts: Prompts | None = None,
    ) -> None:
        """``answers`` take what answers a question of the desk's; without them everything is a turn.

        ``prompts`` know what a turn answers of what we had written unasked.
        """
        self._talk = talk
        self._joins = joins
        self._answers: Answers = answers or NoAnswers()
        self._prompts: Prompts = prompts or NoPrompts()

    async def receive(
        self,
        session: AsyncSession,
        message: InboundMessage,
        *,
        inbox_id: int,
        now: datetime,
        again: bool = True,
    ) -> Received | None:
        """Store an inbound message in its conversation, once; a closed conversation opens again.

        None for what answers a question of the desk's: that is no turn, and a closed conversation stays closed.
        ``again`` is False when nobody can have tried before: then it is not looked for.
        """
        message_id = await repository.message_of_inbox(session, inbox_id) if again else None
        if message.link and self._joins and message_id is None:
            await self._joins.join(session, message, now)
        conversation = await self._conversation(session, message, now)
        picked, payload = await self._picked(session, message, conversation)
        text = picked if picked is not None else clean(message.text)
        spoken = conversation.language
        if payload is None:
            conversation.language = detect(text, conversation.language)
        shown = picked if picked is not None else message.text[:LONGEST_TEXT]
        words = Words(
            text=text,
            payload=payload,
            key=f"answer:{inbox_id}",
            files=bool(message.attachments),
            language=spoken,
        )
        taken = None
        if message_id is None:
            taken = await self._answers.take(session, conversation, words, now)
        prompt = None
        if taken is None:
            prompt = await self._prompts.answered(session, conversation, inbox_id, now)
        if conversation.owner is Owner.CLOSED and taken is None:
            await self._reopen(session, conversation, words, now)
        conversation.handle = message.sender
        conversation.context = dict(message.context) or None
        if message_id is None:
            survey = taken.survey if taken else None
            message_id = await self._store(
                session, conversation, message, shown, inbox_id, now, survey
            )
        if taken is not None:
            await self._thank(session, conversation, taken, now)
            return None
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
            attachments=tuple(safe_name(file.name) for file in message.attachments),
            unsupported=message.unsupported,
            shortened=len(text) < len(message.text.strip()) * 0.9 and len(message.text) > 2_000,
            sent_at=message.sent_at,
            untold_after=conversation.untold_after,
            doubts=conversation.doubts,
            prompt=prompt,
        )

    async def _reopen(
        self, session: AsyncSession, conversation: ConversationRow, words: Words, now: datetime
    ) -> None:
        """Give a closed conversation back to the bot; whoever counts reopenings leaves those for a rating out."""
        rates = await self._answers.rates(session, conversation, words)
        await self._talk.change_owner(
            session,
            conversation,
            Owner.BOT,
            now=now,
            name="reopened",
            reason="rating" if rates else None,
        )

    async def _thank(
        self, session: AsyncSession, conversation: ConversationRow, taken: Taken, now: datetime
    ) -> None:
        if taken.text:
            message_id = await self._talk.say(
                session,
                conversation,
                taken.text,
                author=Author.SYSTEM,
                now=now,
                buttons=taken.buttons,
            )
            await self._answers.replied(session, taken, message_id)
        await repository.keep(session, conversation)

    async def edit(self, session: AsyncSession, edit: InboundEdit, *, now: datetime) -> None:
        """Keep what a customer changed or took back as a note; it is no turn of the assistant, and they are told so.

        What was read stays as it was: the record must show what an answer answered.
        """
        known = await repository.received_as(
            session, channel=edit.channel, account=edit.account, external_id=edit.edited
        )
        conversation = await repository.held(session, known[1]) if known else None
        if known is None or conversation is None:
            return
        deleted = edit.text is None
        what = "Message taken back" if deleted else f"Message changed to: {edit.text}"
        await self._talk.note(
            session, conversation, what[:LONGEST_TEXT], author=Author.SYSTEM, now=now
        )
        name = "message.deleted" if deleted else "message.edited"
        self._talk.log(session, conversation, name, now, message_id=known[0])
        if not deleted and conversation.owner is Owner.BOT:
            text = say(Phrase.EDITED, conversation.language)
            await self._talk.say(session, conversation, text, author=Author.SYSTEM, now=now)
        await repository.keep(session, conversation)

    async def _conversation(
        self, session: AsyncSession, message: InboundMessage, now: datetime
    ) -> ConversationRow:
        place = {"channel": message.channel, "account": message.account}
        found = await repository.held_by_thread(session, **place, thread=message.thread)
        if found is not None:
            return found
        holder = await contacts.holder(session, **place, external_id=message.sender)
        language = detect(message.text, message.language or "en")
        contact_id = (
            holder
            if holder
            else await repository.add_contact(
                session,
                **place,
                external_id=message.sender,
                name=message.sender_name,
                language=language,
                now=now,
            )
        )
        conversation = await repository.begin(
            session,
            contact_id=contact_id,
            thread=message.thread,
            handle=message.sender,
            language=language,
            now=now,
            **place,
        )
        self._talk.log(
            session,
            conversation,
            "conversation.started",
            now,
            channel=message.channel,
            language=language,
        )
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
        survey: int | None,
    ) -> int:
        conversation.last_seq += 1
        conversation.updated_at = now
        # Who writes is neither silent nor to be put off.
        conversation.snoozed_until = conversation.asked_at = None
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
        await attach(session, message_id, message.attachments, now)
        self._talk.log(
            session,
            conversation,
            "message.received",
            now,
            message_id=message_id,
            owner=conversation.owner,
            channel=conversation.channel,
            language=conversation.language,
            characters=len(text),
            attachments=len(message.attachments),
            # Who follows the log must not take a score for anything else.
            **({} if survey is None else {"survey": survey}),
        )
        await self._talk.mirror.said(
            session, conversation, message_id, author=Author.CONTACT, now=now
        )
        return message_id
