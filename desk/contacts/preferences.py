"""What somebody wants to get from us, as they see and set it themselves by a link."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.contacts import consents, repository
from desk.contacts.suppressing import MAIL, Suppressions, Word
from desk.contacts.unsubscribe_links import Recipient
from desk.store.database import Database
from desk.tables.contact import ContactRow
from desk.tables.suppression import SuppressionReason

CHOICES = ("marketing", "newsletter", "survey")
"""The purposes somebody can choose. Without a word surveys are wanted; the others need a yes."""
_BY = "contact"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which purposes on which channels somebody wants; ``channels`` are all on which they can be reached."""

    purposes: frozenset[str]
    channels: tuple[str, ...]
    open: frozenset[str]
    language: str | None
    #: Whether we still know them; somebody who was erased can only say no.
    known: bool = True

    @property
    def nothing(self) -> bool:
        """Whether nothing is sent unasked."""
        return not (self.open and self.purposes)


class Preferences:
    """Reads and sets them."""

    def __init__(self, database: Database, clock: Clock, suppressions: Suppressions) -> None:
        self._database = database
        self._clock = clock
        self._suppressions = suppressions

    async def of(self, recipient: Recipient) -> Wanted:
        """Return what somebody wants."""
        async with self._database.read() as session:
            contact = await _now_known_as(session, recipient.contact_id)
            return await self._wanted(session, contact)

    async def unsubscribe(self, recipient: Recipient) -> None:
        """Obey one click: no more of this purpose, and nothing unasked on this channel. Again changes nothing."""
        await self._withdraw(recipient, {recipient.purpose}, recipient.channel)

    async def stop_all(self, recipient: Recipient) -> None:
        """Obey "unsubscribe from everything"."""
        await self._withdraw(recipient, set(CHOICES), None)

    async def choose(
        self, recipient: Recipient, *, purposes: Set[str], channels: Set[str]
    ) -> None:
        """Set exactly this; somebody who was erased has nothing to choose."""
        async with self._database.write() as session:
            now = self._clock()
            contact = await _now_known_as(session, recipient.contact_id)
            if contact is None:
                return
            wanted = await self._wanted(session, contact)
            for purpose in sorted(wanted.purposes ^ (purposes & set(CHOICES))):
                await _say(session, contact.id, purpose, granted=purpose in purposes, now=now)
            await self._set_channels(session, contact, recipient, wanted, channels, now)

    async def _withdraw(
        self, recipient: Recipient, purposes: Set[str], channel: str | None
    ) -> None:
        async with self._database.write() as session:
            now = self._clock()
            contact = await _now_known_as(session, recipient.contact_id)
            if contact is None:  # erased: all that is left of them is the address
                word = _word(None, recipient, recipient.channel)
            else:
                word = _word(contact, recipient, channel)
                for purpose in sorted(purposes):
                    if await consents.said(session, contact.id, purpose) is not False:
                        await _say(session, contact.id, purpose, granted=False, now=now)
            await self._suppressions.add_in(session, word, now)

    async def _set_channels(
        self,
        session: AsyncSession,
        contact: ContactRow,
        recipient: Recipient,
        wanted: Wanted,
        channels: Set[str],
        now: datetime,
    ) -> None:
        if channels & set(wanted.channels) == wanted.open:
            return
        await self._suppressions.lift_in(
            session, contact.id, channel=None, by=_BY, now=now, note="preferences"
        )
        for channel in wanted.channels:
            if channel not in channels:
                word = _word(contact, recipient, channel)
                await self._suppressions.add_in(session, word, now)

    async def _wanted(self, session: AsyncSession, contact: ContactRow | None) -> Wanted:
        if contact is None:
            none: frozenset[str] = frozenset()
            return Wanted(purposes=none, channels=(), open=none, language=None, known=False)
        said = {one: await consents.said(session, contact.id, one) for one in CHOICES}
        handles = await repository.identities_of(session, contact.id)
        channels = dict.fromkeys(one.channel for one in handles)
        if contact.email:
            channels[MAIL] = None
        standing = await self._suppressions.standing(session, contact.id)
        closed = {row.channel for row in standing}
        is_open = frozenset() if None in closed else frozenset(channels.keys() - closed)
        return Wanted(
            purposes=frozenset(
                one for one, yes in said.items() if yes or (yes is None and one == "survey")
            ),
            channels=tuple(channels),
            open=is_open,
            language=contact.language,
        )


async def _say(
    session: AsyncSession, contact_id: str, purpose: str, *, granted: bool, now: datetime
) -> None:
    await consents.record(
        session,
        contact_id=contact_id,
        conversation_id=None,
        purpose=purpose,
        granted=granted,
        key=f"preferences:{token_hex(12)}",
        now=now,
    )


def _word(contact: ContactRow | None, recipient: Recipient, channel: str | None) -> Word:
    return Word(
        contact_id=contact.id if contact else None,
        reason=SuppressionReason.UNSUBSCRIBED,
        by=_BY,
        channel=channel,
        campaign_id=recipient.campaign_id,
        digest=recipient.digest if channel == recipient.channel else None,
    )


async def _now_known_as(session: AsyncSession, contact_id: str) -> ContactRow | None:
    row = await repository.by_id(session, contact_id)
    if row is None or row.merged_into is None:
        return row
    return await repository.by_id(session, row.merged_into)
