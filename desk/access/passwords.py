"""Passwords: Argon2id with the library's present parameters, never in the way of other work."""

import asyncio
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from desk.errors import InvalidError

SHORTEST = 10
LONGEST_BYTES = 1024
_FEWEST_DIFFERENT = 5
_AT_ONCE = 2
"""Each takes 64 MiB."""


class WeakPasswordError(InvalidError):
    """Choose a password of 10 or more characters that is not your name or address."""


class Passwords:
    """Makes and checks hashes in threads, a few at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._nobody: str | None = None

    async def hash(self, password: str, *, but_not: tuple[str, ...] = ()) -> str:
        """Return the hash of a new password.

        Raises:
            WeakPasswordError: it is too short, too long, or one of ``but_not``.
        """
        check(password, but_not)
        return await self.rehash(password)

    async def rehash(self, password: str) -> str:
        """Return a new hash of a password that is good already."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, _bytes(password))

    async def matches(self, kept: str | None, password: str) -> bool:
        """Say whether this is the password; without a hash it takes as long, and it is not."""
        raw = _bytes(password)
        if len(raw) > LONGEST_BYTES:
            return False
        async with self._turns:
            if self._nobody is None:
                self._nobody = await asyncio.to_thread(self._hasher.hash, secrets.token_bytes(16))
            right = await asyncio.to_thread(self._matches, kept or self._nobody, raw)
        return right and kept is not None

    def is_old(self, kept: str) -> bool:
        """Say whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)

    def _matches(self, kept: str, raw: bytes) -> bool:
        try:
            return self._hasher.verify(kept, raw)
        except (VerificationError, InvalidHashError):
            return False


def check(password: str, but_not: tuple[str, ...] = ()) -> None:
    """Look whether a password is fit to be one.

    Raises:
        WeakPasswordError: it is not.
    """
    known = {unicodedata.normalize("NFKC", text).casefold() for text in but_not}
    plain = unicodedata.normalize("NFKC", password).casefold()
    good = (
        len(plain) >= SHORTEST
        and len(_bytes(password)) <= LONGEST_BYTES
        and len(set(plain)) >= _FEWEST_DIFFERENT
        and plain not in known
    )
    if not good:
        raise WeakPasswordError


def _bytes(password: str) -> bytes:
    # The same characters come in several forms, depending on the keyboard.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
