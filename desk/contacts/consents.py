"""Consent: what we may send to whom, as they last said."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.clock import Clock
from desk.conversations.repository import locked
from desk.errors import NotFoundError
from desk.events import Event
from desk.store.database import Database
from desk.store.upsert import insert_missing, insert_new
from desk.tables.consent import ConsentRow


class Consents:
    """Records and answers consent per purpose (``newsletter``, ``marketing``)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def set(self, *, conversation_id: str, purpose: str, granted: bool, key: str) -> None:
        """Record what the conversation's contact said; the same key again has no second effect."""
        now = self._clock()
        async with self._database.write() as session:
            conversation = await locked(session, conversation_id)
            if conversation is None:
                raise NotFoundError(f"there is no conversation {conversation_id}")
            await record(
                session,
                contact_id=conversation.contact_id,
                conversation_id=conversation_id,
                purpose=purpose,
                granted=granted,
                key=key,
                now=now,
            )

    async def granted(self, *, contact_id: str, purpose: str) -> bool | None:
        """Return what the contact last said about a purpose, None when they never did."""
        async with self._database.read() as session:
            return await said(session, contact_id, purpose)


async def record(
    session: AsyncSession,
    *,
    contact_id: str,
    conversation_id: str | None,
    purpose: str,
    granted: bool,
    key: str,
    now: datetime,
) -> None:
    """Record what a contact said inside the caller's transaction; the same key again has no second effect."""
    row = {
        "key": key,
        "contact_id": contact_id,
        "conversation_id": conversation_id,
        "purpose": purpose,
        "granted": granted,
        "said_at": now,
    }
    if await insert_new(session, ConsentRow, row, unique=["key"]):
        events.append(
            session,
            Event(
                name="consent.granted" if granted else "consent.withdrawn",
                occurred_at=now,
                contact_id=contact_id,
                conversation_id=conversation_id,
                data={"purpose": purpose},
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Given:
    """A consent that was given elsewhere, and when."""

    contact_id: str
    purpose: str
    at: datetime


async def heard(
    session: AsyncSession, contact_ids: Collection[str]
) -> dict[tuple[str, str], datetime]:
    """Return when some contacts last said something about each purpose."""
    rows = await session.execute(
        select(ConsentRow.contact_id, ConsentRow.purpose, func.max(ConsentRow.said_at))
        .where(ConsentRow.contact_id.in_(contact_ids))
        .group_by(ConsentRow.contact_id, ConsentRow.purpose)
    )
    return {(contact_id, purpose): at for contact_id, purpose, at in rows}


async def bring_in(session: AsyncSession, given: Sequence[Given]) -> None:
    """Record consents that were given elsewhere; none may be older than what the contact said since."""
    if not given:
        return
    rows = [
        {
            "key": f"imported {one.contact_id} {one.purpose} {one.at.isoformat()}",
            "contact_id": one.contact_id,
            "conversation_id": None,
            "purpose": one.purpose,
            "granted": True,
            "said_at": one.at,
        }
        for one in given
    ]
    await insert_missing(session, ConsentRow, rows)
    events.append(
        session,
        *(
            Event(
                name="consent.granted",
                occurred_at=one.at,
                contact_id=one.contact_id,
                data={"purpose": one.purpose, "imported": True},
            )
            for one in given
        ),
    )


async def said(session: AsyncSession, contact_id: str, purpose: str) -> bool | None:
    """Return what a contact last said about a purpose, None when they never did."""
    return await session.scalar(
        select(ConsentRow.granted)
        .where(ConsentRow.contact_id == contact_id, ConsentRow.purpose == purpose)
        .order_by(ConsentRow.id.desc())
        .limit(1)
    )
