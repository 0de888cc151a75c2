"""A mailbox on a real IMAP server: Dovecot."""

import asyncio
import imaplib
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from imap_tools import MailboxLoginError

from channels.mail import mailbox
from channels.mail.adapter import MailChannel
from channels.mail.imap import refusal
from channels.mail.mailbox import Inbox
from desk.channel import ChannelDownError
from desk.clock import now
from desk.errors import RetryableError
from desk.message import Ignored, InboundMessage, Unread
from tests.channels.mail.letters import source
from tests.channels.mail.subject import Place
from tests.platforms.mail.servers import PASSWORD, MailServers

type Open = Callable[..., MailChannel]


def texts(updates: object) -> list[str]:
    assert isinstance(updates, tuple)
    return [update.text for update in updates if isinstance(update, InboundMessage)]


def put(place: Place, *words: str, **head: str) -> None:
    for word in words:
        place.deliver(source(word, {"Message-ID": f"<{word}@example.org>", **head}))


@contextmanager
def logged_in(place: Place) -> Iterator[imaplib.IMAP4_SSL]:
    with imaplib.IMAP4_SSL(
        "127.0.0.1", place.servers.imaps, ssl_context=place.servers.tls()
    ) as box:
        box.login(place.user, PASSWORD)
        box.select()
        yield box


async def test_the_old_mailbox_is_not_answered(place: Place, open_channel: Open) -> None:
    put(place, "old1", "old2")
    channel = open_channel()
    first = await channel.poll(None)
    assert first.updates == ()
    put(place, "new")
    assert texts((await channel.poll(first.cursor)).updates) == ["new"]


async def test_a_new_mail_ends_the_wait(place: Place, open_channel: Open) -> None:
    channel = open_channel(wait=20)
    first = await channel.poll(None)
    started = time.monotonic()
    waiting = asyncio.create_task(channel.poll(first.cursor))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    put(place, "now")
    assert texts((await waiting).updates) == ["now"]
    assert time.monotonic() - started < 15


async def test_a_mail_that_came_just_before_the_wait_ends_it(
    place: Place, open_channel: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = open_channel(wait=20)
    first = await channel.poll(None)
    looked, raced = Inbox._looked, 0

    def look(inbox: Inbox, box: object) -> tuple[int, int]:
        nonlocal raced
        found = looked(inbox, box)  # type: ignore[arg-type]
        if not raced:
            raced += 1
            put(place, "between")
        return found

    monkeypatch.setattr(Inbox, "_looked", look)
    started = time.monotonic()
    assert texts((await channel.poll(first.cursor)).updates) == ["between"]
    assert time.monotonic() - started < 15
    assert raced == 1


async def test_the_same_cursor_brings_the_same_mails(place: Place, open_channel: Open) -> None:
    channel = open_channel()
    first = await channel.poll(None)
    put(place, "one", "two")
    second = await channel.poll(first.cursor)
    assert await channel.poll(first.cursor) == second
    assert await open_channel().poll(first.cursor) == second
    put(place, "three")
    assert texts((await channel.poll(second.cursor)).updates) == ["three"]


async def test_many_mails_come_in_order_and_in_parts(place: Place, open_channel: Open) -> None:
    channel = open_channel(most_per_hour=100)
    cursor = (await channel.poll(None)).cursor
    words = [f"w{number}" for number in range(45)]
    put(place, *words)
    found = []
    for _ in range(3):
        polled = await channel.poll(cursor)
        found += texts(polled.updates)
        cursor = polled.cursor
    assert found == words


async def test_new_numbers_bring_only_what_came_since_the_first_poll(
    place: Place, open_channel: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place, "old")
    await asyncio.sleep(1.1)  # the server's times are whole seconds
    channel = open_channel()
    monkeypatch.setattr(channel._inbox, "_clock", now)
    first = await channel.poll(None)
    put(place, "one", "two")
    second = await channel.poll(first.cursor)
    assert texts(second.updates) == ["one", "two"]
    await channel.close()
    _renumber(place)
    put(place, "three")
    again = open_channel()
    third = await again.poll(second.cursor)
    ids = [u.external_id for u in third.updates if isinstance(u, InboundMessage)]
    known = [u.external_id for u in second.updates if isinstance(u, InboundMessage)]
    assert sorted(texts(third.updates)) == ["one", "three", "two"]
    assert set(known) < set(ids)  # so the core stores only the third
    put(place, "four")
    assert texts((await again.poll(third.cursor)).updates) == ["four"]


def _renumber(place: Place) -> None:
    """Take away what Dovecot knows about the mailbox, but not the mails: they get new numbers."""
    for path in place.folder.glob("dovecot*"):
        path.unlink()
    time.sleep(1.1)  # the new UIDVALIDITY is the second of its making


async def test_nothing_is_deleted_or_marked_unless_asked(place: Place, open_channel: Open) -> None:
    channel = open_channel()
    first = await channel.poll(None)
    put(place, "one", "two")
    with logged_in(place) as box:
        box.store("1", "+FLAGS", r"(\Deleted)")
    second = await channel.poll(first.cursor)
    await channel.poll(second.cursor)
    with logged_in(place) as box:
        assert box.search(None, "UNSEEN")[1] == [b"1 2"]

    marking = open_channel(mark_seen=True)
    assert texts((await marking.poll(first.cursor)).updates) == ["one", "two"]
    with logged_in(place) as box:
        assert box.search(None, "UNSEEN")[1] == [b"1 2"]  # not stored yet, for all that we know
    await marking.poll(second.cursor)
    with logged_in(place) as box:
        assert box.search(None, "SEEN")[1] == [
            b"1 2"
        ]  # and the one marked as deleted is still there


async def test_of_a_mail_too_large_the_text_is_read(place: Place, open_channel: Open) -> None:
    channel = open_channel(largest_mb=1)
    first = await channel.poll(None)
    body = (
        b'--b\r\nContent-Type: text/plain\r\n\r\nsee film\r\n--b\r\nContent-Type: video/mp4; name="f.mp4"\r\n\r\n'
        + b"x" * 70 * 20_000
    )
    place.deliver(
        source(
            body.replace(b"x" * 70, b"x" * 70 + b"\r\n"),
            {"Content-Type": "multipart/mixed; boundary=b"},
        )
    )
    polled = await channel.poll(first.cursor)
    assert texts(polled.updates) == ["see film\n\n[f.mp4: too large, not taken]"]
    assert len(polled.cursor) < 300


async def test_ignored_mails_move_the_cursor_on(place: Place, open_channel: Open) -> None:
    channel = open_channel()
    first = await channel.poll(None)
    put(place, "away", **{"Auto-Submitted": "auto-replied"})
    second = await channel.poll(first.cursor)
    assert second.updates == (Ignored(channel="email", kind="auto_reply"),)
    assert (await channel.poll(second.cursor)).updates == ()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"imap_password": "wrong"}, "user or the password"),
        ({"mailbox": "Nowhere"}, "no mailbox Nowhere"),
        ({"ca_file": None}, "FRONTDESK_EMAIL_CA_FILE"),
    ],
)
async def test_what_an_operator_must_mend(
    open_channel: Open, settings: dict[str, object], words: str
) -> None:
    channel = open_channel(**settings)
    with pytest.raises(ChannelDownError, match=words):
        await channel.poll(None)
    problems = (await channel.check()).problems
    assert any(words in problem for problem in problems)


