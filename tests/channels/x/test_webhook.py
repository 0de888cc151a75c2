"""What X sends us: its signature, its challenge and its events."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from channels.x.adapter import WebhookX
from channels.x.signature import Signatures
from desk.channel import (
    CheckedChannel,
    ClosingChannel,
    FetchingChannel,
    PollingChannel,
    WebhookChannel,
)
from desk.clock import StoppedClock
from desk.errors import ForbiddenError
from desk.message import (
    DeliveryStatus,
    Gone,
    Ignored,
    InboundEdit,
    InboundMessage,
    StatusUpdate,
    Unread,
    WebhookRequest,
)
from tests.channels.x.making import JO
from tests.channels.x.subject import XSubject, adapter
from tests.platforms.x.activity import challenge, deliver, envelope, post_event, signature
from tests.platforms.x.server import ACCOUNT, API_SECRET, XServer
from tests.platforms.x.world import Post, snowflake


def test_is_what_it_says(subject: XSubject) -> None:
    for port in (WebhookChannel, PollingChannel, FetchingChannel, CheckedChannel, ClosingChannel):
        assert isinstance(subject.channel, port)


async def test_in_polling_mode_there_is_no_webhook(server: XServer, now: StoppedClock) -> None:
    channel = adapter(server, now)
    assert not isinstance(channel, WebhookChannel)
    await channel.close()


def test_takes_what_x_signed(subject: XSubject) -> None:
    raws = [subject.text(n=n, chat=n % 2, words=f"word {n} é你") for n in range(4)]
    request = subject.signed(*raws)
    subject.channel.verify(request)
    assert subject.channel.answer(request) is None
    found = subject.channel.parse(request)
    assert [(one.text, one.thread) for one in found if isinstance(one, InboundMessage)] == [
        (f"word {n} é你", subject.thread_of(n % 2)) for n in range(4)
    ]
    assert len({one.external_id for one in found if isinstance(one, InboundMessage)}) == 4


def test_refuses_what_it_did_not(subject: XSubject) -> None:
    forged = subject.forged(subject.text(n=1, chat=1, words="hi"))
    assert len(forged) > 10
    assert [name for name, request in forged.items() if verified(subject, request)] == []


def verified(subject: XSubject, request: WebhookRequest) -> bool:
    try:
        subject.channel.verify(request)
    except ForbiddenError:
        return False
    return True


@pytest.mark.parametrize(
    "token", ["", "{}", '{"for_user_id":"1"}', "a b", "é", "a" * 129, "a\n", "a\x00"]
)
def test_signs_no_token_that_could_be_an_event(subject: XSubject, token: str) -> None:
    request = WebhookRequest(method="GET", headers={}, query={"crc_token": token}, body=b"")
    with pytest.raises(ForbiddenError):
        subject.channel.verify(request)


def test_the_newer_secret_is_taken_as_well() -> None:
    both = Signatures(API_SECRET, "client secret")
    body = b'{"a": 1}'
    new = {"X-Twitter-Webhooks-Signature-OAuth2": signature(body, "client secret")}
    old = {"X-Twitter-Webhooks-Signature": signature(body)}
    mixed = {"X-Twitter-Webhooks-Signature-OAuth2": signature(body)}
    for headers in (new, old, {**new, **old}):
        both.verify(WebhookRequest(method="POST", headers=headers, query={}, body=body))
    with pytest.raises(ForbiddenError):
        both.verify(WebhookRequest(method="POST", headers=mixed, query={}, body=body))
    answer = both.answer(
        WebhookRequest(method="GET", headers={}, query={"crc_token": "abc"}, body=b"")
    )
    assert answer is not None
    digest = hmac.new(b"client secret", b"abc", hashlib.sha256).digest()
    expected = "sha256=" + base64.b64encode(digest).decode()
    assert json.loads(answer.body) == {"response_token": expected}


ODD: dict[str, list[Any]] = {
    "unknown": [Ignored],
    "unknown event": [Ignored],
    "encrypted chat": [Ignored],
    "typing": [Ignored],
    "photo": [InboundMessage],
    "film": [InboundMessage],
    "voice": [InboundMessage],
    "location": [InboundMessage],
    "bare": [InboundMessage],
    "null": [InboundMessage],
    "long": [InboundMessage],
    "own message": [Ignored],
    "read": [StatusUpdate],
    "mention": [InboundMessage],
    "repost": [Ignored],
    "no mention": [Ignored],
    "mention event": [InboundMessage],
    "edit": [InboundMessage, InboundEdit],
    "delete": [InboundEdit],
    "revoked": [Ignored],
    "for another": [Ignored],
}


def test_reads_everything(subject: XSubject) -> None:
    found = {}
    for name, raw in subject.oddities().items():
        request = subject.signed(raw)
        subject.channel.verify(request)
        found[name] = subject.channel.parse(request)
    assert {name: [type(one) for one in updates] for name, updates in found.items()} == ODD
    photo, film, voice, place, long = (
        found[n][0] for n in ("photo", "film", "voice", "location", "long")
    )
    assert isinstance(photo, InboundMessage)
    assert photo.attachments[0].reference is not None
    assert isinstance(film, InboundMessage)
    assert film.attachments[0].content_type == "video/mp4"
    assert isinstance(voice, InboundMessage)
    assert isinstance(place, InboundMessage)
    assert (voice.unsupported, place.unsupported) == ("audio", "location")
    assert isinstance(long, InboundMessage)
    assert len(long.text) == len("long text " * 1000) - 1
    (read,) = found["read"]
    assert isinstance(read, StatusUpdate)
    assert read.status is DeliveryStatus.READ
    (gone,) = found["delete"]
    assert isinstance(gone, InboundEdit)
    assert gone.text is None


def test_one_poisonous_event_does_not_keep_the_others_back(subject: XSubject) -> None:
    one, two = (subject.text(n=n, chat=1, words="hi") for n in (1, 2))
    found = subject.channel.parse(subject.signed(one, subject.poison(), two))
    assert [type(update) for update in found] == [InboundMessage, Unread, InboundMessage]
    assert isinstance(found[1], Unread)
    with pytest.raises(KeyError):
        subject.channel.read(found[1].raw)


@pytest.mark.parametrize("body", [b"{", b"{}}", b'{"a":1e999999}x', b"{\xff}"])
def test_what_is_no_json_is_an_error(subject: XSubject, body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever kind, the core sets the body aside
        subject.channel.parse(subject.request(body))


def test_a_message_is_the_same_in_all_forms(subject: XSubject) -> None:
    raw = subject.text(n=5, chat=1, words="hi")
    payload = {key: raw[key] for key in ("direct_message_events", "users")}
    (old,) = subject.channel.parse(subject.signed(raw))
    (new,) = subject.channel.parse(subject.signed(envelope("dm.received", payload)))
    assert isinstance(old, InboundMessage)
    assert isinstance(new, InboundMessage)
    assert (old.external_id, old.thread, old.text, old.sender_name, old.sent_at) == (
        new.external_id,
        new.thread,
        new.text,
        new.sender_name,
        new.sent_at,
    )


async def test_polling_brings_the_same_as_the_webhook(subject: XSubject) -> None:
    raws = [subject.text(n=5, chat=1, words="a & b"), subject.oddities()["photo"]]
    for raw in raws:
        await subject.put(raw)
    polled = await subject.channel.poll(None)
    called = subject.channel.parse(subject.signed(*raws))
    for one, other in zip(polled.updates, called, strict=True):
        assert isinstance(one, InboundMessage)
        assert isinstance(other, InboundMessage)
        assert (one.external_id, one.thread, one.text) == (
            other.external_id,
            other.thread,
            other.text,
        )
        assert [a.reference for a in one.attachments] == [a.reference for a in other.attachments]
    assert polled.wait >= timedelta(minutes=15)


def test_a_reply_in_the_older_form_stays_below_its_parent(subject: XSubject) -> None:
    person = subject.platform.world.person(JO)
    post = Post(
        snowflake(subject.platform.now(), 7), JO, "and now?", above="99", mentions=(ACCOUNT,)
    )
    (found,) = subject.channel.parse(subject.signed(post_event(post, person, ACCOUNT)))
    assert isinstance(found, InboundMessage)
    assert found.thread == f"post:99/{JO}"


@pytest.mark.parametrize("text", ["@frontdesk stop", "@frontdesk STOP!", "@frontdesk 退订。"])
def test_whoever_says_stop_in_public_is_left_alone(subject: XSubject, text: str) -> None:
    person = subject.platform.world.person(JO)
    post = Post(snowflake(subject.platform.now(), 7), JO, text, mentions=(ACCOUNT,))
    (found,) = subject.channel.parse(subject.signed(post_event(post, person)))
    assert isinstance(found, Gone)
    assert found.sender == JO


@pytest.fixture
async def address(subject: XSubject) -> AsyncIterator[str]:
    """Serve the adapter as the core does; it answers after a while if told to."""

    async def handle(request: web.Request) -> web.Response:
        plain = WebhookRequest(
            method=request.method,
            headers=request.headers,
            query=request.query,
            body=await request.read(),
        )
        try:
            subject.channel.verify(plain)
        except ForbiddenError as error:
            return web.Response(status=error.status_code)
        answer = subject.channel.answer(plain)
        if answer is not None:
            return web.Response(body=answer.body, content_type=answer.content_type)
        if b"slow" in plain.body:
            await stop.wait()
        return web.json_response({"found": len(subject.channel.parse(plain))})

    stop = asyncio.Event()
    app = web.Application()
    app.router.add_route("*", "/channels/x", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/channels/x"
    stop.set()
    await runner.cleanup()


async def test_x_can_register_and_call_us(subject: XSubject, address: str) -> None:
    assert await challenge(address)
    assert await deliver(address, subject.text(n=1, chat=1, words="hi")) == 200
    assert await deliver(address, subject.text(n=1, chat=1, words="slow"), deadline=0.1) == 0


async def test_tells_how_the_webhook_stands(subject: XSubject, now: StoppedClock) -> None:
    ours = "https://desk.example.com/channels/x"
    (problem,) = (await subject.channel.check()).problems
    assert "does not know the webhook" in problem
    subject.platform.webhooks = [{"id": "1", "url": ours, "valid": False}]
    (problem,) = (await subject.channel.check()).problems
    assert "switched the webhook" in problem
    subject.platform.webhooks[0]["valid"] = True
    check = await subject.channel.check()
    assert check.problems == ()
    assert any("not since this process started" in note for note in check.notes)
    request = WebhookRequest(method="GET", headers={}, query={"crc_token": "abc"}, body=b"")
    subject.channel.answer(request)
    notes = (await subject.channel.check()).notes
    assert any("answered last: at 2026-11-23 12:00" in note for note in notes)


async def test_without_a_bearer_token_it_says_what_it_cannot_ask(
    server: XServer, now: StoppedClock
) -> None:
    channel = adapter(server, now, mode="webhook", bearer_token=None)
    assert isinstance(channel, WebhookX)
    check = await channel.check()
    await channel.close()
    assert check.problems == ()
    assert any("FRONTDESK_X_BEARER_TOKEN" in note for note in check.notes)
