"""A file is fetched from where the operator allows, out in the internet, and from nowhere else."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest
from aiohttp import web

from desk.errors import RejectedError, RetryableError
from desk.media.addresses import is_public
from desk.media.download import download

HOST = "files.example.com"
HOSTS = frozenset({HOST})
MOST = 10_000

PRIVATE = (
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "224.0.1.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "::a00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "localhost",
    "",
    "0x7f.1",
    "2130706433",
    "127.1",
)
PUBLIC = (
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "2606:4700:4700::1111",
    "::ffff:8.8.8.8",
    "2a00:1450::1",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(address)


@dataclass
class Server:
    """A local server that counts how it was asked."""

    port: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    hosts: set[str] = field(default_factory=set)

    @property
    def place(self) -> str:
        """Where it is, as an operator would write it."""
        return f"127.0.0.1:{self.port}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as the path says."""
        self.asked[request.path] += 1
        self.hosts.add(request.headers["Host"])
        return await getattr(self, f"_{request.path[1:]}")(request)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(
            body=b"x" * MOST, headers={"Seen": request.headers.get("Authorization", "")}
        )

    async def _large(self, request: web.Request) -> web.StreamResponse:
        """Promise nothing about the length, and go on until nobody listens."""
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1_000):
            try:
                await response.write(b"x" * 5_000)
            except ConnectionError:
                break
            self.asked["written"] += 1
            await asyncio.sleep(0)
        return response

    async def _packed(self, _: web.Request) -> web.StreamResponse:
        return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    async def _slow(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    async def _moved(self, _: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/file")

    async def _gone(self, _: web.Request) -> web.StreamResponse:
        raise web.HTTPGone

    async def _busy(self, _: web.Request) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": "7"})

    async def _broken(self, _: web.Request) -> web.StreamResponse:
        return web.Response(status=502)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Start the server."""
    server = Server()
    app = web.Application()
    app.router.add_get("/{path}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    yield server
    await runner.cleanup()


async def _get(server: Server, path: str, **more: float) -> bytes:
    own = frozenset({server.place})
    url = f"http://{server.place}/{path}"
    return await download(url, hosts=frozenset(), own=own, most=MOST, **{"timeout": 5.0, **more})


async def test_a_file_of_the_largest_size_comes_from_a_place_of_the_operators_own(
    server: Server,
) -> None:
    assert await _get(server, "file") == b"x" * MOST


async def test_a_larger_one_is_left_off_as_soon_as_it_is(server: Server) -> None:
    with pytest.raises(RejectedError, match="larger"):
        await _get(server, "large")
    assert 0 < server.asked["written"] < 1_000


@pytest.mark.parametrize(
    ("path", "error", "wait"),
    [
        ("moved", RejectedError, None),
        ("gone", RejectedError, None),
        ("packed", RejectedError, None),
        ("broken", RetryableError, None),
        ("busy", RetryableError, timedelta(seconds=7)),
    ],
)
async def test_answers(
    server: Server, path: str, error: type[Exception], wait: timedelta | None
) -> None:
    with pytest.raises(error) as raised:
        await _get(server, path)
    assert getattr(raised.value, "retry_in", None) == wait
    # A redirect was not followed: nobody asked for where it leads.
    assert server.asked == {f"/{path}": 1}


async def test_time_is_limited(server: Server) -> None:
    with pytest.raises(RetryableError, match="Timeout"):
        await _get(server, "slow", timeout=0.1)
    assert server.asked["/slow"] == 1


async def test_nobody_there_may_be_somebody_later(unused_tcp_port: int) -> None:
    with pytest.raises(RetryableError, match="ConnectError"):
        await _get(Server(port=unused_tcp_port), "file")


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/a",
        f"https://{HOST}:8443/a",
        f"https://user:secret@{HOST}/a",
        f"https://{HOST}@10.0.0.1/a",
        f"https://{HOST}.evil.example/a",
        f"https://evil.example/{HOST}",
        "https://10.0.0.1/a",
        "https://[::1]/a",
        "https://169.254.169.254/latest",
        f"ftp://{HOST}/a",
        "file:///etc/passwd",
        "//files.example.com/a",
        "",
        f"https://{HOST}\\@evil.example/a",
        f"https://{HOST}#@evil.example",
        "https:///a",
        "https://\u2024example.com/",
        f"https://{HOST}\r\nX: y/a",
        "gopher://x",
        "https://0x7f000001/",
        "https://localhost/",
        "data:text/plain,x",
    ],
)
async def test_hostile_addresses_are_not_even_looked_up(url: str) -> None:
    looked: list[str] = []

    async def resolve(host: str) -> list[str]:
        looked.append(host)
        return ["127.0.0.1"]

    with pytest.raises(RejectedError):
        await download(url, hosts=HOSTS, most=MOST, timeout=1, resolve=resolve)
    # Only what is behind our host's own name may be looked up, and then it is not public.
    assert set(looked) <= HOSTS


@pytest.mark.parametrize("found", [[one] for one in PRIVATE] + [[], ["8.8.8.8", "127.0.0.1"]])
async def test_a_known_name_that_leads_inside_is_not_followed(
    found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve(_: str) -> list[str]:
        return found

    monkeypatch.setattr(httpx.AsyncClient, "stream", _never)
    with pytest.raises(RejectedError, match="not out in the internet"):
        await download(f"https://{HOST}/a", hosts=HOSTS, most=MOST, timeout=1, resolve=resolve)


def _never(*_: object, **__: object) -> None:
    raise AssertionError("it was asked")


async def test_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that leads elsewhere the second time (DNS rebinding) is asked once only."""
    answers, seen = [["8.8.8.8"], ["127.0.0.1"]], list[httpx.Request]()

    async def resolve(_: str) -> list[str]:
        return answers.pop(0)

    async def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, stream=httpx.ByteStream(b"file"))

    transport = httpx.MockTransport(handle)
    real = httpx.AsyncClient.__init__
    monkeypatch.setattr(
        httpx.AsyncClient, "__init__", lambda self, **more: real(self, **more, transport=transport)
    )
    content = await download(
        f"https://{HOST}/a?b=1",
        hosts=HOSTS,
        most=MOST,
        timeout=1,
        headers={"Authorization": "Bearer t", "Host": "evil.example"},
        resolve=resolve,
    )
    (request,) = seen
    assert content == b"file"
    assert str(request.url) == "https://8.8.8.8/a?b=1"
    assert request.headers["Host"] == HOST
    assert request.extensions["sni_hostname"] == HOST
    assert answers == [["127.0.0.1"]]
