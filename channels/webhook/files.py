"""Fetches files that a message refers to, from hosts that the operator named and from nowhere else."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import httpx

from channels.webhook.settings import is_safe
from desk.errors import RejectedError, RetryableError

type Resolve = Callable[[str], Awaitable[list[str]]]


async def addresses_of(host: str) -> list[str]:
    """Return the IP addresses of a host name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Files:
    """Fetches from allowed hosts: no redirects, and no name that leads into our own network.

    A host that the operator wrote as an IP address is meant, private or not; a name must resolve to public ones.
    """

    def __init__(self, hosts: str, *, timeout: float, resolve: Resolve = addresses_of) -> None:
        self._hosts = frozenset(host.strip().lower() for host in hosts.split(",") if host.strip())
        self._timeout = timeout
        self._resolve = resolve
        # No proxy from the environment: it would look names up itself, after we checked them.
        self._client = httpx.AsyncClient(timeout=None, trust_env=False)  # noqa: S113 - fetch has one of its own

    async def fetch(self, url: str, most: int) -> bytes:
        """Return a file; RejectedError when it is too large, gone or elsewhere, RetryableError when it may come."""
        if not is_safe(url):
            raise RejectedError("the file's address is not https")
        host = urlsplit(url).hostname or ""
        if host not in self._hosts:
            raise RejectedError(f"{host} is not one of FRONTDESK_WEBHOOK_FILE_HOSTS")
        try:
            async with asyncio.timeout(self._timeout):
                return await self._get(url, host, await self._address(host), most)
        except (OSError, httpx.HTTPError) as error:
            raise RetryableError(f"{host}: {type(error).__name__}") from error

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def _address(self, host: str) -> str:
        if _is_address(host):
            return host
        found = await self._resolve(host)
        if not found or not all(ipaddress.ip_address(one).is_global for one in found):
            raise RejectedError(f"{host} is not a public address")
        return found[0]

    async def _get(self, url: str, host: str, address: str, most: int) -> bytes:
        # We connect to the address that was checked; asked again, a name may lead elsewhere.
        at = httpx.URL(url)
        request = self._client.build_request(
            "GET",
            at.copy_with(host=address),
            headers={"Host": at.netloc.decode()},
            extensions={"sni_hostname": host},
        )
        answer = await self._client.send(request, stream=True, follow_redirects=False)
        try:
            if answer.status_code >= 500 or answer.status_code == 429:
                raise RetryableError(f"{host} answered {answer.status_code}")
            if answer.status_code != 200:
                raise RejectedError(f"{host} answered {answer.status_code}")
            return await _body(answer, most)
        finally:
            await answer.aclose()


async def _body(answer: httpx.Response, most: int) -> bytes:
    content = bytearray()
    async for part in answer.aiter_bytes():
        content += part
        if len(content) > most:
            raise RejectedError(f"the file is larger than {most} bytes")
    return bytes(content)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
