"""Files are fetched from where the operator allowed, and from nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from channels.webhook.files import Files
from desk.errors import RejectedError, RetryableError

_ANSWERS = {
    "/ok": (200, b"x" * 1000),
    "/away": (302, b""),
    "/missing": (404, b""),
    "/broken": (500, b""),
    "/busy": (429, b""),
}


@asynccontextmanager
async def host() -> AsyncIterator[tuple[str, list[str]]]:
    """Run a host of files; return its address and the list of what it is asked for."""
    asked: list[str] = []

    async def give(request: web.Request) -> web.Response:
        asked.append(request.path)
        status, body = _ANSWERS[request.path]
        return web.Response(status=status, body=body, headers={"Location": "/ok"})

    app = web.Application()
    app.router.add_get("/{path:.*}", give)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    await runner.cleanup()


async def fetch(url: str, most: int = 1000, hosts: str = "127.0.0.1") -> bytes:
    """Fetch a file as an operator with these hosts would."""
    files = Files(hosts, timeout=2)
    try:
        return await files.fetch(url, most)
    finally:
        await files.close()


async def test_a_file_of_an_allowed_host_comes_whole() -> None:
    async with host() as (address, _):
        assert await fetch(f"{address}/ok", hosts="files.example.com, 127.0.0.1") == b"x" * 1000


@pytest.mark.parametrize(
    ("path", "most", "error"),
    [
        ("/ok", 999, RejectedError),
        ("/away", 1000, RejectedError),
        ("/missing", 1000, RejectedError),
        ("/broken", 1000, RetryableError),
        ("/busy", 1000, RetryableError),
    ],
)
async def test_what_does_not_come_is_told(path: str, most: int, error: type[Exception]) -> None:
    async with host() as (address, asked):
        with pytest.raises(error):
            await fetch(f"{address}{path}", most)
    assert asked == [path]  # and no redirect was followed


@pytest.mark.parametrize(
    ("hosts", "path"),
    [("", "{}/ok"), ("files.example.com", "{}/ok"), ("127.0.0.1", "http://localhost:1/ok")],
)
async def test_other_hosts_are_never_asked(hosts: str, path: str) -> None:
    async with host() as (address, asked):
        with pytest.raises(RejectedError, match="FRONTDESK_WEBHOOK_FILE_HOSTS"):
            await fetch(path.format(address), hosts=hosts)
    assert asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example.com/a",
        "ftp://files.example.com/a",
        "file:///etc/passwd",
        "https://",
        "//files.example.com/a",
        "https://files.example.com:port/a",
        "https://[::1/a",
        "a",
    ],
)
async def test_addresses_that_are_none_are_refused(url: str) -> None:
    with pytest.raises(RejectedError):
        await fetch(url, hosts="files.example.com")


@pytest.mark.parametrize(
    "url", ["https://files.example.com@evil.example.net/", "https://evil.example.net\\@x/"]
)
async def test_a_host_hidden_in_an_address_does_not_count(url: str) -> None:
    with pytest.raises(RejectedError, match="FILE_HOSTS"):
        await fetch(url, hosts="files.example.com")


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "0.0.0.0",
    ],
)
async def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    async def inside(_: str) -> list[str]:
        return ["93.184.216.34", address]

    files = Files("files.example.com", timeout=2, resolve=inside)
    with pytest.raises(RejectedError, match="not a public address"):
        await files.fetch("https://files.example.com/a", 10)
    await files.close()