async def test_a_server_that_goes_away_and_comes_back(place: Place, open_channel: Open) -> None:
    own = MailServers()
    own.start()
    try:
        there = Place(own, f"{own.new_name()}@example.com")
        channel = open_channel(
            wait=20, imap_port=own.imaps, imap_user=there.user, ca_file=own.certificate
        )
        first = await channel.poll(None)
        waiting = asyncio.create_task(channel.poll(first.cursor))
        await asyncio.sleep(0.2)
        own.stop_imap()
        struck = 0
        for attempt in (waiting, channel.poll(first.cursor)):
            with pytest.raises(RetryableError) as caught:
                await attempt
            struck += caught.type is RetryableError
        assert struck == 2
        own.start_imap()
        put(there, "after")
        assert texts((await channel.poll(first.cursor)).updates) == ["after"]
        await channel.close()
    finally:
        own.stop()


async def test_a_mail_that_the_server_does_not_give_holds_up_nobody(
    place: Place, open_channel: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = open_channel()
    first = await channel.poll(None)
    put(place, "broken", "fine")
    uid, struck = imaplib.IMAP4.uid, 0

    def broken(box: imaplib.IMAP4, command: str, *parts: str) -> object:
        nonlocal struck
        if command == "FETCH" and parts[0] == "1":
            struck += 1
            return "NO", [b"[SERVERBUG] corrupted"]
        return uid(box, command, *parts)

    monkeypatch.setattr(imaplib.IMAP4, "uid", broken)
    for _ in range(2):
        with pytest.raises(RetryableError, match="corrupted"):
            await channel.poll(first.cursor)
    updates = (await channel.poll(first.cursor)).updates
    assert struck == 3
    assert isinstance(updates[0], Unread)
    assert updates[0].error == "InvalidError: the mail server does not give mail 1"
    assert texts(updates) == ["fine"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_both_ways_of_encryption(place: Place, open_channel: Open, security: str) -> None:
    servers = place.servers
    imap, smtp = (
        (servers.imaps, servers.smtps) if security == "tls" else (servers.imap, servers.smtp)
    )
    channel = open_channel(
        imap_security=security, imap_port=imap, smtp_security=security, smtp_port=smtp
    )
    check = await channel.check()
    assert check.problems == ()
    assert all(security.upper() in note for note in check.notes)
    assert (await channel.poll(None)).updates == ()


async def test_a_cancelled_wait_ends_at_once(place: Place, open_channel: Open) -> None:
    channel = open_channel(wait=20)
    first = await channel.poll(None)
    waiting = asyncio.create_task(channel.poll(first.cursor))
    await asyncio.sleep(0.2)
    started = time.monotonic()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await channel.close()
    assert time.monotonic() - started < 10


async def test_without_idle_the_server_is_left_alone_for_a_while(
    place: Place, open_channel: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox.Inbox, "can_idle", lambda *_: False)
    channel = open_channel()
    first = await channel.poll(None)
    second = await channel.poll(first.cursor)
    assert second.wait.total_seconds() == 30
    put(place, "one")
    third = await channel.poll(second.cursor)
    assert texts(third.updates) == ["one"]
    assert third.wait.total_seconds() == 0


def test_a_server_in_trouble_is_not_a_wrong_password() -> None:
    busy = MailboxLoginError(("NO", [b"[UNAVAILABLE] try later"]), "OK")
    assert type(refusal(busy, "INBOX")) is RetryableError
    wrong = MailboxLoginError(("NO", [b"[AUTHENTICATIONFAILED] no"]), "OK")
    assert type(refusal(wrong, "INBOX")) is ChannelDownError


def test_a_missing_server_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    servers = MailServers()
    with pytest.raises(RuntimeError, match=r"apt-get install -y .*dovecot-imapd"):
        servers.start()
    servers.stop()
