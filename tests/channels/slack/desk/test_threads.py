"""What agents write in threads, and what happens to channels, as actions."""

import itertools
from typing import Any

import pytest

from desk.agentdesk.port import Action, CardPost, Changed, HomeOpened, Place, RootGone, Wrote
from tests.channels.slack.desk.conftest import Desk, card, parts_of
from tests.platforms.slack import payloads
from tests.platforms.slack.world import BOT


async def test_words_in_a_thread(desk: Desk) -> None:
    place = await desk.begins()
    ts = await desk.ann.says(
        desk.room,
        f"<@{BOT}> look &lt;here&gt; &amp; <https://a.example.com|there>",
        thread=place.thread,
    )
    deeds = await desk.reads()
    text = "look <here> & there (https://a.example.com)"
    assert deeds == [Wrote(place=place, message=ts, text=text)]
    (action,) = desk.core.actions.values()
    assert (action.person.external_id, action.place) == ("UANN", place)
    assert len(desk.slack.events) == 3  # ours, the message, and the same as a mention
    assert desk.core.taken == 1


async def test_files_without_words(desk: Desk) -> None:
    place = await desk.begins()
    file = desk.ann.file("photo.jpg", b"jpg", "image/jpeg")
    await desk.ann.says(desk.room, "", thread=place.thread, files=[file])
    (wrote,) = await desk.reads()
    assert (wrote.text, [a.name for a in wrote.attachments]) == ("", ["photo.jpg"])
    assert wrote.attachments[0].size == 3


async def test_emoji_become_characters(desk: Desk) -> None:
    place = await desk.begins()
    emoji = [
        {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fc", "skin_tone": 3},
        {"type": "emoji", "name": "wave", "unicode": "1f44b"},
        {"type": "emoji", "name": "parrot"},
    ]
    block: dict[str, Any] = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": emoji}],
    }
    text = "hi :wave::skin-tone-3: :wave: :parrot: 10:30:45"
    await desk.ann.says(desk.room, text, thread=place.thread, blocks=[block])
    (wrote,) = await desk.reads()
    assert wrote.text == "hi \U0001f44b\U0001f3fc \U0001f44b :parrot: 10:30:45"


async def test_changes(desk: Desk) -> None:
    place = await desk.begins()
    ts = await desk.ann.says(desk.room, "helo", thread=place.thread)
    await desk.ann.unfurls(desk.room, ts)
    await desk.ann.edits(desk.room, ts, "hello")
    await desk.ann.edits(desk.room, ts, "hello!")
    await desk.ann.deletes(desk.room, ts)
    deeds = await desk.reads()
    assert deeds[1:] == [
        Changed(place=place, message=ts, text="hello"),
        Changed(place=place, message=ts, text="hello!"),
        Changed(place=place, message=ts, text=None),
    ]
    assert len(deeds) == 4


async def test_what_is_not_for_the_desk(desk: Desk) -> None:
    place = await desk.begins()
    own = await desk.ann.says(desk.room, "lunch?")  # no thread
    await desk.bob.says(desk.room, "yes", thread=own)  # a thread of somebody else
    await desk.ann.edits(desk.room, own, "lunch!")
    await desk.ann.deletes(desk.room, own)
    await desk.says(place)  # our own
    root = desk.root(place)
    event = payloads.changed(
        desk.slack.world,
        desk.room,
        {**payloads.stored(desk.slack.world, desk.room, root), "text": "?"},
        root,
    )
    await desk.slack.emit(desk.room, event)
    await desk.ann.says(desk.room, "joined", thread=place.thread, subtype="bot_message")
    await desk.ann.reacts(desk.room, place.thread, "eyes")
    await desk.ann.leaves(desk.room)
    await desk.slack.deliver(payloads.wrapped(desk.slack.world, {"type": "something_new"}))
    await desk.slack.deliver({"type": "app_rate_limited"})
    assert await desk.reads() == []


async def test_threads_go_on_in_a_channel_the_desk_has_left(desk: Desk) -> None:
    old = desk.slack.channel("old", desk.ann)
    place = Place(
        channel=old.id, thread=str(await desk.show(CardPost(card=card()), Place(channel=old.id)))
    )
    ts = await desk.ann.says(old, "still here", thread=place.thread, subtype="thread_broadcast")
    assert await desk.reads() == [Wrote(place=place, message=ts, text="still here")]


@pytest.mark.parametrize("replies", [0, 1])
async def test_a_deleted_root(desk: Desk, replies: int) -> None:
    place = await desk.begins()
    for _ in range(replies):
        await desk.says(place)
    await desk.bob.removes(desk.room, place.thread)
    assert await desk.reads() == [RootGone(place=place)]


async def test_a_deleted_reply_of_ours_is_nothing(desk: Desk) -> None:
    place = await desk.begins()
    ts = await desk.says(place)
    await desk.bob.removes(desk.room, ts)
    assert await desk.reads() == []


async def test_a_channel_that_is_archived_or_without_us(desk: Desk) -> None:
    await desk.slack.archives(desk.room)
    assert await desk.reads() == [RootGone(place=desk.place)]
    other = desk.slack.channel("other", desk.ann)
    await desk.slack.removes_bot(other)
    assert await desk.reads() == [
        RootGone(place=desk.place),
        RootGone(place=Place(channel=other.id)),
    ]
    assert desk.core.taken == 3


@pytest.mark.parametrize(
    ("event", "channel"),
    [
        ({"type": "channel_deleted", "channel": "C1"}, "C1"),
        ({"type": "group_left", "channel": "C1", "actor_id": "U9"}, "C1"),
        ({"type": "channel_id_changed", "old_channel_id": "G1", "new_channel_id": "C2"}, "G1"),
    ],
)
async def test_other_ends_of_a_channel(desk: Desk, event: dict[str, str], channel: str) -> None:
    await desk.slack.deliver(payloads.wrapped(desk.slack.world, event))
    assert await desk.reads() == [RootGone(place=Place(channel=channel))]


async def test_the_home_tab_is_opened(desk: Desk) -> None:
    await desk.ann.opens_home()
    messages = {"type": "app_home_opened", "user": "UANN", "tab": "messages", "event_ts": "1.2"}
    await desk.slack.deliver(payloads.wrapped(desk.slack.world, messages))
    assert await desk.reads() == [HomeOpened()]


async def test_our_own_id_is_learned_at_the_start(desk: Desk) -> None:
    place = await desk.begins()
    await desk.says(place)
    await desk.parts.start()
    assert desk.parts.payloads.bot == BOT
    for raw in desk.slack.events:
        without = {**raw, "authorizations": []}
        assert not desk.parts.payloads.read(without)


async def test_in_any_order_and_many_times_it_is_the_same(desk: Desk) -> None:
    place = await desk.begins()
    ts = await desk.ann.says(desk.room, f"<@{BOT}> one", thread=place.thread)
    await desk.ann.edits(desk.room, ts, "two")
    await desk.ann.deletes(desk.room, ts)
    await desk.bob.says(desk.room, "three", thread=place.thread)
    events = [raw for raw in desk.slack.events if raw["event"].get("user") != BOT]
    once = {one.external_id: one for raw in events for one in desk.parts.payloads.read(raw)}
    assert len(once) == 4
    fresh = parts_of(desk.slack, desk.clock)
    for order in itertools.permutations(events):
        again: dict[str, Action] = {}
        for number, raw in enumerate(order):
            for _ in range(1 + number % 4):
                again |= {one.external_id: one for one in fresh.payloads.read(raw)}
        assert again == once
    await fresh.close()
