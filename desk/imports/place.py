"""Where the import of a file stands: in the database, moved in the transaction that writes the records."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Self

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import ConflictError
from desk.imports.report import Rejection, Tally
from desk.store import core
from desk.store.database import Database
from desk.store.upsert import insert_new
from desk.tables.base import table_of
from desk.tables.imports import ImportRejectionRow, ImportRow

_ADD_REJECTION = insert(table_of(ImportRejectionRow))
_PAGE = 5_000


class Place:
    """One file's place. Who moves it says from where, so that two processes never do the same file at once."""

    def __init__(self, row: ImportRow) -> None:
        self.id = row.id
        self.position = row.position
        self.tally = Tally.of(row.counts)

    @classmethod
    async def of(cls, database: Database, kind: str, digest: str, now: datetime) -> Self:
        """Return where a file stands: after what is done of it, or at its beginning if all was done."""
        async with database.write() as session:
            new = {"kind": kind, "digest": digest, "position": 0, "counts": {}}
            times = {"started_at": now, "updated_at": now}
            await insert_new(session, ImportRow, {**new, **times}, unique=("kind", "digest"))
            mine = (ImportRow.kind == kind) & (ImportRow.digest == digest)
            row = (await session.scalars(select(ImportRow).where(mine).with_for_update())).one()
            if row.finished_at is not None:
                row.position, row.counts, row.finished_at, row.started_at = 0, {}, None, now
                of_it = ImportRejectionRow.import_id == row.id
                await session.execute(delete(ImportRejectionRow).where(of_it))
            return cls(row)

    async def move(
        self,
        session: AsyncSession,
        by: int,
        tally: Tally,
        rejected: Sequence[Rejection],
        now: datetime,
    ) -> None:
        """Go on by a number of records.

        Raises:
            ConflictError: somebody else has moved it.
        """
        found = await session.execute(
            update(ImportRow)
            .where(ImportRow.id == self.id, ImportRow.position == self.position)
            .values(position=self.position + by, counts=tally.plain(), updated_at=now)
            .returning(ImportRow.id)
        )
        if found.first() is None:
            raise ConflictError("another process is importing this file; let it end")
        rows = [{"import_id": self.id, "line": r.line, "reason": r.reason} for r in rejected]
        if rows:
            await core.run(session, _ADD_REJECTION, rows)

    async def finish(self, database: Database, now: datetime) -> None:
        """Note that the file is done."""
        async with database.write() as session:
            mine = update(ImportRow).where(ImportRow.id == self.id)
            await session.execute(mine.values(finished_at=now, updated_at=now))

    async def rejected(self, database: Database) -> AsyncIterator[Rejection]:
        """Yield what was left out so far."""
        after = 0
        while True:
            async with database.read() as session:
                query = (
                    select(ImportRejectionRow)
                    .where(ImportRejectionRow.import_id == self.id, ImportRejectionRow.id > after)
                    .order_by(ImportRejectionRow.id)
                    .limit(_PAGE)
                )
                rows = (await session.scalars(query)).all()
            for row in rows:
                yield Rejection(line=row.line, reason=row.reason)
            if len(rows) < _PAGE:
                return
            after = rows[-1].id
