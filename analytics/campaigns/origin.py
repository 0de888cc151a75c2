"""Whether a database is behind what was sent from it: a backup that was restored must not send again.

Beside the database, on each machine that sends, stands how far it was: its beat, which grows while campaigns are
sent, and the last row that was fenced. A database that is behind that was set back; one of which a machine knows
nothing is a copy that was started elsewhere, unless others are sending from it. Then nothing is sent until somebody
confirms, and what was open by then is unknown.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import restoring
from analytics.campaigns.ledger import EVER
from analytics.campaigns.marks import Mark, Marks
from analytics.campaigns.restoring import OPEN
from desk.clock import Clock
from desk.ids import new_id
from desk.store.database import Database
from desk.store.upsert import insert_new
from desk.tables.campaign import CampaignRecipientRow
from desk.tables.origin import OriginRow

log = structlog.get_logger()

PATIENCE = timedelta(seconds=30)
"""For so long a new machine looks whether others send; they say so every five seconds."""
_BEAT = timedelta(seconds=5)


class Verdict(StrEnum):
    """What a machine thinks of a database."""

    OURS = "ours"
    #: Not known here, but its own.
    NEW = "new"
    #: Not known here; perhaps others are sending.
    STRANGE = "strange"
    OLDER = "older"


def judge(
    known: Mark | None,
    *,
    beat: int,
    attempts: int | None,
    is_open: bool,
    seen: int | None,
) -> Verdict:
    """Compare what is known with what is found: the beat, and how often the last row was tried, None without it.

    ``seen`` is the beat that was found before. Pure.
    """
    if known is None:
        moves = seen is not None and beat > seen
        return Verdict.NEW if is_open or moves else Verdict.STRANGE
    if beat < known.beat:
        return Verdict.OLDER
    if known.row and (attempts is None or attempts < known.attempts):
        return Verdict.OLDER
    return Verdict.OURS


class Origin:
    """One process's look at it."""

    def __init__(self, database: Database, clock: Clock, marks: Marks) -> None:
        self._database = database
        self._clock = clock
        self._marks = marks
        self._name: str | None = None
        self._mark = Mark()
        self._beaten_at = EVER
        self._strange: tuple[int, datetime] | None = None
        self.sure_after = EVER
        """What was due up to then may have been sent by a life before."""

    def fenced(self, row: int, attempts: int) -> None:
        """Remember, before it is sent, that a row was fenced."""
        if self._name is not None:
            self._mark = replace(self._mark, row=row, attempts=attempts)
            self._marks.write(self._name, self._mark)

    async def trusted(self, *, busy: bool) -> bool:
        """Say whether campaigns may be sent from this database; ``busy`` is whether something is due."""
        async with self._database.read() as session:
            found = await session.get(OriginRow, 1) or await self._begun()
            known = self._marks.read(found.name)
            attempts = await _attempts(session, known.row) if known and known.row else None
        self.sure_after = found.unsure_to or EVER
        if found.doubt is not None:
            return False
        verdict = judge(
            known,
            beat=found.beat,
            attempts=attempts,
            is_open=self._clock() < found.open_until,
            seen=self._strange[0] if self._strange else None,
        )
        if verdict is Verdict.STRANGE and not self._waited(found.beat, busy=busy):
            return False
        if verdict in (Verdict.STRANGE, Verdict.OLDER):
            await self._doubt(verdict)
            return False
        self._strange = None
        self._keep(found)
        if busy and self._clock() - self._beaten_at >= _BEAT:
            await self._beat(found.name)
        return True

    async def _begun(self) -> OriginRow:
        """Let this life of the database begin."""
        now = self._clock()
        row = {"one": 1, "name": new_id(), "beat": 0, "open_until": now + OPEN}
        async with self._database.write() as session:
            await insert_new(session, OriginRow, row, unique=["one"])
        async with self._database.read() as session:
            return await session.get_one(OriginRow, 1)

    def _waited(self, beat: int, *, busy: bool) -> bool:
        """Say whether something has been due for long and nobody has sent it."""
        now = self._clock()
        if self._strange is None or not busy:
            self._strange = (beat, now)
        return now - self._strange[1] >= PATIENCE

    def _keep(self, found: OriginRow) -> None:
        """Write down what is news here."""
        known = self._marks.read(found.name)  # what has been fenced since is not to be lost
        self._name, self._mark = found.name, replace(known or Mark(), beat=found.beat)
        if self._mark != known:
            self._marks.write(found.name, self._mark)

    async def _beat(self, name: str) -> None:
        """Say in the database that it is sent from, and then that this was said."""
        grown = (
            update(OriginRow)
            .where(OriginRow.name == name, OriginRow.doubt.is_(None))
            .values(beat=OriginRow.beat + 1)
            .returning(OriginRow.beat)
            .execution_options(synchronize_session=False)
        )
        async with self._database.write() as session:
            beat = await session.scalar(grown)
        if beat is not None:
            self._beaten_at = self._clock()
            self._mark = replace(self._mark, beat=beat)
            self._marks.write(name, self._mark)

    async def _doubt(self, verdict: Verdict) -> None:
        async with self._database.write() as session:
            stopped = await restoring.doubt(session, verdict.value, self._clock())
        self._strange = None
        log.error("database_restored", why=verdict, stopped=stopped)


async def _attempts(session: AsyncSession, row: int) -> int | None:
    query = select(CampaignRecipientRow.attempts).where(CampaignRecipientRow.id == row)
    return await session.scalar(query)
