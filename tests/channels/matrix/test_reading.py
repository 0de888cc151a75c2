"""What each kind of event says, and which requests are refused."""

import json
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from channels.matrix.adapter import TokenError
from desk.clock import StoppedClock
from desk.message import (
    Attachment,
    Gone,
    Ignored,
    InboundEdit,
    InboundMessage,
    Unread,
    WebhookAnswer,
)
from tests.channels.matrix.subject import MatrixSubject
from tests.conftest import NOON
from tests.platforms.matrix.server import BOT

IGNORED = {
    "redacted": "redacted",
    "reaction": "m.reaction",
    "notice": "m.notice",
    "unknown": "org.example.event",
    "typing": "m.typing",
    "our own": "our own",
    "we are invited": "m.room.member invite",
    "we are put out": "m.room.member leave",
}
TEXTS = {
    "sticker": "😀",
    "emote": "waves",
    "long": "long text " * 1000,
    "null fields": "hi",
    "reply": "yes",
    "unknown text": "Which colour?",
}
UNSUPPORTED = {"location": "location", "encrypted": "encrypted", "encrypted file": "encrypted"}
FILES = {
    "voice": ("audio/ogg", None, ""),
    "photo": ("image/png", 5, ""),
    "photo with words": ("application/octet-stream", None, "It broke"),
    "file": ("application/octet-stream", None, ""),
}
EDITS = {"edit": "changed", "redaction": None, "redaction at the top": None}


@pytest.fixture
async def subject() -> AsyncIterator[MatrixSubject]:
    """Return the adapter in front of a real server."""
    async with MatrixSubject.open(StoppedClock(NOON)) as subject:
        yield subject


async def test_every_kind_of_event_is_read(subject: MatrixSubject) -> None:
    oddities = subject.oddities()
    read = {name: subject.channel.read(raw) for name, raw in oddities.items()}
    assert {len(updates) for updates in read.values()} == {1}
    update = {name: updates[0] for name, updates in read.items()}
    told = {*IGNORED, *TEXTS, *UNSUPPORTED, *FILES, *EDITS, "customer left"}
    assert set(update) == told
    for name, kind in IGNORED.items():
        assert update[name] == Ignored(channel="matrix", kind=kind)
    for name in (*TEXTS, *UNSUPPORTED, *FILES):
        message = update[name]
        assert isinstance(message, InboundMessage), name
        assert message.raw == oddities[name]
        assert message.text == TEXTS.get(name, FILES.get(name, (0, 0, ""))[2]), name
        assert message.unsupported == UNSUPPORTED.get(name), name
        assert len(message.attachments) == (name in FILES)
    for name, (content_type, size, _) in FILES.items():
        message = update[name]
        assert isinstance(message, InboundMessage)
        assert message.attachments == (
            Attachment(
                name="a.png",
                content_type=content_type,
                size=size,
                reference="mxc://example.org/abcdef",
            ),
        )
    for name, text in EDITS.items():
        edit = update[name]
        assert isinstance(edit, InboundEdit)
        assert (edit.edited, edit.text) == ("$event-1", text)
    gone = update["customer left"]
    assert isinstance(gone, Gone)
    assert gone.sender == subject.chat(1)[0].id


async def test_every_forged_request_is_refused(subject: MatrixSubject) -> None:
    raw = subject.text(n=1, chat=1, words="hi")
    subject.channel.verify(subject.signed(raw))
    forged = subject.forged(raw)
    accepted = set(forged)
    for name, request in forged.items():
        with suppress(TokenError):
            subject.channel.verify(request)
            continue
        accepted.discard(name)
    assert accepted == set()


async def test_one_poisonous_event_keeps_no_other_back(subject: MatrixSubject) -> None:
    one, two = (subject.text(n=n, chat=1, words="hi") for n in (1, 2))
    events = [one, subject.poison(), ["no event"], two]
    request = subject.request(json.dumps({"events": events}).encode())
    subject.channel.verify(request)
    kinds = [type(update) for update in subject.channel.parse(request)]
    assert kinds == [InboundMessage, Unread, Unread, InboundMessage]


async def test_ids_that_we_could_not_keep_are_set_aside(subject: MatrixSubject) -> None:
    raw = subject.text(n=1, chat=1, words="hi") | {"room_id": "!" + "r" * 250}
    (unread,) = subject.channel.parse(subject.signed(raw))
    assert isinstance(unread, Unread)
    assert "too long" in unread.error


@pytest.mark.parametrize(
    "room", ["", "!", "room", "!" + "r" * 255, "!with space:a.example", "!\u623f\u95f4", None, 7]
)
async def test_what_is_no_room_is_set_aside_without_asking(
    subject: MatrixSubject, room: object
) -> None:
    raw = subject.text(n=1, chat=1, words="hi") | {"room_id": room}
    request = subject.signed(raw)
    await subject.channel.close()  # whoever asks now fails
    await subject.channel.prepare(request)
    (unread,) = subject.channel.parse(request)
    assert isinstance(unread, Unread)


async def test_in_a_group_what_is_not_for_us_is_left_alone(subject: MatrixSubject) -> None:
    room = subject.chat(1)[1]
    subject.channel._rooms.know(room, group=True)
    oddities = subject.oddities()
    # A reply to us quotes our name, and is for us.
    others = {*TEXTS, *FILES, *UNSUPPORTED, "customer left"} - {"reply"}
    for name in sorted(others):
        (update,) = subject.channel.read(oddities[name])
        assert isinstance(update, Ignored), name
    in_a_thread = subject.event(
        "thread",
        1,
        "m.room.message",
        msgtype="m.text",
        body="hi",
        **{
            "m.mentions": {"user_ids": [BOT]},
            "m.relates_to": {"rel_type": "m.thread", "event_id": "$root"},
        },
    )
    (message,) = subject.channel.read(in_a_thread)
    assert isinstance(message, InboundMessage)
    assert message.context == {"thread": "$root", "reply_to": "$event-thread"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "_matrix/app/v1/transactions/7", None),
        ("PUT", "/_matrix/app/v1/transactions/a/b", None),
        ("POST", "_matrix/app/v1/ping", 200),
        ("GET", f"_matrix/app/v1/users/{BOT}", 200),
        ("GET", "_matrix/app/v1/users/@other:example.org", 404),
        ("GET", "_matrix/app/v1/rooms/#shop:example.org", 404),
        ("GET", "_matrix/app/v1/thirdparty/protocol/irc", 404),
        ("PUT", "transactions/7", 404),
        ("GET", "", 404),
    ],
)
async def test_questions_of_the_homeserver_are_answered(
    subject: MatrixSubject, method: str, path: str, status: int | None
) -> None:
    request = subject.request(b"{}", method=method, query={"path": path})
    subject.channel.verify(request)
    answer = subject.channel.answer(request)
    if status is None:
        assert answer is None
    else:
        assert isinstance(answer, WebhookAnswer)
        assert (answer.status, answer.content_type) == (status, "application/json")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"{}", b'{"events": 5}', b"[" * 30_000]
)
async def test_a_transaction_that_is_none_never_passes_as_one(
    subject: MatrixSubject, body: bytes
) -> None:
    request = subject.request(body)
    subject.channel.verify(request)
    with pytest.raises((ValueError, TypeError, KeyError, RecursionError)):
        subject.channel.parse(request)
