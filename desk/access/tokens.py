"""Tokens by which programs use the API: shown once, kept as a hash, with a role, scopes and an end."""

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update

from desk.access import audit
from desk.access.policy import Deed, Kind, Principal, Role
from desk.clock import Clock
from desk.errors import InvalidError, NotFoundError
from desk.ids import new_id
from desk.store.database import Database
from desk.tables.access import TokenRow
from desk.tickets.words import one_line

_FORM = re.compile(r"fd_[A-Za-z0-9_-]{43}")
_USED = timedelta(minutes=1)
"""How exactly it is noted when a token was last used."""


class Tokens:
    """Makes, knows and revokes tokens."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def principal_of(self, token: str) -> Principal | None:
        """Return the program that a token is of; None when there is none, or it is revoked or expired."""
        if not _FORM.fullmatch(token):
            return None
        now = self._clock()
        async with self._database.read() as session:
            row = await session.scalar(select(TokenRow).where(TokenRow.token_hash == _hash(token)))
        if row is None or row.revoked_at or (row.expires_at and row.expires_at <= now):
            return None
        if row.last_used_at is None or now - row.last_used_at > _USED:
            await self._used(row.id, now)
        return Principal(
            id=row.id,
            name=row.name,
            role=row.role,
            kind=Kind.PROGRAM,
            scopes=_deeds(row.scopes),
        )

    async def _used(self, id_: str, now: datetime) -> None:
        async with self._database.write() as session:
            await session.execute(
                update(TokenRow).where(TokenRow.id == id_).values(last_used_at=now)
            )

    async def list(self) -> Sequence[TokenRow]:
        """Return all tokens, the newest first, the revoked ones too."""
        async with self._database.read() as session:
            return (await session.scalars(select(TokenRow).order_by(TokenRow.id.desc()))).all()

    async def make(
        self,
        *,
        name: str,
        role: Role,
        scopes: Iterable[Deed],
        expires_at: datetime | None,
        by: str,
    ) -> tuple[TokenRow, str]:
        """Make a token; return it with its text, which nobody can be shown again.

        Raises:
            InvalidError: it has no name or no scope, or would be over already.
        """
        now, wanted = self._clock(), sorted(set(scopes))
        name = one_line(name, longest=100)
        if not name or not wanted:
            raise InvalidError("a token needs a name and at least one scope")
        if expires_at is not None and expires_at <= now:
            raise InvalidError("this time is over already")
        text = f"fd_{secrets.token_urlsafe(32)}"
        row = TokenRow(
            id=new_id(),
            name=name,
            token_hash=_hash(text),
            role=role,
            scopes=[str(deed) for deed in wanted],
            created_by=by,
            created_at=now,
            expires_at=expires_at,
        )
        async with self._database.write() as session:
            session.add(row)
            await audit.note(
                session,
                by=by,
                deed="token.made",
                thing=f"token:{row.id}",
                detail={"role": role, "scopes": row.scopes},
                now=now,
            )
        return row, text

    async def revoke(self, id_: str, *, by: str) -> None:
        """Let a token in no more, or raise NotFoundError."""
        async with self._database.write() as session:
            row = await session.get(TokenRow, id_)
            if row is None:
                raise NotFoundError("there is no such token")
            row.revoked_at = row.revoked_at or self._clock()
            await audit.note(
                session, by=by, deed="token.revoked", thing=f"token:{id_}", now=self._clock()
            )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _deeds(names: Iterable[str]) -> frozenset[Deed]:
    # A deed that is no more must not keep the rest from working.
    return frozenset(deed for deed in Deed if deed in set(names))
