"""Who comes first, by the scores that the analytics keep of everybody, and which of them a plan's rank lets in.

Money is what models of purchases expect; response and uplift are learnt from past campaigns, see
:mod:`analytics.campaigns.ranking_learn`. All of them are computed once a day in a process of their own.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

import ibis
import pyarrow as pa
from ibis.backends import BaseBackend
from ibis.common.exceptions import TableNotFound
from sqlalchemy import select

from analytics.campaigns import audience
from analytics.campaigns.audience import Whole
from analytics.campaigns.rank import By, Rank
from analytics.engine import double
from analytics.insight import quality
from analytics.segments.people import Reading
from desk.errors import FrontdeskError, InvalidError
from desk.store.database import Database
from desk.tables.campaign import RecipientState
from desk.tables.segment import BELONGS, SegmentMemberRow

RESPONSE, UPLIFT = "campaign_response", "campaign_uplift"
SCORES: Mapping[By, str] = {By.RESPONSE: RESPONSE, By.UPLIFT: UPLIFT, By.VALUE: "clv"}
"""The name of the score of each."""
_NO_PAST = "there is no campaign yet whose answers are in, seven days after it went out"
_NOT_YET: Mapping[By, str] = {
    By.RESPONSE: _NO_PAST,
    By.UPLIFT: _NO_PAST,
    By.VALUE: "it was not computed; run: frontdesk analytics refresh",
}
_LEFT_OUT_AS: Mapping[By, str] = {By.RESPONSE: RESPONSE, By.UPLIFT: UPLIFT, By.VALUE: "value"}
"""Under what the reason stands why there is no such score."""

type Chosen = Sequence[tuple[str, float]]
"""Persons with their scores, the best first."""


class UnrankedError(InvalidError):
    """There is nothing to put people in order by."""


class Ranking:
    """Asks the engine, in a thread, as it takes a moment for a million people."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def scores(self, rank: Rank) -> pa.Table:
        """Return ``person_id`` and ``score`` of all who have one that exceeds the threshold, the best first.

        Raises:
            UnrankedError: nobody has such a score; the message says why.
        """
        return await asyncio.to_thread(self._asked, rank, whole=True)

    async def check(self, rank: Rank) -> None:
        """Raise UnrankedError unless there are scores to go by."""
        await asyncio.to_thread(self._asked, rank, whole=False)

    def _asked(self, rank: Rank, *, whole: bool) -> pa.Table:
        try:
            with self._reading() as engine:
                return _scores(engine, rank, whole=whole)
        except (TableNotFound, FrontdeskError) as error:
            if isinstance(error, UnrankedError):
                raise
            raise UnrankedError(
                f"rank: nothing is computed to rank by {rank.by} yet; run: frontdesk analytics refresh"
            ) from error


def _scores(engine: BaseBackend, rank: Rank, *, whole: bool) -> pa.Table:
    score = engine.table("score")
    known = score.filter(score.name == SCORES[rank.by], score.value.notnull())
    if not known.limit(1).count().to_pyarrow().as_py():
        raise UnrankedError(_why_not(engine, rank.by))
    if rank.least is not None:
        known = known.filter(known.value > double(rank.least))
    ordered = known.order_by(ibis.desc("value"), "person_id")
    return ordered.select("person_id", score="value").limit(None if whole else 0).to_pyarrow()


def _why_not(engine: BaseBackend, by: By) -> str:
    model = engine.table("model")
    told = model.filter(model.name == quality.LEFT_OUT).to_pyarrow().to_pylist()
    reasons = quality.reasons({row["name"]: row["told"] for row in told})
    why = reasons.get(_LEFT_OUT_AS[by], _NOT_YET[by])
    return f"rank: nobody can be ranked by {by}: {why}"


async def check(ranking: Ranking | None, rank: Rank | None) -> None:
    """Raise UnrankedError unless there is something to go by; a plan without a rank needs nothing."""
    if rank is not None:
        await _there(ranking).check(rank)


async def chosen(
    database: Database, ranking: Ranking | None, whole: Whole, now: datetime
) -> set[str] | None:
    """Return whom a plan's rank would let in now; None when it has none.

    Raises:
        UnrankedError: there is nothing to go by.
    """
    if whole.plan.rank is None:
        return None
    pages = choose(database, _there(ranking), whole, now)
    return {person async for page in pages for person, _ in page}


def _there(ranking: Ranking | None) -> Ranking:
    if ranking is None:
        raise UnrankedError("rank: nothing is computed here to rank by")
    return ranking


async def choose(
    database: Database, ranking: Ranking, whole: Whole, now: datetime, *, page: int = audience.PAGE
) -> AsyncIterator[Chosen]:
    """Yield whom a plan's rank lets in, a page at a time: of those who may be written to now, the first.

    Raises:
        UnrankedError: there is nothing to go by.
    """
    rank = whole.plan.rank
    if rank is None:
        raise ValueError("a plan without a rank lets everybody in")
    scored, left = await ranking.scores(rank), rank.top
    for start in range(0, len(scored), page):
        part = scored.slice(start, page).to_pydict()
        pairs = zip(part["person_id"], part["score"], strict=True)
        found = await _fit(database, whole, dict(pairs), now)
        if left is not None:
            found = found[:left]
            left -= len(found)
        yield found
        if left == 0:
            return


async def _fit(
    database: Database, whole: Whole, scores: Mapping[str, float], now: datetime
) -> list[tuple[str, float]]:
    """Return who of some people is of the segment and may be written to, in their order."""
    belong = select(SegmentMemberRow.person_id).where(
        SegmentMemberRow.segment_id == whole.plan.segment_id,
        SegmentMemberRow.person_id.in_(list(scores)),
        BELONGS,
    )
    async with database.read() as session:
        members = set(await session.scalars(belong))
        persons = [one for one in scores if one in members]
        rows = await audience.rows(session, whole, persons, now)
    return [
        (person, scores[person])
        for person, row in zip(persons, rows, strict=True)
        if row["state"] != RecipientState.SKIPPED
    ]
