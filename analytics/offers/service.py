"""Offers: kept, changed, stopped, and what came of showing them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.offers import repository
from analytics.offers.bandit import context
from analytics.offers.estimate import Estimate, estimate
from analytics.offers.model import Draft, Offer, Shown, offer
from desk.access import audit
from desk.clock import Clock
from desk.errors import ConflictError, NotFoundError
from desk.events import Event, append
from desk.listing.page import Page, page_of
from desk.store.database import Database
from desk.tables.offer import OfferRow, OfferShownRow

WINDOW = timedelta(days=14)
"""How long after it was shown a purchase of the same thing counts for an offer."""
_MOST = 200
_LOOK_BACK = timedelta(days=30)


class OfferChangedError(ConflictError):
    """Somebody else has changed this offer meanwhile; look at it again."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What is told of an offer: ``always`` estimates the rate of clicks if everybody were shown this one first."""

    offer: Offer
    always: Estimate | None


class Offers:
    """What pages and commands ask of offers.

    What changes something does it in the caller's transaction when it is given one (``within``); ``token`` is by what
    a program has come in, for the record.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self) -> Sequence[Offer]:
        """Return all offers by their codes."""
        async with self._database.read() as session:
            return await repository.offers(session)

    async def page(self, *, after: str | None, limit: int) -> Page[Offer]:
        """Return offers, the newest first."""
        async with self._database.read() as session:
            found = await page_of(session, select(OfferRow), OfferRow.id, after=after, limit=limit)
        return Page(rows=tuple(map(offer, found.rows)), next=found.next)

    async def get(self, offer_id: int) -> Offer:
        """Return an offer; raises NotFoundError."""
        async with self._database.read() as session:
            return await repository.seen(session, offer_id)

    async def named(self, wanted: str) -> Offer:
        """Return the offer of a code; raises NotFoundError."""
        async with self._database.read() as session:
            found = await repository.coded(session, wanted)
            if found is None:
                raise NotFoundError(f"there is no offer {wanted!r}; see: frontdesk offers list")
            return await repository.seen(session, found)

    async def add(
        self,
        draft: Draft,
        *,
        by: str,
        within: AsyncSession | None = None,
        token: str | None = None,
    ) -> Offer:
        """Keep a new offer; it is shown from now on, or from when it begins.

        Raises:
            InvalidError: something is wrong; the message says what.
            ConflictError: another offer has the code.
        """
        draft.check()
        now = self._clock()
        async with self._writing(within) as session:
            await _free(session, draft.code, None)
            counts = {"shown": 0, "clicked": 0, "converted": 0, "edition": 1}
            made = {"created_at": now, "created_by": by, "updated_at": now, "updated_by": by}
            row = OfferRow(**asdict(draft), **counts, **made)
            session.add(row)
            await session.flush()
            await _note(session, by, row.id, _of(token, added=draft.code), now)
            return offer(row)

    async def change(
        self,
        offer_id: int,
        draft: Draft,
        *,
        edition: int,
        by: str,
        within: AsyncSession | None = None,
        token: str | None = None,
    ) -> Offer:
        """Change an offer that is as it was when somebody looked: of this ``edition``.

        Raises:
            InvalidError: something is wrong; the message says what.
            ConflictError: it was changed meanwhile, or another offer has the code.
        """
        draft.check()
        now = self._clock()
        async with self._writing(within) as session:
            row = await repository.row(session, offer_id)
            if row.edition != edition:
                raise OfferChangedError
            await _free(session, draft.code, offer_id)
            for name, value in asdict(draft).items():
                setattr(row, name, value)
            _touch(row, by, now)
            await _note(session, by, row.id, _of(token, changed=draft.code), now)
            return offer(row)

    async def stop(
        self,
        offer_id: int,
        *,
        by: str,
        stopped: bool = True,
        within: AsyncSession | None = None,
        token: str | None = None,
    ) -> Offer:
        """Show an offer to nobody from now on, or again."""
        now = self._clock()
        async with self._writing(within) as session:
            row = await repository.row(session, offer_id)
            if (row.stopped_at is not None) is not stopped:
                row.stopped_at = now if stopped else None
                _touch(row, by, now)
                await _note(session, by, row.id, _of(token, stopped=stopped), now)
            return offer(row)

    @asynccontextmanager
    async def _writing(self, within: AsyncSession | None) -> AsyncIterator[AsyncSession]:
        """Return the caller's transaction, or one of our own."""
        if within is not None:
            yield within
            return
        async with self._database.write() as session:
            yield session

    async def outcome(self, offer_id: int) -> Outcome:
        """Return an offer with what its log tells."""
        async with self._database.read() as session:
            found = await repository.seen(session, offer_id)
            log = await repository.log_of_firsts(session, offer_id)
        if not any(one == offer_id for one, _, _ in log):
            return Outcome(offer=found, always=None)
        columns = [(float(hit), chance, float(one == offer_id)) for one, chance, hit in log]
        rewards, chances, always = np.array(columns).T
        return Outcome(offer=found, always=estimate(rewards, chances, always))

    async def shown_to(
        self, offer_id: int, *, before: int | None = None, limit: int = 50
    ) -> Sequence[Shown]:
        """Return to whom an offer was shown and what they did, newest first; 1 to 200."""
        limit = max(1, min(limit, _MOST))
        async with self._database.read() as session:
            return await repository.shown_page(session, offer_id, before=before, limit=limit)

    async def clicked(self, shown_id: int, *, conversation_id: str) -> Offer:
        """Note that what was shown in a conversation was clicked; once, however often it is pressed.

        Raises:
            NotFoundError: nothing like that was shown there.
        """
        now = self._clock()
        async with self._database.write() as session:
            held = await session.get(OfferShownRow, shown_id)
            if held is None or held.conversation_id != conversation_id:
                raise NotFoundError("nothing like that was shown here")
            if await repository.mark(session, shown_id, "clicked_at", now):
                await repository.count_clicked(session, held.offer_id)
                known = context(held.context)
                await repository.learn(session, held.offer_id, known, clicked=True)
                append(session, event("offer.clicked", held, now))
            return await repository.seen(session, held.offer_id)

    async def convert(self) -> int:
        """Note which offers led to purchases of the same thing within ``WINDOW``; return how many."""
        now = self._clock()
        async with self._database.write() as session:
            found = await repository.bought_after(session, now - _LOOK_BACK, WINDOW)
            # An order counts for what was shown last before it; newest come first.
            last: dict[tuple[int, str], OfferShownRow] = {}
            times: dict[tuple[int, str], datetime] = {}
            for one, number, at in found:
                last.setdefault((one.offer_id, number), one)
                times[one.offer_id, number] = at
            return sum([await _convert(session, one, times[key]) for key, one in last.items()])


