"""What was between us and one person, and is to come: read from the desk's own database, without the engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from analytics.insight.contact_effect import Effect, effects
from analytics.insight.contact_planned import SOURCES, Plan, Source, planned
from analytics.insight.contact_record import Record, record
from analytics.insight.contact_source import past
from desk.errors import NotFoundError
from desk.tables.contact import ContactRow


@dataclass(frozen=True, kw_only=True)
class Between:
    """What was between us and a person, and is to come; ``everybody`` is None while it is not known."""

    record: Record
    planned: Sequence[Plan]
    effects: Sequence[Effect]
    everybody: Sequence[Effect] | None = None


async def between(
    session: AsyncSession, contact_id: str, now: datetime, sources: Sequence[Source] = SOURCES
) -> Between:
    """Return what was said, what is planned, and what came after we wrote to a contact.

    Raises:
        NotFoundError: there is no such contact.
    """
    found = await past(session, await root(session, contact_id))
    plans = await planned(session, found.known_as, now, sources)
    return Between(
        record=record(found.said),
        planned=plans,
        effects=effects(found.said, found.bought, known_at=found.known_at, now=now),
    )


async def root(session: AsyncSession, contact_id: str) -> ContactRow:
    """Return who a contact is now; raises NotFoundError."""
    row = await session.get(ContactRow, contact_id)
    found = await session.get(ContactRow, row.merged_into) if row and row.merged_into else row
    if found is None:
        raise NotFoundError("there is no such contact")
    return found
