"""Adding, lifting and listing words against messages, and knowing an address again."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.clock import Clock
from desk.commerce.proof import normalise_email
from desk.contacts import repository
from desk.errors import ConflictError, NotFoundError
from desk.events import Event
from desk.store.database import Database
from desk.store.storable import storable
from desk.tables.contact import ContactRow
from desk.tables.suppression import SuppressionReason, SuppressionRow

MAIL = "email"
"""The channel on which a contact's e-mail address is a handle."""
_LONGEST_NOTE = 500
_OF_A_WORD = ("digest", "channel", "reason", "note", "campaign_id", "by", "created_at")


@dataclass(frozen=True, kw_only=True)
class Word:
    """Somebody's word against messages: whose, on which channel (None is all), why and by whom."""

    contact_id: str | None
    reason: SuppressionReason
    by: str
    channel: str | None = None
    note: str | None = None
    conversation_id: str | None = None
    campaign_id: int | None = None
    #: An address besides those that the contact has, as its digest; it needs a channel.
    digest: str | None = None


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """A word as it stands; ``channel`` None is every channel."""

    id: int
    channel: str | None
    reason: SuppressionReason
    note: str | None
    campaign_id: int | None
    by: str
    created_at: datetime
    lifted_at: datetime | None
    lifted_by: str | None
    lifted_note: str | None


