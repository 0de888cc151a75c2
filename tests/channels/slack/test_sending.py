"""Our messages in Slack."""

from datetime import timedelta
from typing import Any

import pytest

from channels.slack.errors import UncertainError
from desk.channel import ChannelDownError, UnreachableError
from desk.clock import StoppedClock
from desk.errors import RejectedError, RetryableError
from desk.message import Attachment, Choice
from tests.channels.slack.conftest import Office, outgoing
from tests.channels.slack.subject import client_of, webhook_of
from tests.platforms.slack.server import SlackPlatform, titles
from tests.platforms.slack.world import Message


def written(office: Office) -> list[Message]:
    """Return what the bot wrote."""
    return [message for _, message in office.slack.posted()]


def link(title: str, url: str) -> Choice:
    """Return a button that opens a page."""
    return Choice(id="l" * 20, title=title, url=url)


async def test_text_is_taken_literally(office: Office) -> None:
    text = "<!channel> *bold* & https://example.com/?a=1&b=2."
    sent = await office.channel.send(outgoing(text))
    (message,) = written(office)
    assert message.text == "&lt;!channel&gt; *bold* &amp; https://example.com/?a=1&amp;b=2."
    assert message.blocks == []
    assert sent.external_id == f"DUANN:{message.ts}"
    assert message.metadata == {
        "event_type": "frontdesk_message",
        "event_payload": {"id": "fd-1"},
    }


async def test_an_answer_goes_into_its_thread_under_the_agents_name(office: Office) -> None:
    root = await office.ann.says(office.customers, "hello")
    thread = f"CCUSTOMERS/{root}/T0ACME:UBOB"
    await office.channel.send(outgoing(thread=thread, author_name="M. " * 40))
    reply = await office.ann.says(office.direct, "here")
    await office.channel.send(outgoing(id="fd-2", context={"thread_ts": reply}))
    first, second = written(office)
    assert (first.thread_ts, first.username) == (root, ("M. " * 40)[:80])
    assert (second.thread_ts, second.username) == (reply, None)


async def test_buttons_keep_every_choice(office: Office) -> None:
    choices = [Choice(id=f"{n:020d}", title=f"Choice {n}") for n in range(1, 28)]
    choices[1] = Choice(id="x" * 20, title="long " * 20)
    choices[2] = link("Too far", "https://example.com/" + "a" * 3_000)
    text = "Look at <https://example.com/a> & choose"
    await office.channel.send(outgoing(text, choices=tuple(choices)))
    (message,) = written(office)
    shown = titles(message)
    assert len(shown) == 24
    assert shown[:2] == ["Choice 1", ("long " * 20)[:74] + "…"]
    lines = message.text.split("\n")
    assert lines[1:] == [
        *(f"2. {'long ' * 20}", f"3. Too far: {choices[2].url}"),
        *("26. Choice 26", "27. Choice 27"),
    ]
    rich, actions = message.blocks
    pieces = rich["elements"][0]["elements"]
    assert pieces[0] == {"type": "text", "text": "Look at <"}
    assert pieces[1] == {"type": "link", "url": "https://example.com/a"}
    assert pieces[2]["text"].startswith("> & choose\n2. long")
    assert actions["block_id"] == "choices DUANN/ T0ACME:UANN"


async def test_a_long_text_with_buttons_is_whole(office: Office) -> None:
    text = "0123456789" * 400
    await office.channel.send(outgoing(text, choices=(Choice(id="a" * 20, title="Yes"),)))
    (message,) = written(office)
    pieces = message.blocks[0]["elements"][0]["elements"]
    assert [len(one["text"]) for one in pieces] == [3_000, 1_000]
    assert "".join(one["text"] for one in pieces) == text


async def test_buttons_that_are_all_too_far_are_text(office: Office) -> None:
    far = link("Far", "https://example.com/" + "a" * 3_000)
    await office.channel.send(outgoing("", choices=(far,)))
    (message,) = written(office)
    assert message.text == f"1. Far: {far.url}"
    assert titles(message) == []


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("not_in_channel", UnreachableError, "the bot is not in the channel"),
        ("channel_not_found", UnreachableError, "channel_not_found"),
        ("is_archived", UnreachableError, "archived"),
        ("user_disabled", UnreachableError, "closed"),
        ("cannot_dm_bot", UnreachableError, "bot"),
        ("invalid_auth", ChannelDownError, "token is wrong"),
        ("account_inactive", ChannelDownError, "removed"),
        ("token_revoked", ChannelDownError, "revoked"),
        ("internal_error", UncertainError, "internal_error"),
        ("request_timeout", RetryableError, "request_timeout"),
        ("msg_too_long", RejectedError, "msg_too_long"),
        ("something_new", RejectedError, "something_new"),
        ("500", UncertainError, "HTTP 500"),
        ("disconnect", UncertainError, "did not answer"),
    ],
)
async def test_refusals(office: Office, fault: str, error: type[Exception], words: str) -> None:
    office.slack.will(fault)
    with pytest.raises(error, match=words) as caught:
        await office.channel.send(outgoing("a secret text"))
    assert type(caught.value) is error
    assert "secret" not in str(caught.value)
    assert office.slack.struck[fault] == 1


async def test_a_429_says_for_how_long_and_nothing_sleeps(office: Office) -> None:
    office.slack.will("429", retry_after=30)
    with pytest.raises(RetryableError) as caught:
        await office.channel.send(outgoing())
    assert caught.value.retry_in == timedelta(seconds=30)
    assert (office.slack.struck["429"], office.slack.calls["chat.postMessage"]) == (1, 1)


