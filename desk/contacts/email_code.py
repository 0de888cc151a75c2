"""Codes by e-mail: who can read what we send to an address has proved that it is theirs."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.clock import Clock
from desk.commerce.proof import normalise_email
from desk.contacts import code_repository as ask
from desk.contacts import repository
from desk.contacts.merge_model import Word
from desk.contacts.merging import merge_in
from desk.contacts.repository import Place
from desk.conversations import repository as conversations_repository
from desk.conversations.service import Conversations
from desk.errors import ConflictError, InvalidError, RetryableError
from desk.events import Event
from desk.signals import OUTBOX, Signals
from desk.store.database import Database
from desk.tables.contact import ContactRow, EmailCodeRow, Proof
from desk.tables.conversation import Author, ConversationRow

LIFETIME = timedelta(minutes=15)
MOST_TRIES = 5
WINDOW = timedelta(hours=1)
PER_ADDRESS, PER_CONTACT = 3, 5

_TEXTS = {
    "en": "Your code is {code}. Enter it in the chat within 15 minutes, and we know that this address is yours.\n\n"
    "If you did not ask for it, ignore this mail. Never pass the code on: it would show your conversations "
    "with us to somebody else.",
    "zh": "您的验证码是 {code}。请在 15 分钟内在聊天窗口中输入，以确认这个邮箱属于您。\n\n"
    "如果不是您本人操作，请忽略这封邮件。请勿将验证码告诉任何人，否则对方可能看到您与我们的对话。",
}


class TooManyCodesError(RetryableError):
    """Too many codes were asked for; wait a while."""

    status_code = 429


class WrongCodeError(InvalidError):
    """This is not the code."""


class OldCodeError(ConflictError):
    """There is no code that still counts; ask for a new one."""


class _Tried(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    OLD = "old"


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """Where our mails come from: the e-mail channel's name and account. A mail to somebody who never wrote is in the
    thread that has the name of their address.
    """

    channel: str
    account: str


class EmailCodes:
    """Sends codes and takes them back; an asker is named by their own handle, on whatever channel they ask."""

    def __init__(
        self,
        *,
        database: Database,
        conversations: Conversations,
        signals: Signals,
        clock: Clock,
        secret: str,
        mailbox: Mailbox,
    ) -> None:
        self._database = database
        self._conversations = conversations
        self._signals = signals
        self._clock = clock
        self._key = hashlib.sha256(b"email-code:" + secret.encode()).digest()
        self._mailbox = mailbox

    async def start(self, asker: Place, email: str, *, language: str = "en") -> None:
        """Send a new code to an address; the ones before it do not count any more.

        Raises:
            InvalidError: this is no address.
            ConflictError: the asker has not written yet.
            TooManyCodesError: this contact or address had its codes for this hour.
        """
        address = normalise_email(email)
        if address is None:
            raise InvalidError("email: this is no e-mail address")
        code, now = f"{secrets.randbelow(10**6):06d}", self._clock()
        async with self._database.write() as session:
            contact, mailed = await repository.held_at(session, asker, self._place(address))
            if contact is None:
                raise ConflictError("write a message first")
            talk = await self._talk(session, address, mailed, language, now)
            await _limit(session, contact.id, address, now)
            digest = self._digest(contact.id, address, code)
            await ask.add(
                session,
                contact_id=contact.id,
                email=address,
                digest=digest,
                created_at=now,
                expires_at=now + LIFETIME,
            )
            text = _TEXTS.get(language, _TEXTS["en"]).format(code=code)
            await self._conversations.say(session, talk, text, author=Author.SYSTEM, now=now)
            await conversations_repository.keep(session, talk)
        await self._signals.publish(OUTBOX)

    async def confirm(self, asker: Place, code: str) -> str:
        """Take a code; the address it was sent to, which is returned, is the asker's own from now on.

        Raises:
            WrongCodeError: try again; after five tries only a new code helps.
            OldCodeError: there is no code that still counts.
            TwoCustomersError: the address belongs to another customer of the shop.
        """
        now = self._clock()
        # What was tried must be kept, so what is wrong is said when it is written.
        async with self._database.write() as session:
            tried, address = await self._try(session, asker, code, now)
        if tried is _Tried.OLD:
            raise OldCodeError
        if tried is _Tried.WRONG:
            raise WrongCodeError
        return address

    async def _try(
        self, session: AsyncSession, asker: Place, code: str, now: datetime
    ) -> tuple[_Tried, str]:
        asking = await repository.contact_at(session, asker)
        sent = await ask.newest(session, asking) if asking else None
        if sent is None:
            return _Tried.OLD, ""
        contact, mailed = await repository.held_at(session, asker, self._place(sent.email))
        await session.refresh(sent)
        tried = self._compare(sent, contact, code, now)
        if tried is _Tried.WRONG:
            sent.tries += 1
        if tried is _Tried.RIGHT and contact is not None:
            sent.confirmed_at = now
            await self._join(session, contact, mailed, sent.email, now)
        return tried, sent.email

    def _compare(
        self, sent: EmailCodeRow, contact: ContactRow | None, code: str, now: datetime
    ) -> _Tried:
        is_over = sent.confirmed_at is not None or now >= sent.expires_at
        if is_over or sent.tries >= MOST_TRIES or contact is None or contact.id != sent.contact_id:
            return _Tried.OLD
        digest = self._digest(contact.id, sent.email, "".join(code.split()))
        return _Tried.RIGHT if hmac.compare_digest(digest, sent.digest) else _Tried.WRONG

    async def _join(
        self,
        session: AsyncSession,
        contact: ContactRow,
        mailed: ContactRow | None,
        address: str,
        now: datetime,
    ) -> None:
        merge_id = None
        if mailed is None:
            await repository.add_identity(session, contact.id, self._place(address), now=now)
        elif mailed.id != contact.id:
            word = Word(by="customer", proof=Proof.EMAIL_CODE)
            merge_id = (await merge_in(session, contact.id, mailed.id, word, now=now)).id
        await repository.prove(session, self._place(address), now)
        contact.email = contact.email or address
        data = {"channel": self._mailbox.channel, "merge_id": merge_id}
        events.append(
            session,
            Event(
                name="contact.email_verified", occurred_at=now, contact_id=contact.id, data=data
            ),
        )

    async def _talk(
        self,
        session: AsyncSession,
        address: str,
        contact: ContactRow | None,
        language: str,
        now: datetime,
    ) -> ConversationRow:
        """Return the conversation in which we write to an address first, held; until it is proved it is nobody's."""
        place = {"channel": self._mailbox.channel, "account": self._mailbox.account}
        found = await conversations_repository.held_by_thread(session, **place, thread=address)
        if found is not None:
            return found
        contact_id = (
            contact.id
            if contact
            else await conversations_repository.add_contact(
                session, **place, external_id=address, name=None, language=language, now=now
            )
        )
        return await conversations_repository.begin(
            session,
            contact_id=contact_id,
            thread=address,
            handle=address,
            language=language,
            now=now,
            **place,
        )

    def _place(self, address: str) -> Place:
        return Place(self._mailbox.channel, self._mailbox.account, address)

    def _digest(self, contact_id: str, address: str, code: str) -> str:
        said = f"{contact_id}\n{address}\n{code}".encode()
        return hmac.new(self._key, said, "sha256").hexdigest()


async def _limit(session: AsyncSession, contact_id: str, address: str, now: datetime) -> None:
    since = now - WINDOW
    for most, found in (
        (PER_ADDRESS, await ask.sent_to(session, address, since)),
        (PER_CONTACT, await ask.asked_by(session, contact_id, since)),
    ):
        if len(found) >= most:
            raise TooManyCodesError(retry_in=found[-most] + WINDOW - now)
