"""Mails to addresses, through the outbox of the mail channel."""

from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.contacts import repository as contacts
from desk.contacts.repository import Place
from desk.conversations import repository
from desk.conversations.service import Conversations
from desk.tables.conversation import Author, ConversationRow


class OutgoingMail:
    """Writes to an address in a conversation of its own, as an agent would. Nothing is sent here: rows are."""

    def __init__(
        self, conversations: Conversations, clock: Clock, *, channel: str, account: str
    ) -> None:
        self._conversations = conversations
        self._clock = clock
        self._channel = channel
        self._account = account

    async def send(
        self, session: AsyncSession, address: str, *, subject: str, text: str, language: str
    ) -> int:
        """Queue a mail in the caller's transaction; return the message's id."""
        talk = await self._talk(session, address, language)
        # The first line of a mail that nobody asked for is its subject.
        message_id = await self._conversations.say(
            session, talk, f"{subject}\n\n{text}", author=Author.SYSTEM, now=self._clock()
        )
        await repository.keep(session, talk)
        return message_id

    async def _talk(self, session: AsyncSession, address: str, language: str) -> ConversationRow:
        place = {"channel": self._channel, "account": self._account}
        found = await repository.held_by_thread(session, **place, thread=address)
        if found is not None:
            return found
        now = self._clock()
        holder = await contacts.contact_at(session, Place(self._channel, self._account, address))
        contact_id = holder or await repository.add_contact(
            session, **place, external_id=address, name=None, language=language, now=now
        )
        return await repository.begin(
            session,
            contact_id=contact_id,
            thread=address,
            handle=address,
            language=language,
            now=now,
            **place,
        )