class Suppressions:
    """Adds, lifts and lists. What ends with ``_in`` works inside the caller's transaction."""

    def __init__(self, database: Database, clock: Clock, secret: str) -> None:
        self._database = database
        self._clock = clock
        key = hashlib.sha256(b"suppression:" + secret.encode()).digest()
        self._keyed = hmac.new(key, digestmod="sha256")

    def digest(self, channel: str, address: str) -> str:
        """Return by what an address is known again, and nobody can read it from."""
        plain = normalise_email(address) or address.strip()
        # Copied with the key worked in: a campaign asks for a million of them.
        digest = self._keyed.copy()
        digest.update(f"{channel}\n{plain}".encode())
        return digest.hexdigest()

    async def suppress(self, word: Word) -> bool:
        """Add a word; False when that very word stands already.

        Raises:
            NotFoundError: there is no such contact.
        """
        async with self._database.write() as session:
            return await self.add_in(session, word, self._clock())

    async def lift(self, contact_id: str, *, channel: str | None, by: str, note: str) -> int:
        """Lift what stands on a channel, or everything; return how many words that were.

        Raises:
            NotFoundError: nothing is suppressed there.
            ConflictError: they said it for every channel.
        """
        async with self._database.write() as session:
            lifted = await self.lift_in(
                session, contact_id, channel=channel, by=by, note=note, now=self._clock()
            )
            if lifted:
                return lifted
            if await self.standing(session, contact_id):
                raise ConflictError("it stands for every channel: lift it for all of them")
            raise NotFoundError("nothing is suppressed for this contact there")

    async def of(self, contact_id: str) -> tuple[Suppression, ...]:
        """Return a contact's words, the newest first, also those that were lifted."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(SuppressionRow)
                .where(SuppressionRow.contact_id == contact_id)
                .order_by(SuppressionRow.id.desc())
            )
            return _shown(rows.all())

    async def standing(self, session: AsyncSession, contact_id: str) -> Sequence[SuppressionRow]:
        """Return the rows that stand."""
        rows = await session.scalars(
            select(SuppressionRow)
            .where(SuppressionRow.contact_id == contact_id, SuppressionRow.lifted_at.is_(None))
            .order_by(SuppressionRow.id)
        )
        return rows.all()

    async def add_in(
        self, session: AsyncSession, word: Word, now: datetime, **told: object
    ) -> bool:
        """Add a word with the addresses it is about; ``told`` goes into the event. False when it stands already."""
        addresses = await self._addresses(session, word)
        if await self._stands(session, word, addresses):
            return False
        note = storable(word.note, _LONGEST_NOTE) if word.note else None
        for digest, channel in [(None, word.channel), *addresses.items()]:
            if word.contact_id is None and digest is None:
                continue
            session.add(
                SuppressionRow(
                    contact_id=word.contact_id,
                    conversation_id=word.conversation_id,
                    digest=digest,
                    channel=channel,
                    reason=word.reason,
                    note=note,
                    campaign_id=word.campaign_id,
                    by=storable(word.by, 128),
                    created_at=now,
                )
            )
        await session.flush()
        data = {
            "reason": word.reason.value,
            "channel": word.channel,
            "campaign_id": word.campaign_id,
            "by": word.by,
            **told,
        }
        _log(session, "contact.opted_out", word.contact_id, word.conversation_id, now, data)
        return True

    async def lift_in(
        self,
        session: AsyncSession,
        contact_id: str,
        *,
        channel: str | None,
        by: str,
        now: datetime,
        note: str | None = None,
        conversation_id: str | None = None,
    ) -> int:
        """Lift what stands on a channel, or everything, for the contact and their addresses; return how many rows."""
        digests = await self._digests(session, contact_id)
        whose = or_(SuppressionRow.contact_id == contact_id, SuppressionRow.digest.in_(digests))
        where = [whose, SuppressionRow.lifted_at.is_(None)]
        if channel is not None:
            where.append(SuppressionRow.channel == channel)
            if any(row.channel is None for row in await self.standing(session, contact_id)):
                return 0
        done = await session.scalars(
            update(SuppressionRow)
            .where(*where)
            .values(
                lifted_at=now,
                lifted_by=storable(by, 128),
                lifted_note=storable(note, _LONGEST_NOTE) if note else None,
            )
            .returning(SuppressionRow.id)
            .execution_options(synchronize_session=False)
        )
        count = len(done.all())
        if count:
            data: dict[str, object] = {"channel": channel, "by": by}
            _log(session, "contact.opted_in", contact_id, conversation_id, now, data)
        return count

    async def adopt_in(self, session: AsyncSession, people: Iterable[tuple[str, str, str]]) -> int:
        """Let words about an address hold for whoever has it now; return how many did not hold for them yet.

        ``people`` are (contact id, channel, address), some thousands at most: imported again after they were erased,
        or another entry of the same person.
        """
        holders: dict[str, set[str]] = {}
        for contact_id, channel, address in people:
            holders.setdefault(self.digest(channel, address), set()).add(contact_id)
        found = await session.scalars(
            select(SuppressionRow).where(
                SuppressionRow.digest.in_(holders), SuppressionRow.lifted_at.is_(None)
            )
        )
        rows = found.all()
        standing = {row.digest or "": row for row in rows}
        held = {(row.contact_id, row.digest) for row in rows}
        new = [
            (contact_id, row)
            for digest, row in standing.items()
            for contact_id in sorted(holders[digest])
            if (contact_id, digest) not in held
        ]
        for contact_id, row in new:
            word = {name: getattr(row, name) for name in _OF_A_WORD}
            session.add(SuppressionRow(contact_id=contact_id, **word))
        await session.flush()
        return len(new)

    async def _addresses(self, session: AsyncSession, word: Word) -> dict[str, str | None]:
        """Return the digests of the addresses that a word is about, with their channels."""
        found: dict[str, str | None] = {}
        if word.contact_id is not None:
            places = await self._places(session, word.contact_id)
            found = {
                self.digest(channel, address): channel
                for channel, address in places
                if word.channel in (None, channel)
            }
        return found | ({word.digest: word.channel} if word.digest else {})

    async def _digests(self, session: AsyncSession, contact_id: str) -> list[str]:
        return [self.digest(*place) for place in await self._places(session, contact_id)]

    @staticmethod
    async def _places(session: AsyncSession, contact_id: str) -> list[tuple[str, str]]:
        contact = await session.get(ContactRow, contact_id)
        if contact is None:
            raise NotFoundError(f"there is no contact {contact_id}")
        handles = await repository.identities_of(session, contact_id)
        places = [(handle.channel, handle.external_id) for handle in handles]
        return [*places, *([(MAIL, contact.email)] if contact.email else [])]

    async def _stands(self, session: AsyncSession, word: Word, addresses: Iterable[str]) -> bool:
        if word.contact_id is None:
            known = await session.scalars(
                select(SuppressionRow.digest).where(
                    SuppressionRow.digest.in_(list(addresses)), SuppressionRow.lifted_at.is_(None)
                )
            )
            return set(addresses) <= set(known)
        return any(
            row.digest is None
            and row.reason == word.reason
            and row.channel in (None, word.channel)
            for row in await self.standing(session, word.contact_id)
        )


def _shown(rows: Sequence[SuppressionRow]) -> tuple[Suppression, ...]:
    """Return what a person must know: rows of addresses only where no word covers them."""
    words = {(row.created_at, row.reason) for row in rows if row.digest is None}
    return tuple(
        Suppression(**{name: getattr(row, name) for name in Suppression.__dataclass_fields__})
        for row in rows
        if row.digest is None or (row.created_at, row.reason) not in words
    )


def _log(
    session: AsyncSession,
    name: str,
    contact_id: str | None,
    conversation_id: str | None,
    now: datetime,
    data: dict[str, object],
) -> None:
    events.append(
        session,
        Event(
            name=name,
            occurred_at=now,
            contact_id=contact_id,
            conversation_id=conversation_id,
            data=data,
        ),
    )
