"""People with real accounts on a real Matrix server talk to the desk."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from channels.matrix.homeserver import path
from channels.matrix.reading import membership_of
from desk.channel import UnreachableError
from desk.errors import RejectedError
from desk.message import Attachment, InboundMessage, OutboundMessage
from tests.channels.matrix.desk import SmallDesk
from tests.platforms.matrix.people import Person
from tests.platforms.matrix.proxy import Proxy
from tests.platforms.matrix.server import BOT

type People = Callable[[str], Person]


def answer(message_id: str, text: str, to: InboundMessage, **more: Any) -> OutboundMessage:
    """Return what the desk says to a message."""
    return OutboundMessage(
        id=message_id,
        conversation_id="c",
        channel="matrix",
        account=BOT,
        thread=to.thread,
        recipient=to.sender,
        context=to.context,
        text=text,
        **more,
    )


async def call[T](work: Callable[..., T], *args: Any, **more: Any) -> T:
    """Let somebody do something; they block, the desk does not."""
    return await asyncio.to_thread(work, *args, **more)


async def test_who_invites_and_writes_in_one_breath_is_answered(
    desk: SmallDesk, person: People
) -> None:
    anna = await call(person, "anna")
    # As clients do that open the room with the first message.
    room = await call(anna.room)
    first = await call(anna.say, room, "Where is my order? 订单呢？")
    (asked,) = await desk.until(1, room)
    assert (asked.external_id, asked.text) == (first, "Where is my order? 订单呢？")
    assert (asked.sender, asked.account, asked.thread) == (anna.id, BOT, f"{room}/{anna.id}")
    await desk.channel.send(answer("d1-" + room, "<b>On its way</b> & @room 你好", asked))
    second = await call(anna.say, room, "Thanks")
    assert [m.external_id for m in await desk.until(2, room)] == [first, second]
    (heard,) = await call(anna.heard, room)
    assert heard["content"] == {
        "msgtype": "m.text",
        "body": "<b>On its way</b> & @room 你好",
        "m.mentions": {},
    }


async def test_what_we_refuse_comes_again_first_and_in_order(
    desk: SmallDesk, person: People
) -> None:
    anna, bo = await call(person, "anna"), await call(person, "bo")
    rooms = [await call(anna.room), await call(bo.room)]
    for who, room in zip((anna, bo), rooms, strict=True):
        await call(who.say, room, "0")
        await desk.until(1, room)
    desk.transactions.clear()
    desk.struck.clear()
    desk.refuse = [500, 503]
    await call(anna.say, rooms[0], "1")
    await desk.see(lambda: desk.struck[500] == 1)
    for number in range(2, 6):
        await call(anna.say, rooms[0], str(number))
        await call(bo.say, rooms[1], str(number))
    assert [m.text for m in desk.of(rooms[0])] == ["0"]
    assert [m.text for m in await desk.until(6, rooms[0])] == ["0", "1", "2", "3", "4", "5"]
    assert [m.text for m in await desk.until(5, rooms[1])] == ["0", "2", "3", "4", "5"]
    assert (desk.struck[500], desk.struck[503]) == (1, 1)
    again = desk.transactions[0]
    assert desk.transactions[:3] == [again] * 3
    assert again not in desk.transactions[3:]


async def test_after_a_long_outage_everything_comes_at_once_when_we_are_back(
    desk: SmallDesk, person: People
) -> None:
    people = [await call(person, name) for name in ("anna", "bo")]
    rooms = [await call(one.room) for one in people]
    for one, room in zip(people, rooms, strict=True):
        await call(one.say, room, "0")
        await desk.until(1, room)
    desk.struck.clear()
    desk.away = True
    for number in range(1, 11):
        for one, room in zip(people, rooms, strict=True):
            await call(one.say, room, str(number))
    # The waits between tries double, so the next try would be seconds away (minutes, after an hour).
    await desk.see(lambda: desk.struck[503] >= 3)
    desk.away = False
    await desk.channel.start()
    for room in rooms:
        assert [m.text for m in await desk.until(11, room)] == [str(n) for n in range(11)]
    assert desk.struck[503] >= 3


async def test_edits_and_redactions_name_their_message(desk: SmallDesk, person: People) -> None:
    anna = await call(person, "anna")
    room = await call(anna.room)
    said = await call(anna.say, room, "Where is order 1OOO?")
    await desk.until(1, room)
    edit = await call(anna.edit, room, said, "Where is order 1000?")
    await call(anna.redact, room, said)
    await desk.see(lambda: len(desk.edits) == 2)
    changed, taken_back = desk.edits
    assert (changed.external_id, changed.edited) == (edit, said)
    assert (changed.text, taken_back.text) == ("Where is order 1000?", None)
    assert taken_back.edited == said
    assert {e.thread for e in desk.edits} == {f"{room}/{anna.id}"}
    assert len(desk.of(room)) == 1


async def test_files_go_both_ways(desk: SmallDesk, person: People) -> None:
    anna = await call(person, "anna")
    room = await call(anna.room)
    content = bytes(range(256)) * 40
    address = await call(anna.upload, "photo.png", "image/png", content)
    event = {"msgtype": "m.image", "body": "photo.png", "url": address}
    await call(anna.send, room, "m.room.message", event | {"info": {"mimetype": "image/png"}})
    (asked,) = await desk.until(1, room)
    (photo,) = asked.attachments
    assert (photo.name, photo.content_type, asked.text) == ("photo.png", "image/png", "")
    assert photo.reference is not None
    assert await desk.channel.fetch(photo.reference, len(content)) == content
    with pytest.raises(RejectedError, match="larger"):
        await desk.channel.fetch(photo.reference, len(content) - 1)
    for reference in ("mxc://example.org/missing", "https://example.org/a", "mxc://a/../b"):
        with pytest.raises(RejectedError):
            await desk.channel.fetch(reference, 10)
    bill = Attachment(name="账单.pdf", content_type="application/pdf", content=b"%PDF bill")
    reply = answer("d2-" + room, "Your bill", asked, attachments=(bill,))
    sent = await desk.channel.send(reply)
    assert await desk.channel.send(reply) == sent  # as after a crash between accepted and stored
    words, file = await call(anna.heard, room)
    assert sent.external_id == words["event_id"]
    assert file["content"]["msgtype"] == "m.file"
    assert file["content"]["filename"] == "账单.pdf"
    assert await call(anna.download, file["content"]["url"]) == b"%PDF bill"


async def test_in_a_group_only_what_mentions_us_is_for_us(desk: SmallDesk, person: People) -> None:
    anna, bo = await call(person, "anna"), await call(person, "bo")
    room = await call(anna.room, bo.id, direct=False)
    await call(bo.join, room)
    for words in ("Hi Bo", "Shall we ask?"):
        await call(anna.say, room, words)
    await call(anna._call, "POST", f"rooms/{room}/invite", user_id=BOT)
    await desk.see(lambda: desk.channel._rooms.is_group(room) is not None)
    await call(bo.say, room, "Yes, let us")
    mention = {
        "m.mentions": {"user_ids": [BOT]},
        "format": "org.matrix.custom.html",
        "formatted_body": f'<a href="https://matrix.to/#/{BOT}">Front desk</a>: are you open?',
    }
    asked_by_bo = await call(bo.say, room, "Front desk: are you open?", **mention)
    await call(anna.say, room, f"{BOT}, and tomorrow?")
    one, two = await desk.until(2, room)
    assert (one.sender, one.text) == (bo.id, "are you open?")
    assert (two.sender, two.text) == (anna.id, "and tomorrow?")
    assert one.thread != two.thread
    assert desk.ignored["not for us"] >= 1
    await desk.channel.send(answer("d3-" + room, "From 9 to 6", one))
    (heard,) = await call(bo.heard, room)
    assert heard["content"]["m.mentions"] == {"user_ids": [bo.id]}
    assert heard["content"]["m.relates_to"] == {"m.in_reply_to": {"event_id": asked_by_bo}}


async def test_a_process_that_does_not_know_a_room_asks_before_it_answers(
    desk: SmallDesk, person: People
) -> None:
    anna, bo = await call(person, "anna"), await call(person, "bo")
    room = await call(anna.room, bo.id, BOT, direct=False)
    await call(bo.join, room)
    await call(anna.say, room, f"{BOT} hello")
    await desk.until(1, room)
    desk.channel._rooms._groups.clear()  # as in another process
    await call(bo.say, room, "Just us")
    await call(bo.say, room, f"{BOT} and I?")
    assert [m.text for m in await desk.until(2, room)] == ["hello", "and I?"]


async def test_who_leaves_is_gone_and_who_put_us_out_is_unreachable(
    desk: SmallDesk, person: People
) -> None:
    anna, bo = await call(person, "anna"), await call(person, "bo")
    rooms = [await call(anna.room), await call(bo.room, direct=False)]
    asked = []
    for one, room in zip((anna, bo), rooms, strict=True):
        await call(one.say, room, "hi")
        asked += await desk.until(1, room)
    await call(anna.leave, rooms[0])
    await desk.see(lambda: len(desk.gone) == 1)
    assert (desk.gone[0].sender, desk.gone[0].reason) == (anna.id, "leave")
    await call(bo.kick, rooms[1], BOT)
    with pytest.raises(UnreachableError):
        await desk.channel.send(answer("d4-" + rooms[1], "Hello?", asked[1]))


async def test_an_invitation_survives_a_crash_before_it_was_stored(
    desk: SmallDesk, person: People
) -> None:
    desk.crashes = 1
    anna = await call(person, "anna")
    room = await call(anna.room)
    said = await call(anna.say, room, "hello")
    assert [m.external_id for m in await desk.until(1, room)] == [said]
    assert desk.crashes == 0


async def test_an_invitation_that_fails_is_tried_again(
    desk: SmallDesk, person: People, proxy: Proxy
) -> None:
    proxy.will("500", at="/join")
    anna = await call(person, "anna")
    room = await call(anna.room)
    await call(anna.say, room, "hello")
    assert [m.text for m in await desk.until(1, room)] == ["hello"]
    assert proxy.struck["500"] == 1


async def test_an_invitation_that_leads_nowhere_holds_up_nobody(
    desk: SmallDesk, person: People, proxy: Proxy
) -> None:
    proxy.will("blocked", at="/join")
    anna, bo = await call(person, "anna"), await call(person, "bo")
    await call(anna.room)
    room = await call(bo.room)
    await call(bo.say, room, "hello")
    assert [m.text for m in await desk.until(1, room)] == ["hello"]
    assert proxy.struck == {"blocked": 1}


async def test_a_slow_join_holds_up_nobody_and_loses_nothing(
    desk: SmallDesk, person: People, proxy: Proxy
) -> None:
    desk.channel._invitations._patience = 0.5
    proxy.will("timeout", at="/join")
    anna, bo = await call(person, "anna"), await call(person, "bo")
    slow = await call(anna.room)
    await call(anna.say, slow, "hello?")
    room = await call(bo.room)
    await call(bo.say, room, "hello")
    assert [m.text for m in await desk.until(1, room)] == ["hello"]
    assert [m.text for m in await desk.until(1, slow)] == ["hello?"]
    assert proxy.struck == {"timeout": 1}


async def test_a_new_name_of_ours_brings_no_old_messages(desk: SmallDesk, person: People) -> None:
    anna = await call(person, "anna")
    room = await call(anna.room)
    await call(anna.say, room, "hello")
    await desk.until(1, room)

    def joins() -> int:
        ours = [e for e in desk.events if e["room_id"] == room and e["sender"] == BOT]
        return len([e for e in ours if membership_of(e, BOT) == "join"])

    await desk.see(lambda: joins() == 1)
    desk._known.clear()  # whatever came now, came again
    name = {"displayname": f"Front desk of {room}"}
    await desk.channel._homeserver.call("PUT", path("profile", BOT, "displayname"), name)
    await desk.see(lambda: joins() == 2)
    await call(anna.say, room, "thanks")
    assert [m.text for m in await desk.until(2, room)] == ["hello", "thanks"]
