"""What one person alone is told, as posts."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from desk.agentdesk import repository
from desk.agentdesk.port import Place
from desk.store.storable import storable
from desk.tables.agent import PostKind


async def whisper(
    session: AsyncSession, person: str, place: Place, text: str, *, key: str, now: datetime
) -> None:
    """Tell somebody something, for their eyes only."""
    payload = {"person": person, "text": storable(text), **_at(place)}
    await _post(session, PostKind.WHISPER, person, payload, f"whisper:{key}", now)


async def ask(
    session: AsyncSession,
    person: str,
    place: Place,
    message: str,
    why: str,
    *,
    key: str,
    now: datetime,
) -> None:
    """Ask somebody what their words are."""
    payload = {"person": person, "held": message, "why": storable(why), **_at(place)}
    await _post(session, PostKind.ASK, person, payload, f"ask:{key}", now)


async def home(session: AsyncSession, person: str, *, key: str, now: datetime) -> None:
    """Show somebody their own page."""
    await _post(session, PostKind.HOME, person, {"person": person}, f"home:{key}", now)


def _at(place: Place) -> dict[str, str]:
    return {"channel": place.channel, "thread": place.thread}


async def _post(
    session: AsyncSession,
    kind: PostKind,
    person: str,
    payload: Mapping[str, object],
    key: str,
    now: datetime,
) -> None:
    await repository.add_post(
        session, key=key[:160], kind=kind, lane=f"person:{person}"[:160], now=now, payload=payload
    )