async def test_a_missing_scope_is_named(office: Office) -> None:
    office.slack.scopes.remove("chat:write.customize")
    with pytest.raises(ChannelDownError, match=r"missing_scope: chat:write\.customize"):
        await office.channel.send(outgoing(author_name="M."))


async def test_a_platform_that_is_not_there(clock: StoppedClock) -> None:
    async with SlackPlatform.open(clock) as platform:
        channel = webhook_of(platform, clock)
    clock.advance(timedelta(hours=1))
    with pytest.raises(RetryableError, match="cannot be reached") as caught:
        await channel.send(outgoing())
    assert type(caught.value) is RetryableError
    await channel.close()


@pytest.mark.parametrize("thread", ["DUANN/", "thread"])
@pytest.mark.parametrize("fault", ["timeout", "disconnect"])
async def test_what_came_through_unanswered_is_not_sent_again(
    office: Office, clock: StoppedClock, fault: str, thread: str
) -> None:
    if thread == "thread":
        thread = f"CCUSTOMERS/{await office.ann.says(office.customers, 'hello')}"
    clock.advance(timedelta(hours=1))
    office.slack.will(fault)
    with pytest.raises(UncertainError):
        await office.channel.send(outgoing(thread=thread))
    assert office.slack.struck[fault] == 1
    clock.advance(timedelta(minutes=5))
    sent = await office.channel.send(outgoing(thread=thread))
    (message,) = written(office)
    assert str(sent.external_id).endswith(message.ts)
    assert await office.channel.send(outgoing(thread=thread)) == sent
    assert office.slack.calls["chat.postMessage"] == 1


async def test_what_did_not_come_through_is_sent_again(
    office: Office, clock: StoppedClock
) -> None:
    clock.advance(timedelta(hours=1))
    for fault in ("500", "429", "500"):
        office.slack.will(fault)
        with pytest.raises(RetryableError):
            await office.channel.send(outgoing())
    await office.channel.send(outgoing())
    assert len(written(office)) == 1
    assert (office.slack.struck["500"], office.slack.struck["429"]) == (2, 1)
    # It was looked for three times: the 429 in between does not clear up what the 500 left open.
    assert office.slack.calls["conversations.history"] == 3


async def test_nobody_looks_without_a_reason(office: Office, clock: StoppedClock) -> None:
    clock.advance(timedelta(minutes=1))
    office.slack.will("429")
    with pytest.raises(RetryableError):
        await office.channel.send(outgoing())
    await office.channel.send(outgoing())
    assert office.slack.struck["429"] == 1
    assert office.slack.calls["conversations.history"] == 0


async def test_after_a_restart_a_young_process_looks_first(
    office: Office, clock: StoppedClock
) -> None:
    await office.channel.send(outgoing())
    for number in range(250):  # more than a page of what was said since
        message = Message(ts=office.slack.world.ts(), user="UANN", text=str(number))
        office.direct.messages.append(message)
    clock.advance(timedelta(hours=3))
    successor = webhook_of(office.slack, clock)
    await successor.send(outgoing())
    await successor.send(outgoing("another", id="fd-2"))
    await successor.close()
    assert [message.text for message in written(office)] == ["hello", "another"]
    assert office.slack.calls["conversations.history"] == 1 + 2 + 2


async def test_a_thread_that_is_gone_does_not_hold_up_the_answer(office: Office) -> None:
    await office.channel.send(outgoing(thread="CCUSTOMERS/1600000000.000001"))
    assert len(written(office)) == 1


def files(*names: str) -> tuple[Attachment, ...]:
    """Return files to send."""
    return tuple(Attachment(name=n, content_type="text/plain", content=n.encode()) for n in names)


async def test_files_come_after_their_text_in_the_same_thread(office: Office) -> None:
    root = await office.ann.says(office.customers, "hello")
    place = f"CCUSTOMERS/{root}"
    await office.channel.send(outgoing("See:", thread=place, attachments=files("a.txt", "你.txt")))
    text, shared = written(office)
    assert (text.text, shared.thread_ts) == ("See:", root)
    kept = [office.slack.world.files[one] for one in shared.files]
    assert [(one.name, one.content) for one in kept] == [
        *(("a.txt", b"a.txt"), ("你.txt", "你.txt".encode()))
    ]


async def test_a_file_alone_is_sent_without_a_text(office: Office) -> None:
    sent = await office.channel.send(outgoing("", attachments=files("a.txt")))
    (shared,) = written(office)
    assert sent.external_id == f"DUANN:{shared.files[0]}"
    assert office.slack.calls["chat.postMessage"] == 0


@pytest.mark.parametrize(
    "method", ["files.getUploadURLExternal", "chat.postMessage", "files.completeUploadExternal"]
)
@pytest.mark.parametrize("fault", ["disconnect", "500", "429"])
async def test_text_and_files_come_once_whatever_fails(
    office: Office, clock: StoppedClock, method: str, fault: str
) -> None:
    clock.advance(timedelta(hours=1))
    office.slack.will(fault, method=method)
    message: dict[str, Any] = {"attachments": files("a.txt")}
    with pytest.raises(RetryableError):
        await office.channel.send(outgoing("See:", **message))
    assert office.slack.struck[fault] == 1
    await office.channel.send(outgoing("See:", **message))
    text, shared = written(office)
    assert (text.text, len(shared.files)) == ("See:", 1)


async def test_files_without_content_are_refused(office: Office) -> None:
    nothing = Attachment(name="a", content_type="text/plain")
    with pytest.raises(RejectedError):
        await office.channel.send(outgoing(attachments=(nothing,)))
    assert written(office) == []


async def test_a_wrong_token_is_a_channel_that_is_down(slack: SlackPlatform) -> None:
    client = client_of(slack, token="xoxb-wrong")
    with pytest.raises(ChannelDownError):
        await client.identity()
    await client.close()
