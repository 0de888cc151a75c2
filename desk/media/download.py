"""A file from an address that a platform named: from known hosts only, and never from inside our own network."""

import asyncio
import ssl
from collections.abc import Mapping
from datetime import timedelta
from functools import cache

import httpx

from desk.errors import RejectedError, RetryableError
from desk.media.addresses import Resolve, addresses_of, is_public

_LATER = frozenset({408, 425, 429})
_LONGEST_WAIT = 3_600


async def download(
    url: str,
    *,
    hosts: frozenset[str],
    most: int,
    timeout: float,  # noqa: ASYNC109 - it covers the look-up of the name, too
    headers: Mapping[str, str] | None = None,
    own: frozenset[str] = frozenset(),
    resolve: Resolve = addresses_of,
) -> bytes:
    """Return at most ``most`` bytes within ``timeout`` seconds.

    ``hosts`` are the names that files may come from. ``own`` are places (``host:port``) that the operator wrote into
    the settings, a gateway of theirs, say: there plain http and private addresses are allowed, too.

    Raises:
        RejectedError: the address is not allowed, or the file is gone or too large.
        RetryableError: it may come later; with ``retry_in`` when the server says so.
    """
    at = _address(url)
    place = at.netloc.decode()
    if place not in own:
        _check(at, hosts)
    try:
        async with asyncio.timeout(timeout):
            target = at.host if place in own else await _resolved(at.host, resolve)
            return await _get(at, target, headers or {}, most)
    except (OSError, httpx.HTTPError) as error:
        raise RetryableError(f"{at.host}: {type(error).__name__}") from error


def _address(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise RejectedError("this is no address of a file") from error


def _check(at: httpx.URL, hosts: frozenset[str]) -> None:
    if at.scheme != "https" or at.port is not None or at.userinfo:
        raise RejectedError("files come by https, without a port or a password in the address")
    if at.host not in hosts:
        raise RejectedError(f"files do not come from {at.host}")


async def _resolved(host: str, resolve: Resolve) -> str:
    """Return an address of the host; all of them must be public, for who answers for one answers for all."""
    found = await resolve(host)
    if not found or not all(is_public(one) for one in found):
        raise RejectedError(f"{host} is not out in the internet")
    return found[0]


async def _get(at: httpx.URL, target: str, headers: Mapping[str, str], most: int) -> bytes:
    # Connected to the address that was checked: asked a second time, the name may lead elsewhere. For the same
    # reason there is no proxy from the environment, and nothing packed, which would be small only on the way.
    fixed = {"Host": at.netloc.decode(), "Accept-Encoding": "identity"}
    async with (
        httpx.AsyncClient(verify=_tls(), timeout=None, trust_env=False) as client,  # noqa: S113 - the caller has one
        client.stream(
            "GET",
            at.copy_with(host=target),
            headers={**headers, **fixed},
            extensions={"sni_hostname": at.host},
            follow_redirects=False,
        ) as answer,
    ):
        _check_answer(at.host, answer)
        return await _body(answer, most)


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _check_answer(host: str, answer: httpx.Response) -> None:
    status = answer.status_code
    if status >= 500 or status in _LATER:
        raise RetryableError(f"{host} answered {status}", retry_in=_wait(answer))
    if status != 200 or answer.headers.get("content-encoding", "identity") != "identity":
        raise RejectedError(f"{host} answered {status}")


def _wait(answer: httpx.Response) -> timedelta | None:
    text = answer.headers.get("retry-after", "")
    if not (text.isascii() and text.isdigit()):
        return None
    return timedelta(seconds=min(int(text[:6]), _LONGEST_WAIT))


async def _body(answer: httpx.Response, most: int) -> bytes:
    content = bytearray()
    async for part in answer.aiter_raw():
        content += part
        if len(content) > most:
            raise RejectedError(f"the file is larger than {most} bytes")
    return bytes(content)
