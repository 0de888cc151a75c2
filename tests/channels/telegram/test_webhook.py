"""The webhook: only Telegram is heard, and all that it says."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from channels.telegram.adapter import WebhookTelegram
from channels.telegram.client import Client
from channels.telegram.me import Me
from desk.channel import PollingChannel, WebhookChannel
from desk.clock import StoppedClock
from desk.errors import ForbiddenError, InvalidError
from desk.message import InboundMessage, WebhookRequest
from tests.channels.telegram.subject import SECRET, WEBHOOK, WebhookSubject, client_of
from tests.platforms.telegram import people
from tests.platforms.telegram.server import BOT_ID


def adapter(subject: WebhookSubject) -> WebhookTelegram:
    assert isinstance(subject.channel, WebhookTelegram)
    return subject.channel


async def test_it_is_a_webhook_and_no_polling_channel(webhook: WebhookSubject) -> None:
    assert isinstance(webhook.channel, WebhookChannel)
    assert not isinstance(webhook.channel, PollingChannel)


async def test_forged_requests_are_refused(webhook: WebhookSubject) -> None:
    raw = webhook.text(n=1, chat=1, words="hi")
    adapter(webhook).verify(webhook.signed(raw))
    forged = webhook.forged(raw)
    for request in forged.values():
        with pytest.raises(ForbiddenError):
            adapter(webhook).verify(request)
    assert len(forged) == 8


async def test_a_signed_request_says_one_thing(webhook: WebhookSubject) -> None:
    request = webhook.signed(webhook.text(n=1, chat=3, words="hi"))
    (update,) = adapter(webhook).parse(request)
    assert isinstance(update, InboundMessage)
    assert (update.text, update.thread) == ("hi", webhook.thread_of(3))
    assert adapter(webhook).answer(request) is None


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000, b"9" * 5_000]
)
async def test_what_is_no_update_is_invalid(webhook: WebhookSubject, body: bytes) -> None:
    request = WebhookRequest(method="POST", headers={}, query={}, body=body)
    with pytest.raises(InvalidError):
        adapter(webhook).parse(request)


async def test_no_oddity_raises(webhook: WebhookSubject) -> None:
    for raw in [*webhook.oddities().values(), webhook.poison()]:
        assert len(adapter(webhook).parse(webhook.signed(raw))) == 1


async def test_start_sets_the_webhook_and_keeps_what_waits(webhook: WebhookSubject) -> None:
    webhook.platform.pending.put(webhook.text(n=1, chat=1, words="waiting"))
    await adapter(webhook).start()
    await webhook.platform.postman.close()
    (call,) = webhook.platform.of("setWebhook")
    assert (call["url"], call["secret_token"]) == (WEBHOOK, SECRET)
    assert call["allowed_updates"] == [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
    ]
    assert "drop_pending_updates" not in call
    assert len(webhook.platform.pending) == 1


async def test_a_button_is_heard_in_the_background(webhook: WebhookSubject) -> None:
    raw = people.pressed(1, 1, "choice-1")
    webhook.platform.put(raw)
    adapter(webhook).parse(webhook.signed(raw))
    assert webhook.platform.answered == [], "nothing was awaited"
    while not webhook.platform.answered:
        await asyncio.sleep(0)
    assert webhook.platform.answered == ["query-1"]


def test_parsing_needs_no_loop(webhook_without_loop: WebhookTelegram) -> None:
    request = WebhookRequest(
        method="POST", headers={}, query={}, body=json.dumps(people.pressed(1, 1, "x")).encode()
    )
    assert len(webhook_without_loop.parse(request)) == 1


@pytest.fixture
def webhook_without_loop(clock: StoppedClock) -> WebhookTelegram:
    """Return a channel that no platform stands behind."""
    url = "http://127.0.0.1:9"
    client = Client(token=f"{BOT_ID}:x", api_url=url, file_url=url)
    return WebhookTelegram(
        client=client, me=Me(id=BOT_ID), clock=clock, url=WEBHOOK, secret=SECRET
    )


async def test_delivered_in_order_until_accepted(
    clock: StoppedClock, webhook: WebhookSubject
) -> None:
    """The platform drives the adapter over HTTP: refused twice for each chat, it comes again and in order."""
    refusals = 4
    heard: list[tuple[str, str]] = []

    async def receive(request: web.Request) -> web.Response:
        nonlocal refusals
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        got = WebhookRequest(method="POST", headers=headers, query={}, body=body)
        channel.verify(got)
        updates = channel.parse(got)
        if refusals:
            refusals -= 1
            return web.Response(status=503)
        heard.extend((one.thread, one.text) for one in updates if isinstance(one, InboundMessage))
        return web.json_response({})

    async with receiver(receive) as url:
        client = client_of(webhook.platform)
        channel = WebhookTelegram(
            client=client, me=Me(id=BOT_ID), clock=clock, url=url, secret=SECRET
        )
        await channel.start()
        for n in range(12):
            webhook.platform.put(webhook.text(n=n, chat=n % 2, words=str(n)))
        await webhook.platform.postman.idle()
        await channel.close()
    assert webhook.platform.hook.answers == {503: 4, 200: 12}
    for chat in (0, 1):
        thread = webhook.thread_of(chat)
        assert [int(text) for at, text in heard if at == thread] == list(range(chat, 12, 2))
    assert len(webhook.platform.pending) == 0


@asynccontextmanager
async def receiver(
    receive: Callable[[web.Request], object],
) -> AsyncIterator[str]:
    """Serve an address of ours on this machine."""
    app = web.Application()
    app.router.add_post("/channels/telegram", receive)  # type: ignore[arg-type]
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/channels/telegram"
    finally:
        await runner.cleanup()
