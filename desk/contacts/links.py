"""Deep links: an address that opens our chat on another platform and brings along who followed it.

A token fits Telegram's start parameter: at most 64 of ``A-Z a-z 0-9 _ -``. It is a letter of introduction that whoever
holds it can show once, so it joins histories and proves nothing else: nobody stays verified as a customer over it.
"""

import base64
import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Protocol, runtime_checkable

from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.clock import Clock
from desk.contacts import repository
from desk.contacts.merge_model import TwoCustomersError, Word
from desk.contacts.merging import merge_in
from desk.contacts.repository import Place
from desk.conversations.repository import add_contact
from desk.events import Event
from desk.message import InboundMessage
from desk.store.upsert import insert_new
from desk.tables.contact import ContactRow, LinkUseRow, Proof

LIFETIME = timedelta(hours=24)
CAMPAIGN_LIFETIME = timedelta(days=90)
_BODY = struct.Struct(
    ">B16sI4s"
)  # kind, id, when it expires in seconds since 1970, what makes it unique
_SIGNATURE = 16
_LONGEST = 64


class Joins(Protocol):
    """What the core asks when a message carries the proof of a link."""

    async def join(
        self, session: AsyncSession, message: InboundMessage, now: datetime
    ) -> str | None:
        """Let the sender's handle be the linked contact's; return that contact's id, None when refused.

        Called in the transaction that receives the message, before any conversation is held in it.
        """


@runtime_checkable
class LinkedChannel(Protocol):
    """A channel that can be opened by a link which hands us a token with the first message."""

    name: str

    def deep_link(self, token: str) -> str:
        """Return the address that opens our chat there; RetryableError while it is not known."""


class LinkKind(IntEnum):
    """What a token's id names."""

    CONTACT = 1
    VISITOR = 2
    CAMPAIGN = 3


class Refusal(StrEnum):
    """Why a link does not count."""

    FORGED = "forged"
    EXPIRED = "expired"
    USED = "used"
    GONE = "gone"
    TWO_CUSTOMERS = "two_customers"


@dataclass(frozen=True)
class Link:
    """What a good token says; ``digest`` is its name in our tables."""

    kind: LinkKind
    id: str
    digest: str


class ContactLinks:
    """Makes tokens and joins who comes with one. ``visitors`` is where visitors of the web chat have their handles."""

    def __init__(
        self, secret: str, clock: Clock, *, visitors: tuple[str, str] = ("webchat", "default")
    ) -> None:
        self._key = hashlib.sha256(b"contact-link:" + secret.encode()).digest()
        self._clock = clock
        self._visitors = visitors

    def for_contact(self, contact_id: str) -> str:
        """Return a token that joins a contact, once, within 24 hours."""
        return self._token(LinkKind.CONTACT, contact_id, LIFETIME)

    def for_visitor(self, visitor: str) -> str:
        """Return a token that joins a visitor of the web chat, who need not have written yet."""
        return self._token(LinkKind.VISITOR, visitor, LIFETIME)

    def for_campaign(self, campaign_id: str) -> str:
        """Return a token that says by which campaign somebody comes; it joins nobody and many may use it."""
        return self._token(LinkKind.CAMPAIGN, campaign_id, CAMPAIGN_LIFETIME)

    def read(self, token: str, now: datetime) -> Link | Refusal:
        """Return what a token says, or why it does not count."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            kind, id_, expires, _ = _BODY.unpack(raw[:-_SIGNATURE])
        except (ValueError, struct.error):
            return Refusal.FORGED
        # Base64 can be spelled in several ways; only ours is the same link, which can be used once.
        if not hmac.compare_digest(_encode(self._signed(raw[:-_SIGNATURE])), token.encode()):
            return Refusal.FORGED
        if now >= datetime.fromtimestamp(expires, UTC):
            return Refusal.EXPIRED
        return Link(LinkKind(kind), id_.hex(), hashlib.sha256(raw).hexdigest())

    async def join(
        self, session: AsyncSession, message: InboundMessage, now: datetime
    ) -> str | None:
        """Do what :class:`Joins` says; a link that does not count is the event ``link.refused``."""
        link = self.read((message.link or "")[:_LONGEST], now)
        if isinstance(link, Link) and link.kind is LinkKind.CAMPAIGN:
            _log(session, "link.followed", message, now, campaign_id=link.id)
            return None
        found = link if isinstance(link, Refusal) else await self._use(session, link, message, now)
        if isinstance(found, Refusal):
            _log(session, "link.refused", message, now, reason=found.value)
            return None
        return found

    async def _use(
        self, session: AsyncSession, link: Link, message: InboundMessage, now: datetime
    ) -> str | Refusal:
        sender = Place(message.channel, message.account, message.sender)
        use = {"digest": link.digest, **sender.columns, "used_at": now}
        if not await insert_new(session, LinkUseRow, use, unique=["digest"]):
            # The same message may be received again, after a turn that failed.
            used = await session.get(LinkUseRow, link.digest)
            by = Place(used.channel, used.account, used.external_id) if used else None
            known = await repository.contact_at(session, sender) if by == sender else None
            return known or Refusal.USED
        try:
            return await self._join(session, link, sender, message, now)
        except TwoCustomersError:
            return Refusal.TWO_CUSTOMERS

    async def _join(
        self,
        session: AsyncSession,
        link: Link,
        sender: Place,
        message: InboundMessage,
        now: datetime,
    ) -> str | Refusal:
        whom = await self._whom(session, link, sender, message, now)
        own, linked = await repository.held_at(session, sender, whom)
        if linked is None:
            return Refusal.GONE
        if own is None:
            await _attach(session, linked, sender, now)
        elif own.id != linked.id:
            word = Word(by="customer", proof=Proof.DEEP_LINK)
            await merge_in(session, linked.id, own.id, word, now=now)
        await repository.prove(session, sender, now)
        contact_id = await repository.contact_at(session, sender)
        _log(session, "contact.linked", message, now, contact_id=contact_id)
        return contact_id or Refusal.GONE

    async def _whom(
        self,
        session: AsyncSession,
        link: Link,
        sender: Place,
        message: InboundMessage,
        now: datetime,
    ) -> Place | str:
        """Return whom to join; a visitor who has not written yet becomes known, as the sender if that one is."""
        if link.kind is LinkKind.CONTACT:
            return link.id
        visitor = Place(*self._visitors, link.id)
        own, known = await repository.held_at(session, sender, visitor)
        if known is None and own is not None:
            await _attach(session, own, visitor, now)
        elif known is None:
            language = message.language or "en"
            await add_contact(
                session, **visitor.columns, name=message.sender_name, language=language, now=now
            )
        return visitor

    def _token(self, kind: LinkKind, id_: str, lifetime: timedelta) -> str:
        expires = int((self._clock() + lifetime).timestamp())
        body = _BODY.pack(kind, bytes.fromhex(id_), expires, secrets.token_bytes(4))
        return _encode(self._signed(body)).decode()

    def _signed(self, body: bytes) -> bytes:
        return body + hmac.digest(self._key, body, "sha256")[:_SIGNATURE]


async def _attach(session: AsyncSession, contact: ContactRow, place: Place, now: datetime) -> None:
    await repository.add_identity(session, contact.id, place, now=now)
    contact.verified_at = None


def _encode(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _log(
    session: AsyncSession,
    name: str,
    message: InboundMessage,
    now: datetime,
    contact_id: str | None = None,
    **data: str,
) -> None:
    known = {"channel": message.channel, "account": message.account}
    events.append(
        session,
        Event(name=name, occurred_at=now, contact_id=contact_id, data=known | data),
    )