async def _convert(session: AsyncSession, held: OfferShownRow, at: datetime) -> bool:
    if not await repository.mark(session, held.id, "converted_at", at):
        return False
    await repository.count_converted(session, held.offer_id)
    append(session, event("offer.converted", held, at))
    return True


def event(name: str, held: OfferShownRow, at: datetime) -> Event:
    """Return the event about something shown."""
    return Event(
        name=name,
        occurred_at=at,
        contact_id=held.contact_id,
        conversation_id=held.conversation_id,
        data={
            "offer_id": held.offer_id,
            "shown_id": held.id,
            "position": held.position,
            "reason": str(held.reason),
            "score": round(held.score, 6),
            "propensity": round(held.propensity, 6),
        },
    )


def _of(token: str | None, **detail: Any) -> dict[str, Any]:
    return detail | ({"token": token} if token else {})


def _touch(row: OfferRow, by: str, now: datetime) -> None:
    row.edition += 1
    row.updated_at, row.updated_by = now, by


async def _free(session: AsyncSession, code: str, mine: int | None) -> None:
    if await repository.coded(session, code) not in (None, mine):
        raise ConflictError(f"there is an offer {code!r} already")


async def _note(
    session: AsyncSession, by: str, offer_id: int, detail: dict[str, Any], now: datetime
) -> None:
    thing = f"offer:{offer_id}"
    await audit.note(session, by=by, deed="offer.change", thing=thing, detail=detail, now=now)
