"""The rows of those whom a rank leaves out: they stand there with the reason, as everybody of a segment does."""

from collections.abc import Container, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.tables.campaign import RecipientState
from desk.tables.campaign_rank import CampaignChosenRow

RANKED_OUT = "ranked_out"
"""Others come first, or a message is not worth its cost."""


async def narrow(
    session: AsyncSession, run_id: int, persons: Sequence[str], rows: Sequence[dict[str, Any]]
) -> None:
    """Leave out who was not chosen when the run began; ``rows`` are those of ``persons``, in the same order."""
    chosen = select(CampaignChosenRow.person_id).where(
        CampaignChosenRow.run_id == run_id, CampaignChosenRow.person_id.in_(persons)
    )
    leave_out(persons, rows, set(await session.scalars(chosen)))


def leave_out(
    persons: Sequence[str], rows: Sequence[dict[str, Any]], chosen: Container[str]
) -> None:
    """Turn the rows of all others into skipped ones, but for those that have a reason of their own."""
    for person, row in zip(persons, rows, strict=True):
        if row["state"] != RecipientState.SKIPPED and person not in chosen:
            row |= {
                "state": RecipientState.SKIPPED,
                "reason": RANKED_OUT,
                "due_at": None,
                "rest": False,
            }
