"""Consent: what we may send to whom, as they last said."""

from sqlalchemy import select

from desk import events
from desk.clock import Clock
from desk.conversations.repository import locked
from desk.errors import NotFoundError
from desk.events import Event
from desk.store.database import Database
from desk.store.upsert import insert_new
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
            row = {
                "key": key,
                "contact_id": conversation.contact_id,
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
                        contact_id=conversation.contact_id,
                        conversation_id=conversation_id,
                        data={"purpose": purpose},
                    ),
                )

    async def granted(self, *, contact_id: str, purpose: str) -> bool | None:
        """Return what the contact last said about a purpose, None when they never did."""
        async with self._database.read() as session:
            return await session.scalar(
                select(ConsentRow.granted)
                .where(ConsentRow.contact_id == contact_id, ConsentRow.purpose == purpose)
                .order_by(ConsentRow.id.desc())
                .limit(1)
            )
