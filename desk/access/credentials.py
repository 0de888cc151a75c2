"""What users prove themselves with: the password, the second step, recovery codes, and the link they were sent."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from desk.access import audit, links, repository, second_step, sessions, staff
from desk.access.keys import Keys
from desk.access.passwords import Passwords
from desk.clock import Clock
from desk.errors import ConflictError, ForbiddenError, NotFoundError
from desk.store.database import Database
from desk.tables.access import UserRow

_BETWEEN = timedelta(minutes=5)
"""How long somebody may take for the second step."""


class WrongPasswordError(ForbiddenError):
    """That is not your password."""


class WrongCodeError(ForbiddenError):
    """That code is not right, or was used already."""


class UsedLinkError(NotFoundError):
    """This link was used or is too old. Ask for a new one."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A second step that is being set up: the secret as text and as a picture."""

    secret: str
    picture: str


class Credentials:
    """Checks and changes what users prove themselves with."""

    def __init__(
        self, *, database: Database, clock: Clock, keys: Keys, passwords: Passwords
    ) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._passwords = passwords

    async def check(self, email: str, password: str) -> UserRow | None:
        """Return the user with this address and password; who is nobody takes as long as who is somebody."""
        async with self._database.read() as session:
            row = await repository.by_email(session, email)
        kept = row.password_hash if row and row.disabled_at is None else None
        if not await self._passwords.matches(kept, password) or row is None or kept is None:
            return None
        if self._passwords.is_old(kept):
            await self._rehash(row, password)
        return row

    async def _rehash(self, row: UserRow, password: str) -> None:
        renewed = await self._passwords.rehash(password)
        async with self._database.write() as session:
            fresh = await repository.locked(session, row.id)
            if fresh.password_hash == row.password_hash:
                fresh.password_hash = renewed

    # -- Between the two steps

    def half(self, row: UserRow) -> str:
        """Return what the form of the second step carries: that the first was done just now."""
        until = int((self._clock() + _BETWEEN).timestamp())
        body = f"{row.id}.{until}"
        return f"{body}.{self._keys.sign('half', _half(row, until))}"

    async def of_half(self, text: str) -> UserRow | None:
        """Return who did the first step; None when it is forged, too long ago, or the password is another now."""
        user_id, _, rest = text.partition(".")
        until, _, signature = rest.partition(".")
        if not (until.isascii() and until.isdigit() and len(until) < 12):
            return None
        try:
            async with self._database.read() as session:
                row = await repository.one(session, user_id)
        except NotFoundError:
            return None
        signed = self._keys.is_signed("half", _half(row, int(until)), signature)
        in_time = self._clock() < datetime.fromtimestamp(int(until), UTC)
        return row if signed and in_time and row.disabled_at is None else None

    async def use_code(self, user_id: str, code: str) -> bool:
        """Use a code of the app, or a recovery code; each is good once."""
        async with self._database.write() as session:
            row = await repository.locked(session, user_id)
            return row.totp_at is not None and self._use(row, code)

    def _use(self, row: UserRow, code: str) -> bool:
        secret = self._keys.opened(row.totp_secret or "")
        step = (
            second_step.used_step(secret, code, self._clock(), row.totp_step) if secret else None
        )
        if step is not None:
            row.totp_step = step
            return True
        left = second_step.without(row.recovery, code)
        if left is None:
            return False
        row.recovery = left
        return True

    # -- The password

    async def open_link(self, text: str) -> UserRow:
        """Return whose link this is.

        Raises:
            UsedLinkError: it was used, is too old, or is none of ours.
        """
        async with self._database.read() as session:
            return await self._of_link(session, text)

    async def use_link(self, text: str, password: str) -> UserRow:
        """Choose a password by a link, which is void from then on; all sessions end.

        Raises:
            UsedLinkError: it was used, is too old, or is none of ours.
            WeakPasswordError: the password will not do.
        """
        row = await self.open_link(text)
        hashed = await self._passwords.hash(password, but_not=(row.name, row.email))
        async with self._database.write() as session:
            row = await self._of_link(session, text, lock=True)
            await self._set_password(session, row, hashed)
            await self._note(session, row, "password.set_by_link")
        return row

    async def change_password(self, user_id: str, old: str, new: str) -> UserRow:
        """Change one's own password; all sessions end.

        Raises:
            WrongPasswordError: ``old`` is not the present one.
            WeakPasswordError: ``new`` will not do.
        """
        row = await self._proved(user_id, old)
        hashed = await self._passwords.hash(new, but_not=(row.name, row.email, old))
        async with self._database.write() as session:
            row = await repository.locked(session, user_id)
            await self._set_password(session, row, hashed)
            await self._note(session, row, "password.changed")
        return row

    async def _set_password(self, session: AsyncSession, row: UserRow, hashed: str) -> None:
        if row.password_hash is None:
            await staff.arrive(session, row, self._clock())
        row.password_hash, row.password_at = hashed, self._clock()
        row.link_number += 1
        await sessions.end_in(session, row.id)

    async def _of_link(self, session: AsyncSession, text: str, *, lock: bool = False) -> UserRow:
        link = links.read(self._keys, text, self._clock())
        if link is None:
            raise UsedLinkError
        find = repository.locked if lock else repository.one
        try:
            row = await find(session, link.user_id)
        except NotFoundError as error:
            raise UsedLinkError from error
        if row.link_number != link.number or row.disabled_at is not None:
            raise UsedLinkError
        return row

    async def _proved(self, user_id: str, password: str) -> UserRow:
        async with self._database.read() as session:
            row = await repository.one(session, user_id)
        if not await self._passwords.matches(row.password_hash, password):
            raise WrongPasswordError
        return row

    # -- The second step

    async def begin_second_step(self, user_id: str) -> Setup:
        """Return a secret for the user's app; it counts only once a code of it was given.

        Raises:
            ConflictError: it is set up already.
        """
        async with self._database.write() as session:
            row = await repository.locked(session, user_id)
            if row.totp_at is not None:
                raise ConflictError("the second step is set up already")
            # Loading the page again shows the secret that the app has already.
            secret = self._keys.opened(row.totp_secret or "") or second_step.new_secret()
            row.totp_secret = self._keys.seal(secret)
        picture = second_step.picture(second_step.address(secret, row.email))
        return Setup(secret=secret, picture=picture)

    async def confirm_second_step(self, user_id: str, code: str) -> list[str]:
        """Ask for a code from now on; return the recovery codes, which are shown this once. All sessions end.

        Raises:
            WrongCodeError: the app shows another code.
        """
        codes = second_step.new_recovery_codes()
        async with self._database.write() as session:
            row = await repository.locked(session, user_id)
            secret = self._keys.opened(row.totp_secret or "")
            now = self._clock()
            step = second_step.used_step(secret, code, now, row.totp_step) if secret else None
            if step is None or row.totp_at is not None:
                raise WrongCodeError
            row.totp_step, row.totp_at = step, now
            row.recovery = [second_step.recovery_hash(one) for one in codes]
            await sessions.end_in(session, user_id)
            await self._note(session, row, "second_step.set_up")
        return codes

    async def stop_second_step(self, user_id: str, password: str) -> None:
        """Ask for no code any more. All sessions end.

        Raises:
            WrongPasswordError: this is not the password.
        """
        await self._proved(user_id, password)
        async with self._database.write() as session:
            row = await repository.locked(session, user_id)
            row.totp_secret, row.totp_at, row.recovery = None, None, []
            await sessions.end_in(session, user_id)
            await self._note(session, row, "second_step.stopped")

    async def _note(self, session: AsyncSession, row: UserRow, deed: str) -> None:
        await audit.note(
            session, by=row.name, deed=deed, thing=f"user:{row.id}", now=self._clock()
        )


def _half(row: UserRow, until: int) -> str:
    return f"{row.id}.{until}.{row.password_hash}"
