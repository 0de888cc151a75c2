"""Which offers for this person, now, and why: answered from memory in milliseconds, and noted with its chances."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.offers import index, repository
from analytics.offers.bandit import Beliefs, Floats, Policy
from analytics.offers.model import Because, Reason, Recommended
from analytics.offers.service import event
from analytics.offers.shelf import Names, Shelf
from desk.clock import Clock
from desk.events import append
from desk.store.database import Database
from desk.store.upsert import insert_new
from desk.tables.offer import OfferShownRow

_FRESH = timedelta(seconds=30)
"""How long what other processes learn may go unseen; what is stopped or used up is never shown."""
_NOBODY = "-"


class Recommender:
    """Answers for one process. ``path`` is the index of everybody, which may not be there yet."""

    def __init__(
        self, database: Database, clock: Clock, path: Path, *, policy: Policy | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._path = path
        self._policy = policy or Policy()
        self._index = index.Index.empty()
        self._shelf = Shelf((), {}, self._index)
        self._names: Names = {}
        self._beliefs: Beliefs | None = None
        self._stamp: tuple[object, ...] = ()
        self._learnt_at: datetime | None = None
        self._turn = asyncio.Lock()

    async def recommend(
        self, contact_id: str, count: int = 3, *, seed: int | None = None
    ) -> list[Recommended]:
        """Return up to ``count`` offers for a contact, as a customer if they are one; nothing is noted.

        Raises:
            NotFoundError: there is no such contact.
        """
        async with self._database.read() as session:
            person = await repository.person_of(session, contact_id)
            return await self._chosen(session, person, count, np.random.default_rng(seed))

    async def answer(
        self, *, conversation_id: str, customer_id: str | None, key: str, count: int = 3
    ) -> list[Recommended]:
        """Return offers for whoever asks in a conversation, and note that they were shown.

        ``customer_id`` is who they proved to be; without it nothing of a customer's purchases is used or said.
        The same ``key`` is answered with the same offers and learnt from once.
        """
        async with self._database.read() as session:
            contact = await repository.contact_of(session, conversation_id)
            person = f"c:{customer_id}" if customer_id else f"p:{contact or _NOBODY}"
            chosen = await self._chosen(session, person, count, _chance(key))
        if not chosen:
            return await self._again(key)
        return await self._noted(chosen, person, contact, conversation_id, key)

    async def _chosen(
        self, session: AsyncSession, person_id: str, count: int, chance: np.random.Generator
    ) -> list[Recommended]:
        now = self._clock()
        shelf, beliefs = await self._current(session, now)
        places = shelf.eligible(await repository.segments_of(session, person_id), now)
        if not len(places):
            return []
        person = shelf.person(self._index.of(person_id))
        features = shelf.features(person)
        mean, deviation = beliefs.told(features)
        chosen = self._policy.choose(mean[places], deviation[places], count, chance)
        found = []
        for one in chosen:
            place = int(places[one.place])
            found.append(
                Recommended(
                    offer=shelf.offers[place],
                    score=float(np.clip(mean[place], 0.0, 1.0)),
                    because=shelf.because(place, person, features[place]),
                    propensity=one.propensity,
                    context=tuple(features[place].tolist()),
                )
            )
        return found

    async def _current(self, session: AsyncSession, now: datetime) -> tuple[Shelf, Beliefs]:
        """Return the offers and what is believed of them, made anew if something has changed."""
        async with self._turn:
            changed = self._path.stat().st_mtime_ns if self._path.exists() else 0
            stamp = (changed, *await repository.stamp(session))
            if stamp != self._stamp:
                await self._load(session, stamp)
                self._learnt_at = None
            if self._beliefs is None or self._learnt_at is None or now - self._learnt_at >= _FRESH:
                ids = [one.id for one in self._shelf.offers]
                self._beliefs = Beliefs.of(await repository.arms(session, ids))
                self._learnt_at = now
            return self._shelf, self._beliefs

    async def _load(self, session: AsyncSession, stamp: tuple[object, ...]) -> None:
        offers = await repository.offers(session)
        names = await repository.products(session)
        # Thousands of texts take part of a second, in which other customers need not wait.
        self._index = await asyncio.to_thread(index.read, self._path)
        self._shelf = await asyncio.to_thread(Shelf, offers, names, self._index)
        self._names, self._stamp = names, stamp

    async def _noted(
        self,
        chosen: Sequence[Recommended],
        person_id: str,
        contact_id: str | None,
        conversation_id: str,
        key: str,
    ) -> list[Recommended]:
        now = self._clock()
        learnt: list[tuple[int, Floats, Floats]] = []
        async with self._database.write() as session:
            # Always in the order of their ids, or two answers could wait for each other for ever.
            ordered = sorted(enumerate(chosen, 1), key=lambda pair: pair[1].offer.id)
            for position, one in ordered:
                row = _row(one, position, person_id, contact_id, conversation_id, key, now)
                if not await insert_new(session, OfferShownRow, row, unique=("key", "position")):
                    break
                if not await repository.count_shown(session, one.offer.id, now):
                    await repository.forget_shown(session, key, position)
                    continue
                sums = await repository.learn(
                    session, one.offer.id, np.asarray(one.context), clicked=False
                )
                learnt.append((one.offer.id, *sums))
            held = await repository.answered(session, key)
            if learnt:
                append(session, *(event("offer.shown", each, now) for each in held))
            shown = {each.position: each.id for each in held}
        self._take(learnt)
        if not learnt:
            return await self._again(key)
        return [
            replace(one, shown_id=shown[position])
            for position, one in enumerate(chosen, 1)
            if position in shown
        ]

    def _take(self, learnt: Sequence[tuple[int, Floats, Floats]]) -> None:
        for offer_id, precision, evidence in learnt:
            place = self._shelf.place.get(offer_id)
            if place is not None and self._beliefs is not None:
                self._beliefs.renewed(place, precision, evidence)

    async def _again(self, key: str) -> list[Recommended]:
        """Return what a question was answered with before."""
        async with self._database.read() as session:
            return [
                Recommended(
                    offer=await repository.seen(session, one.offer_id),
                    score=one.score,
                    because=self._because(Reason(one.reason), one.because),
                    propensity=one.propensity,
                    context=tuple(one.context),
                    shown_id=one.id,
                )
                for one in await repository.answered(session, key)
            ]

    def _because(self, reason: Reason, item: str | None) -> Because:
        if item is None:
            return Because(reason=reason)
        english, chinese, _ = self._names.get(item, (item, item, ""))
        return Because(reason=reason, item=item, name_en=english, name_zh=chinese)


def _row(
    one: Recommended,
    position: int,
    person_id: str,
    contact_id: str | None,
    conversation_id: str,
    key: str,
    now: datetime,
) -> dict[str, object]:
    return {
        "key": key,
        "offer_id": one.offer.id,
        "person_id": person_id,
        "contact_id": contact_id,
        "conversation_id": conversation_id,
        "position": position,
        "reason": one.because.reason,
        "because": one.because.item,
        "score": one.score,
        "propensity": one.propensity,
        "context": list(one.context),
        "shown_at": now,
    }


def _chance(key: str) -> np.random.Generator:
    """Return the chance of a question: the same when the same message is tried again."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]))
