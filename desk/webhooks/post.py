"""One request to somebody else's address: never into our own network, never on to another place."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache

import httpx

from desk.errors import InvalidError
from desk.media.addresses import Resolve, addresses_of, is_public
from desk.store.storable import storable

TIMEOUT = timedelta(seconds=15)
_KEPT = 1_000
_LONGEST_URL = 2_000
_LONGEST_WAIT = 86_400
_BODY_TIMEOUT = 2.0
"""Seconds for the start of a body: what was decided stands in the status."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of a request: ``error`` is empty when the receiver took the message."""

    status: int | None = None
    body: str = ""
    error: str = ""
    retry_in: timedelta | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants nothing more, ever (410)."""
        return self.status == httpx.codes.GONE


class PrivateAddressError(InvalidError):
    """The address is not out in the internet."""


class Post:
    """Posts messages. Plain http and private addresses are for those who set ``allow_private``."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        timeout: timedelta = TIMEOUT,
        resolve: Resolve = addresses_of,
    ) -> None:
        self._allow_private = allow_private
        self._timeout = timeout.total_seconds()
        self._resolve = resolve

    def check(self, url: str) -> str:
        """Return an address in its usual spelling.

        Raises:
            InvalidError: nothing can be sent there, and why.
        """
        given = url.strip()
        try:
            at = httpx.URL(given)
        except (httpx.InvalidURL, ValueError) as error:
            raise InvalidError("this is no address; write https://example.com/hook") from error
        schemes = ("https", "http") if self._allow_private else ("https",)
        if at.scheme not in schemes or not at.host:
            raise InvalidError("write an address that begins with https://")
        if at.userinfo or at.fragment:
            raise InvalidError("leave out the password and what comes after #")
        if len(str(at)) > _LONGEST_URL or " " in given or not given.isprintable():
            raise InvalidError(f"an address has at most {_LONGEST_URL} characters and no spaces")
        return str(at)

    async def allow(self, url: str) -> str:
        """Return an address in its usual spelling, if it is out in the internet today.

        Raises:
            InvalidError: nothing can be sent there, and why.
        """
        checked = self.check(url)
        host = httpx.URL(checked).host
        try:
            async with asyncio.timeout(self._timeout):
                await self._target(host)
        except (OSError, TimeoutError, UnicodeError) as error:
            raise InvalidError(f"{host} cannot be found; check the name") from error
        return checked

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post a message within the time-out and say what came of it; nothing is raised."""
        try:
            at = httpx.URL(self.check(url))
            async with asyncio.timeout(self._timeout):
                return await self._send(at, body, headers)
        except InvalidError as error:
            return Answer(error=str(error))
        except TimeoutError:
            return Answer(error=f"no answer within {self._timeout:g} seconds")
        except (OSError, httpx.HTTPError, ValueError) as error:
            # The words of the libraries may hold the address, which may hold a secret.
            return Answer(error=f"no connection ({type(error).__name__})")

    async def _send(self, at: httpx.URL, body: bytes, headers: Mapping[str, str]) -> Answer:
        target = await self._target(at.host)
        fixed = {
            "Host": at.netloc.decode(),
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "User-Agent": "Frontdesk",
        }
        # Connected to the address that was checked: asked a second time, the name may lead elsewhere. A client for
        # each message, because one that is kept would share a connection between two names of one address.
        async with (
            httpx.AsyncClient(verify=_tls(), timeout=None, trust_env=False) as client,  # noqa: S113 - the caller has one
            client.stream(
                "POST",
                at.copy_with(host=target),
                content=body,
                headers={**fixed, **headers},
                extensions={"sni_hostname": at.host},
                follow_redirects=False,
            ) as answer,
        ):
            return _answer(answer, await _start(answer))

    async def _target(self, host: str) -> str:
        found = await self._resolve(host)
        if not found:
            raise PrivateAddressError(f"{host} has no address")
        if not self._allow_private and not all(is_public(one) for one in found):
            raise PrivateAddressError(f"{host} is not out in the internet")
        return found[0]


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


async def _start(answer: httpx.Response) -> str:
    """Return the beginning of a body; the rest is not read, however much it is."""
    content = bytearray()
    with suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(_BODY_TIMEOUT):
            async for part in answer.aiter_raw():
                content += part
                if len(content) >= _KEPT:
                    break
    return storable(bytes(content[:_KEPT]).decode(errors="replace"))


def _answer(answer: httpx.Response, body: str) -> Answer:
    status = answer.status_code
    if answer.is_success:
        return Answer(status=status, body=body)
    error = f"answered {status}"
    if answer.is_redirect:
        error += "; redirects are not followed, give the address it leads to"
    asked = retry_after(answer.headers.get("retry-after", ""), datetime.now(UTC))
    return Answer(status=status, body=body, error=error, retry_in=asked)


def retry_after(text: str, now: datetime) -> timedelta | None:
    """Return how long a ``Retry-After`` asks to wait: seconds or a date, None for anything else."""
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), _LONGEST_WAIT))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return max((at if at.tzinfo else at.replace(tzinfo=UTC)) - now, timedelta())
