"""Users: invited, changed, sent away. Who may do that to whom is asked here, in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from desk.access import audit, links, repository, sessions, staff
from desk.access.granting import answers, may_grant
from desk.access.keys import Keys
from desk.access.links import Link
from desk.access.names import checked_email, checked_name
from desk.access.passwords import Passwords
from desk.access.policy import Principal, Role
from desk.access.staff import Leaving
from desk.clock import Clock
from desk.errors import ConflictError, ForbiddenError
from desk.ids import new_id
from desk.store.database import Database
from desk.tables.access import UserRow
from desk.tickets.words import one_line


class NotYoursToGrantError(ForbiddenError):
    """Only an admin may change admins and managers, or make some."""


class LastAdminError(ConflictError):
    """This is the last admin who can sign in. Make another one first."""


class TakenError(ConflictError):
    """Somebody else has this name or this e-mail address already."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a user is to be; None leaves it as it is."""

    email: str | None = None
    role: Role | None = None
    team: str | None = None


class Users:
    """Everything that can be done to a user by somebody else."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        keys: Keys,
        passwords: Passwords,
        leaving: Leaving,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._passwords = passwords
        self._leaving = leaving

    async def list(self) -> Sequence[UserRow]:
        """Return all users by name, those who are disabled last."""
        async with self._database.read() as session:
            return await repository.every(session)

    async def get(self, user_id: str) -> UserRow:
        """Return a user, or raise NotFoundError."""
        async with self._database.read() as session:
            return await repository.one(session, user_id)

    async def find(self, email: str) -> UserRow | None:
        """Return the user with an address."""
        async with self._database.read() as session:
            return await repository.by_email(session, email)

    async def has_admin(self) -> bool:
        """Say whether some admin can sign in."""
        async with self._database.read() as session:
            return await session.scalar(repository.admins().limit(1)) is not None

    async def is_named(self, name: str) -> bool:
        """Say whether a user has this name."""
        async with self._database.read() as session:
            return await repository.by_name(session, name) is not None

    async def first(self, *, name: str, email: str, password: str) -> UserRow:
        """Make the first admin.

        Raises:
            ConflictError: there is one already.
            InvalidError: name, address or password will not do.
        """
        words = checked_name(name), checked_email(email)
        hashed = await self._passwords.hash(password, but_not=words)
        async with self._database.write() as session:
            if await repository.locked_admins(session):
                raise ConflictError("there is an admin already")
            row = await self._new(session, *words, Role.ADMIN, None, by=words[0])
            row.password_hash, row.password_at = hashed, self._clock()
        return row

    async def invite(
        self, *, by: Principal, name: str, email: str, role: Role, team: str | None = None
    ) -> tuple[UserRow, str]:
        """Add a user who is to choose a password; return the link's last part too.

        Who is an agent under this address already keeps the agent's name.

        Raises:
            NotYoursToGrantError: only an admin makes managers and admins.
            TakenError: name or address are somebody's.
        """
        _check(by, role)
        words = checked_name(name), checked_email(email)
        async with self._database.write() as session:
            row = await self._new(session, *words, role, team, by=by.name)
            text = self._link(row, links.INVITED)
        return row, text

    async def change(self, user_id: str, wanted: Wanted, *, by: Principal) -> UserRow:
        """Change a user; another role ends their sessions.

        Raises:
            NotYoursToGrantError: only an admin may.
            LastAdminError: nobody would be left who could undo it.
            TakenError: the address is somebody's.
        """
        async with self._database.write() as session:
            row = await _with_admins(session, user_id)
            _check(by, row.role, wanted.role or row.role)
            done: dict[str, object] = {}
            if wanted.email is not None:
                await _readdress(session, row, checked_email(wanted.email), done)
            if wanted.team is not None:
                row.team = done["team"] = one_line(wanted.team, longest=64) or None
            if wanted.role is not None and wanted.role is not row.role:
                done |= {"from": row.role, "to": wanted.role}
                await self._change_role(session, row, wanted.role, by)
            await staff.employ(session, row, self._clock())
            await self._note(session, by, "user.changed", row, done)
        if "from" in done and not answers(row.role):
            await self._hand_back(row, by)
        return row

    async def link(self, user_id: str, *, by: Principal) -> str:
        """Return the last part of a link by which a user chooses a password; earlier ones are void."""
        async with self._database.write() as session:
            row = await repository.locked(session, user_id)
            _check(by, row.role)
            row.link_number += 1
            await self._note(session, by, "user.link_made", row)
            return self._link(row, links.FORGOTTEN if row.password_hash else links.INVITED)

    async def disable(self, user_id: str, *, by: Principal) -> UserRow:
        """Let a user in no more; what they have goes back to the queue."""
        async with self._database.write() as session:
            row = await _with_admins(session, user_id)
            _check(by, row.role)
            await _spare_the_last(session, row)
            row.disabled_at = row.disabled_at or self._clock()
            row.link_number += 1
            await self._put_out(session, row, by, "disabled")
        await self._hand_back(row, by)
        return row

    async def enable(self, user_id: str, *, by: Principal) -> UserRow:
        """Let a user in again."""
        async with self._database.write() as session:
            row = await repository.locked(session, user_id)
            _check(by, row.role)
            row.disabled_at = None
            await staff.employ(session, row, self._clock())
            await self._note(session, by, "user.enabled", row)
        return row

    async def delete(self, user_id: str, *, by: Principal) -> None:
        """Forget a user; what they said and did stays under their name."""
        async with self._database.write() as session:
            row = await _with_admins(session, user_id)
            _check(by, row.role)
            await _spare_the_last(session, row)
            await self._put_out(session, row, by, "deleted")
            await session.execute(delete(UserRow).where(UserRow.id == user_id))
        await self._hand_back(row, by)

    async def end_sessions(self, user_id: str, *, by: Principal) -> int:
        """Sign a user out everywhere; return of how many sessions."""
        async with self._database.write() as session:
            row = await repository.locked(session, user_id)
            _check(by, row.role)
            ended = await sessions.end_in(session, row.id)
            await self._note(session, by, "user.signed_out", row, {"sessions": ended})
        return ended

    async def drop_second_step(self, user_id: str, *, by: Principal) -> None:
        """Let a user who lost their app in with the password alone."""
        async with self._database.write() as session:
            row = await repository.locked(session, user_id)
            _check(by, row.role)
            row.totp_secret, row.totp_at, row.recovery = None, None, []
            await sessions.end_in(session, row.id)
            await self._note(session, by, "user.second_step_dropped", row)

    async def meet(
        self, *, issuer: str, subject: str, email: str, name: str, role: Role | None
    ) -> UserRow:
        """Return who came by single sign-on: known by subject, else by address, else new with ``role``.

        Raises:
            ForbiddenError: they are disabled, or nobody here and none may be made (``role`` is None).
        """
        async with self._database.write() as session:
            row = await repository.by_subject(session, issuer, subject)
            if row is None:
                row = await repository.by_email(session, email)
                if row is None:
                    if role is None:
                        raise ForbiddenError("nobody has invited you")
                    free = await _free_name(session, checked_name(name))
                    row = await self._new(
                        session, free, checked_email(email), role, None, by=issuer
                    )
                elif row.subject is not None:
                    raise ForbiddenError("this address belongs to another account there")
                row.issuer, row.subject = issuer, subject
            if row.disabled_at is not None:
                raise ForbiddenError("this user is disabled")
        return row

    async def _new(
        self,
        session: AsyncSession,
        name: str,
        email: str,
        role: Role,
        team: str | None,
        *,
        by: str,
    ) -> UserRow:
        name = await staff.known_name(session, email) or name
        if await repository.by_email(session, email) or await repository.by_name(session, name):
            raise TakenError
        now = self._clock()
        row = UserRow(
            id=new_id(),
            name=name,
            email=email,
            role=role,
            team=one_line(team or "", longest=64) or None,
            recovery=[],
            totp_step=0,
            link_number=0,
            created_at=now,
            created_by=by,
        )
        session.add(row)
        await staff.employ(session, row, now)
        try:
            await session.flush()
        except IntegrityError as error:  # somebody was quicker with the same name or address
            raise TakenError from error
        await audit.note(
            session,
            by=by,
            deed="user.made",
            thing=f"user:{row.id}",
            detail={"role": role},
            now=now,
        )
        return row

    async def _change_role(
        self, session: AsyncSession, row: UserRow, role: Role, by: Principal
    ) -> None:
        if role is not Role.ADMIN:
            await _spare_the_last(session, row)
        was_agent, row.role = answers(row.role), role
        await sessions.end_in(session, row.id)
        if was_agent and not answers(role):
            await staff.leave(session, row, self._clock(), by=by.name, why="role_changed")

    async def _put_out(self, session: AsyncSession, row: UserRow, by: Principal, why: str) -> None:
        await sessions.end_in(session, row.id)
        await staff.leave(session, row, self._clock(), by=by.name, why=why)
        await self._note(session, by, f"user.{why}", row)

    async def _hand_back(self, row: UserRow, by: Principal) -> None:
        await self._leaving.hand_back(row.name, by=by.name, now=self._clock())

    def _link(self, row: UserRow, lasts: timedelta) -> str:
        link = Link(user_id=row.id, number=row.link_number)
        return links.write(self._keys, link, self._clock() + lasts)

    async def _note(
        self,
        session: AsyncSession,
        by: Principal,
        deed: str,
        row: UserRow,
        detail: dict[str, object] | None = None,
    ) -> None:
        now: datetime = self._clock()
        thing = f"user:{row.id}"
        await audit.note(session, by=by.name, deed=deed, thing=thing, detail=detail, now=now)


def _check(by: Principal, *roles: Role) -> None:
    if not may_grant(by, *roles):
        raise NotYoursToGrantError


async def _with_admins(session: AsyncSession, user_id: str) -> UserRow:
    """Return a user who may stop being an admin; whoever locked them alone would wait for the others in turn."""
    await repository.locked_admins(session, user_id)
    return await repository.one(session, user_id)


async def _spare_the_last(session: AsyncSession, row: UserRow) -> None:
    left = await repository.locked_admins(session)
    if [one.id for one in left] == [row.id]:
        raise LastAdminError


async def _readdress(
    session: AsyncSession, row: UserRow, email: str, done: dict[str, object]
) -> None:
    if email == row.email:
        return
    if await repository.by_email(session, email):
        raise TakenError
    await staff.readdress(session, row, email)
    row.email = email
    # A link that was sent to the address of before must not be good any more.
    row.link_number += 1
    done["email"] = "changed"


async def _free_name(session: AsyncSession, wanted: str) -> str:
    name, number = wanted, 2
    while await repository.by_name(session, name) or await staff.is_agent(session, name):
        name, number = f"{wanted} ({number})", number + 1
    return name
