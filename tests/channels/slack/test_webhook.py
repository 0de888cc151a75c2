"""Requests from Slack: signatures, the handshake, presses of buttons, retries."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import web

from channels.slack.adapter import SlackSocket, SlackWebhook
from desk.channel import (
    CheckedChannel,
    ClosingChannel,
    FetchingChannel,
    ListeningChannel,
    WebhookChannel,
)
from desk.clock import StoppedClock
from desk.errors import ForbiddenError
from desk.message import Choice, Ignored, InboundMessage, Unread, WebhookRequest
from tests.channels.slack.conftest import BOT, Office, outgoing
from tests.channels.slack.subject import SlackSubject, socket_of
from tests.platforms.slack.delivery import FORM, HttpRoute
from tests.platforms.slack.server import SlackPlatform


@pytest.fixture
def subject(office: Office, clock: StoppedClock) -> SlackSubject:
    """Return what signs."""
    return SlackSubject(office.channel, office.slack, clock)


class Front:
    """A web server around the adapter as the core has it: it stores, or fails when told to."""

    def __init__(self, channel: SlackWebhook) -> None:
        self._channel = channel
        self.stored: list[object] = []
        self.failures: list[int] = []
        self.struck: Counter[int] = Counter()

    async def take(self, request: web.Request) -> web.Response:
        """Answer one request."""
        asked = WebhookRequest(
            method=request.method,
            headers={name.lower(): value for name, value in request.headers.items()},
            query={},
            body=await request.read(),
        )
        try:
            self._channel.verify(asked)
        except ForbiddenError:
            return web.Response(status=403)
        if (answer := self._channel.answer(asked)) is not None:
            return web.Response(body=answer.body)
        if self.failures:
            status = self.failures.pop(0)
            self.struck[status] += 1
            return web.Response(status=status)
        self.stored += self._channel.parse(asked)
        return web.Response()


@asynccontextmanager
async def fronting(channel: SlackWebhook) -> AsyncIterator[tuple[Front, str]]:
    """Serve an adapter."""
    front = Front(channel)
    app = web.Application()
    app.router.add_post("/channels/slack", front.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield front, f"http://{host}:{port}/channels/slack"
    finally:
        await runner.cleanup()


def route(slack: SlackPlatform, url: str) -> HttpRoute:
    """Let Slack call one address for everything."""
    return slack.over_http(url, url, url)


async def test_the_protocols_tell_the_modes_apart(office: Office, clock: StoppedClock) -> None:
    socket = socket_of(office.slack, clock)
    assert isinstance(office.channel, WebhookChannel)
    assert not isinstance(office.channel, ListeningChannel)
    assert isinstance(socket, ListeningChannel)
    assert not isinstance(socket, WebhookChannel)
    for channel in (office.channel, socket):
        assert isinstance(channel, SlackWebhook | SlackSocket)
        assert isinstance(channel, FetchingChannel)
        assert isinstance(channel, CheckedChannel)
        assert isinstance(channel, ClosingChannel)


def test_forged_requests_are_refused(subject: SlackSubject, office: Office) -> None:
    raw = subject.text(n=1, chat=1, words="hello")
    office.channel.verify(subject.signed(raw))
    forged = subject.forged(raw)
    for request in forged.values():
        with pytest.raises(ForbiddenError):
            office.channel.verify(request)
    assert len(forged) > 15


@pytest.mark.parametrize(
    ("seconds", "good"), [(300, True), (-300, True), (301, False), (-301, False)]
)
def test_five_minutes_either_way(
    subject: SlackSubject, office: Office, clock: StoppedClock, seconds: int, good: bool
) -> None:
    request = subject.request(b"{}", at=clock() + timedelta(seconds=seconds))
    if good:
        return office.channel.verify(request)
    with pytest.raises(ForbiddenError):
        office.channel.verify(request)
    return None


def test_the_handshake(subject: SlackSubject, office: Office) -> None:
    asked = {"token": "x", "challenge": "3eZbrw1aB", "type": "url_verification"}
    answer = office.channel.answer(subject.signed(asked))
    assert answer is not None
    assert answer.body == b"3eZbrw1aB"
    for odd in (
        {"type": "url_verification", "challenge": 5},
        {"type": "event_callback", "challenge": "signed by us?", "text": "url_verification"},
    ):
        assert office.channel.answer(subject.signed(odd)) is None
    for body in (
        b"{url_verification",
        b"[" * 100_000 + b"url_verification",
        b"url_verification=1",
    ):
        assert office.channel.answer(subject.request(body)) is None


@pytest.mark.parametrize("body", [b"", b"no json", b"[1]", b"payload=%5B1%5D", b"{", b"\xff"])
def test_what_cannot_be_taken_apart_raises(
    subject: SlackSubject, office: Office, body: bytes
) -> None:
    with pytest.raises(Exception, match=r"."):
        office.channel.parse(subject.request(body))


def test_a_command_is_not_for_us(subject: SlackSubject, office: Office) -> None:
    request = subject.request(b"command=%2Ffrontdesk&text=queue", content_type=FORM)
    assert office.channel.parse(request) == [Ignored(channel="slack", kind="slash_command")]


def test_an_event_that_cannot_be_read_is_set_aside(subject: SlackSubject, office: Office) -> None:
    (unread,) = office.channel.parse(subject.signed(subject.poison()))
    assert isinstance(unread, Unread)


async def test_retries_are_taken_and_are_the_same_message(office: Office) -> None:
    async with fronting(office.channel) as (front, url):
        delivered = route(office.slack, url)
        front.failures = [503, 500, 503]
        await office.ann.says(office.direct, "hello")
        await office.slack.settled()
        assert sum(front.struck.values()) == 3
        assert [(a.number, a.status) for a in delivered.attempts] == [
            *((0, 503), (1, 500), (2, 503), (3, 200))
        ]
        (message,) = front.stored
        assert isinstance(message, InboundMessage)
        await office.slack.deliver(office.slack.events[0])
        await office.slack.settled()
        _, again = front.stored
        assert isinstance(again, InboundMessage)
        assert again.external_id == message.external_id


async def test_a_press_of_a_button_comes_back_with_its_choice(office: Office) -> None:
    root = await office.ann.says(office.customers, "hello")
    (hello,) = office.read()
    assert isinstance(hello, InboundMessage)
    offer = outgoing(
        "Sure?",
        thread=hello.thread,
        choices=(
            Choice(id="a" * 20, title="Yes & no"),
            Choice(id="b" * 20, title="Look", url="https://example.com"),
        ),
    )
    sent = await office.channel.send(offer)
    ts = str(sent.external_id).partition(":")[2]
    async with fronting(office.channel) as (front, url):
        route(office.slack, url)
        assert (await office.ann.clicks(office.customers, ts, "Yes & no")).status == 200
        assert (await office.ann.clicks(office.customers, ts, "Look")).status == 200
        assert (await office.bob.clicks(office.customers, ts, "Yes & no")).status == 200
        pressed, link, others = front.stored
    assert isinstance(pressed, InboundMessage)
    assert (pressed.choice, pressed.text) == ("a" * 20, "")
    assert (pressed.thread, pressed.sender) == (f"CCUSTOMERS/{root}", "T0ACME:UANN")
    assert pressed.external_id.startswith("UANN:")
    assert pressed.external_id.endswith(f":{ts}:choice:0")
    assert link == Ignored(channel="slack", kind="block_actions")
    assert others == Ignored(channel="slack", kind="button_of_another")


def test_a_body_keeps_what_is_beyond_ascii(subject: SlackSubject, office: Office) -> None:
    raw = subject.text(n=1, chat=1, words=f"你好 <@{BOT}> é/")
    request = subject.signed(raw)
    assert json.dumps("你好").encode() not in request.body
    office.channel.verify(request)
    (message,) = office.channel.parse(request)
    assert isinstance(message, InboundMessage)
    assert message.text == f"你好 <@{BOT}> é/"
