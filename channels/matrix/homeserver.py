"""The homeserver's HTTP interface: calls that answer with JSON, and files."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx

from channels.matrix.failures import body_of, failure
from desk.errors import FrontdeskError, RejectedError, RetryableError

CLIENT = "/_matrix/client/v3"
_MXC = re.compile(r"mxc://([A-Za-z0-9.:\[\]-]+)/([A-Za-z0-9_-]+)")


def path(*parts: str) -> str:
    """Return a path of the client-server interface; parts may hold anything."""
    return "/".join((CLIENT, *(quote(part, safe="") for part in parts)))


class Homeserver:
    """Calls the homeserver as our user; errors are ours."""

    def __init__(self, address: str, token: str, *, timeout: float) -> None:
        self._timeout = timeout
        self._client = httpx.AsyncClient(
            base_url=address,
            headers={"Authorization": f"Bearer {token}"},
            timeout=None,  # noqa: S113 - every exchange has one as a whole
        )

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        forbidden: type[FrontdeskError] = RejectedError,
    ) -> dict[str, Any]:
        """Return what the homeserver answers; ``forbidden`` is what M_FORBIDDEN means here."""
        request = self._client.build_request(method, path, json=body, params=query)
        async with self._answered(request, forbidden) as answer:
            await answer.aread()
            if not answer.headers.get("content-type", "").startswith("application/json"):
                raise RetryableError("the homeserver did not answer with JSON: what is before it?")
            return body_of(answer)

    async def upload(self, name: str, content_type: str, content: bytes) -> str:
        """Store a file; return its ``mxc://`` address."""
        request = self._client.build_request(
            "POST",
            "/_matrix/media/v3/upload",
            params={"filename": name},
            content=content,
            headers={"Content-Type": content_type},
        )
        async with self._answered(request) as answer:
            await answer.aread()
            return str(body_of(answer)["content_uri"])

    async def download(self, address: str, most: int) -> bytes:
        """Return a file; RejectedError when it is larger, gone, or no file of a homeserver."""
        match = _MXC.fullmatch(address)
        if match is None:
            raise RejectedError("not the address of a file on Matrix")
        request = self._client.build_request(
            "GET", f"/_matrix/client/v1/media/download/{match[1]}/{match[2]}"
        )
        content = bytearray()
        async with self._answered(request) as answer:
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > most:
                    raise RejectedError(f"the file is larger than {most} bytes")
        return bytes(content)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    @asynccontextmanager
    async def _answered(
        self, request: httpx.Request, forbidden: type[FrontdeskError] = RejectedError
    ) -> AsyncIterator[httpx.Response]:
        """Send a request; what is inside sees a success only."""
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._client.send(request, stream=True)
                try:
                    if not answer.is_success:
                        await answer.aread()
                        raise failure(answer, forbidden)
                    yield answer
                finally:
                    await answer.aclose()
        except (TimeoutError, httpx.HTTPError) as error:
            raise RetryableError(f"the homeserver: {type(error).__name__}") from error
