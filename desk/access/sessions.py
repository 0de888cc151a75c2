"""Who is signed in: rows, so that a session can be ended at any time by anybody who may."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.access import audit, repository
from desk.access.keys import Keys
from desk.access.policy import Principal, Role
from desk.clock import Clock
from desk.store.database import Database
from desk.store.storable import storable
from desk.tables.access import SessionRow, UserRow
from desk.tables.agent import AgentRow, AgentStatus

IDLE = timedelta(hours=8)
"""How long somebody may do nothing; what pages ask by themselves is nothing."""
LONGEST = timedelta(days=7)
CONSOLE = "console"
"""The id of those who came with the console's token and are no user."""
_SEEN = timedelta(minutes=1)
_SKEW = timedelta(minutes=5)
"""How far apart the clocks of our processes may be."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """A signed-in browser; ``who`` is None until somebody who came by the token's link has said their name."""

    id: int
    key_hash: str
    user_id: str | None
    who: Principal | None
    started_at: datetime
    #: Whether they are at work; None for who is no agent.
    status: AgentStatus | None = None


@dataclass(frozen=True, kw_only=True)
class Browser:
    """From where somebody signs in; ``key`` is what its cookie holds now."""

    address: str
    name: str
    key: str = ""


class TokenDoor:
    """The console's token as a way in: open while nobody else could get in, and always if it was set on purpose."""

    def __init__(self, token: str | None, *, always: bool) -> None:
        self.mark = hashlib.sha256(token.encode()).hexdigest() if token else None
        self.always = always

    def opens(self, token: str) -> bool:
        """Say whether this is the token."""
        given = hashlib.sha256(token.strip().encode("utf-8", "surrogatepass")).hexdigest()
        return self.mark is not None and secrets.compare_digest(given, self.mark)

    def is_open(self, *, has_admin: bool) -> bool:
        """Say whether the token is a way in."""
        return self.mark is not None and (self.always or not has_admin)


class Sessions:
    """Begins, finds and ends sessions."""

    def __init__(self, *, database: Database, clock: Clock, keys: Keys, door: TokenDoor) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self.door = door

    async def enter(self, user_id: str, browser: Browser, *, how: str) -> str:
        """Begin a session of a user; return what its cookie holds."""
        now = self._clock()
        async with self._database.write() as session:
            row = await repository.locked(session, user_id)
            row.signed_in_at = now
            await audit.note(
                session,
                by=row.name,
                deed="session.started",
                thing=f"user:{row.id}",
                detail={"how": how, "address": browser.address},
                now=now,
            )
            return await self._start(session, browser, user_id=user_id)

    async def enter_by_token(self, name: str, browser: Browser) -> str:
        """Begin a session of somebody with the console's token, who may have said no name yet."""
        async with self._database.write() as session:
            if name:
                await audit.note(
                    session,
                    by=name,
                    deed="session.started",
                    thing=CONSOLE,
                    detail={"how": "token", "address": browser.address},
                    now=self._clock(),
                )
            return await self._start(session, browser, name=name)

    async def _start(
        self,
        session: AsyncSession,
        browser: Browser,
        *,
        user_id: str | None = None,
        name: str = "",
    ) -> str:
        key, now = secrets.token_urlsafe(32), self._clock()
        # Over sessions are of no use to anybody, and nobody else would remove them.
        stale = or_(SessionRow.seen_at < now - IDLE, SessionRow.started_at < now - LONGEST)
        await session.execute(delete(SessionRow).where(stale))
        # Another session of the same browser would go on for whoever has its old cookie.
        await session.execute(
            delete(SessionRow).where(SessionRow.key_hash == self._hash(browser.key))
        )
        session.add(
            SessionRow(
                key_hash=self._hash(key),
                user_id=user_id,
                name=name,
                token_mark=None if user_id else self.door.mark,
                address=storable(browser.address, 64),
                browser=storable(browser.name, 200),
                started_at=now,
                seen_at=now,
            )
        )
        return key

    async def find(self, key: str, *, active: bool = True) -> Session | None:
        """Return the session of a cookie while it is good; being ``active`` keeps it from ending by idleness."""
        if not key:
            return None
        admins = exists(repository.admins().with_only_columns(UserRow.id).correlate(None))
        name = func.coalesce(UserRow.name, SessionRow.name)
        status = select(AgentRow.status).where(AgentRow.name == name).scalar_subquery()
        query = (
            select(SessionRow, UserRow, admins, status)
            .outerjoin(UserRow, UserRow.id == SessionRow.user_id)
            .where(SessionRow.key_hash == self._hash(key))
        )
        async with self._database.read() as session:
            found = (await session.execute(query)).first()
        now = self._clock()
        if found is None:
            return None
        row, user, has_admin, at_work = found
        if not self._is_good(row, user, has_admin, now):
            return None
        if active and now - row.seen_at > _SEEN:
            await self._touch(row.id, now)
        return _session(row, user, at_work)

    def _is_good(
        self, row: SessionRow, user: UserRow | None, has_admin: bool, now: datetime
    ) -> bool:
        in_time = -_SKEW <= now - row.started_at <= LONGEST and now - row.seen_at <= IDLE
        if user is not None:
            return in_time and user.disabled_at is None
        is_its_token = row.token_mark is not None and row.token_mark == self.door.mark
        return in_time and is_its_token and self.door.is_open(has_admin=has_admin)

    async def _touch(self, id_: int, now: datetime) -> None:
        async with self._database.write() as session:
            await session.execute(
                update(SessionRow).where(SessionRow.id == id_).values(seen_at=now)
            )

    async def of_user(self, user_id: str) -> Sequence[SessionRow]:
        """Return a user's sessions, the latest first."""
        now = self._clock()
        query = (
            select(SessionRow)
            .where(
                SessionRow.user_id == user_id,
                SessionRow.seen_at >= now - IDLE,
                SessionRow.started_at >= now - LONGEST,
            )
            .order_by(SessionRow.seen_at.desc(), SessionRow.id.desc())
        )
        async with self._database.read() as session:
            return (await session.scalars(query)).all()

    async def end(self, id_: int, *, user_id: str | None = None) -> None:
        """End a session; with ``user_id`` only if it is theirs."""
        query = delete(SessionRow).where(SessionRow.id == id_)
        if user_id is not None:
            query = query.where(SessionRow.user_id == user_id)
        async with self._database.write() as session:
            await session.execute(query)

    async def end_of(self, user_id: str, *, but: int | None = None) -> int:
        """End a user's sessions, ``but`` one; return how many."""
        async with self._database.write() as session:
            return await end_in(session, user_id, but=but)

    def _hash(self, key: str) -> str:
        return self._keys.sign("session", key)


async def end_in(session: AsyncSession, user_id: str, *, but: int | None = None) -> int:
    """End a user's sessions in the caller's transaction, ``but`` one; return how many."""
    query = delete(SessionRow).where(SessionRow.user_id == user_id)
    if but is not None:
        query = query.where(SessionRow.id != but)
    found = await session.execute(query.returning(SessionRow.id))
    return len(found.all())


def _session(row: SessionRow, user: UserRow | None, status: AgentStatus | None) -> Session:
    who = repository.principal(user) if user else None
    if user is None and row.name:
        who = Principal(id=CONSOLE, name=row.name, role=Role.ADMIN)
    return Session(
        id=row.id,
        key_hash=row.key_hash,
        user_id=row.user_id,
        who=who,
        started_at=row.started_at,
        status=status,
    )
