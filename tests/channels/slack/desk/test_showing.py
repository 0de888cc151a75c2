"""Cards, lines, notices, whispers, ticks and the home tab, as Slack shows them."""

from datetime import timedelta
from typing import Any

import pytest

from channels.slack.errors import UncertainError
from desk.agentdesk.port import (
    AskPost,
    CardPost,
    Fact,
    HomePost,
    LinePost,
    NoticePost,
    Place,
    PlaceGoneError,
    Tick,
    TickPost,
    WhisperPost,
)
from desk.channel import ChannelDownError
from desk.errors import RejectedError, RetryableError
from desk.message import Attachment
from desk.tables.conversation import Author, Owner
from tests.channels.slack.desk.conftest import CONVERSATION, Desk, card, line, texts
from tests.platforms.slack.blocks import buttons, characters
from tests.platforms.slack.server import titles
from tests.platforms.slack.world import BOT

HOSTILE = [
    "<!channel> <!here> <@UANN> <!subteam^S1>",
    "<https://example.com/|your bank> https://example.com *bold* `code`",
    "@channel @here &lt;!channel&gt; :tada:",
    "```\n> quote\n```",
    "\u202edesrever\u2066 \x00\x07 \ud800 half",
    "",
    "   ",
    "😀" * 5_000,
    "文" * 50_000,
    "a\n" * 10_000,
]


async def test_a_card_says_who_where_why_and_what_can_be_done(desk: Desk) -> None:
    shown = card(
        reason="asked for a person",
        moods=(0.4, 0.0, -0.7),
        waiting_since=desk.clock(),
        queue="2nd, SLA in 3 min",
        language="zh-CN",
        facts=(Fact(label="Order", value="#1001, sent"), Fact(label="CSAT", value="2 of 5")),
        lines=(
            line("where is it?"),
            line("Let me look.", Author.BOT, name=None, choices=("Yes",)),
        ),
        console_url="https://desk.example.com/c/1",
    )
    ts = await desk.show(CardPost(card=shown))
    (root,) = desk.written()
    assert (root.ts, root.thread_ts) == (ts, None)
    said = texts(root.blocks)
    for words in (
        "A. B.",
        "Waiting for a person",
        "reason: asked for a person",
        "Channel: telegram · Language: Chinese",
        "🙂😐😠 angry, getting worse",
        "Queue: 2nd, SLA in 3 min",
        "Order\n#1001, sent",
        "A. B. (customer)",
        "where is it?",
        "Bot",
        "[Yes]",
    ):
        assert words in said
    assert titles(root) == [
        *("Take over", "Send once", "Note", "Transfer", "Snooze", "Resolve", "Return to bot"),
        "Open in the console",
    ]
    values = {b.get("value") for _, b in buttons(root.blocks)} - {None}
    assert values == {f"{CONVERSATION}:3"}
    dates = [b for b in root.blocks[1]["elements"][0]["elements"] if b["type"] == "date"]
    assert dates[0]["timestamp"] == int(desk.clock().timestamp())


async def test_a_card_is_updated_in_place(desk: Desk) -> None:
    place = await desk.begins()
    taken = card(epoch=4, owner=Owner.HUMAN, agent="Ann", agent_external_id="UANN")
    assert await desk.show(CardPost(card=taken), place, again=True) == place.thread
    (root,) = desk.written()
    assert {"type": "user", "user_id": "UANN"} in root.blocks[1]["elements"][0]["elements"]
    assert {b.get("value") for _, b in buttons(root.blocks)} == {f"{CONVERSATION}:4"}
    assert desk.slack.calls["chat.postMessage"] == 1


@pytest.mark.parametrize("text", HOSTILE)
async def test_whatever_customers_write_is_literal_and_fits(desk: Desk, text: str) -> None:
    place = await desk.begins(
        title=text,
        reason=text,
        agent=text,
        outcome=text,
        queue=text,
        channel=text,
        facts=tuple(Fact(label=text, value=text) for _ in range(40)),
        lines=tuple(line(text, name=text) for _ in range(30)),
        console_url="javascript:alert(1)",
    )
    await desk.show(LinePost(line=line(text, name=text), internal=True, retry=5), place)
    await desk.show(NoticePost(text=text, mention=("UANN", text)), place)
    await desk.show(WhisperPost(person="UANN", text=text), place)
    await desk.show(AskPost(person="UANN", held="1.1", why=text), place)
    many = tuple(card(title=text, agent=text, reason=text) for _ in range(40))
    await desk.show(HomePost(person="UANN", status=text, mine=many, waiting=many))
    shown: list[Any] = [*desk.written(), *desk.slack.world.ephemerals]
    assert len(shown) >= 5
    mrkdwn = 0
    for message in shown:
        assert characters(message.blocks) < 9_000
        assert "<!" not in message.text
        for block in message.blocks:
            own = block.get("text") or {}
            mrkdwn += own.get("type") == "mrkdwn"
            assert own.get("type") != "mrkdwn" or own["text"] == "<@UANN>"
            assert '"mrkdwn"' not in str(block.get("fields")) + str(block.get("elements"))
        assert "'type': 'link'" not in str(message.blocks)
        assert "'type': 'broadcast'" not in str(message.blocks)
        said = texts(message.blocks) + message.text
        assert not set(said) & set("\u202e\u2066\x00\x07")
    assert mrkdwn == 1


async def test_lines_come_under_their_authors_names(desk: Desk) -> None:
    place = await desk.begins()
    for author, name in (
        (Author.CONTACT, "Boss (agent)"),
        (Author.BOT, None),
        (Author.AGENT, "An" * 99),
    ):
        await desk.show(LinePost(line=line("x", author, name=name)), place)
    await desk.show(LinePost(line=line("psst", Author.AGENT), internal=True), place)
    names = [m.username for m in desk.written()[1:]]
    assert names[:2] == ["Boss (agent) (customer)", "Bot"]
    assert str(names[2]).endswith("… (agent)")
    assert names[3] == "A. B. (note)"
    assert "not for the customer" in texts(desk.written()[-1].blocks)
    assert all(m.thread_ts == place.thread for m in desk.written()[1:])


async def test_a_failed_line_offers_to_try_again(desk: Desk) -> None:
    place = await desk.begins()
    await desk.show(LinePost(line=line("hi", Author.AGENT), retry=77), place)
    message = desk.written()[-1]
    assert "did not reach the customer" in texts(message.blocks)
    assert [(b["text"]["text"], b["value"]) for _, b in buttons(message.blocks)] == [
        ("Retry", "77")
    ]


async def test_files_and_long_texts_are_in_the_thread(desk: Desk) -> None:
    place = await desk.begins()
    files = (
        Attachment(name="bill.pdf", content_type="application/pdf", content=b"%PDF"),
        Attachment(name="far.zip", content_type="application/zip", key="k"),
    )
    long = "word " * 5_000
    await desk.show(LinePost(line=line(long, attachments=files)), place)
    said, shared = desk.written()[1:]
    assert "word word" in texts(said.blocks)
    uploaded = [desk.slack.world.files[one] for one in shared.files]
    assert [(f.name, f.content) for f in uploaded] == [
        ("bill.pdf", b"%PDF"),
        ("message.txt", long.encode()),
    ]
    assert shared.thread_ts == place.thread
    await desk.show(LinePost(line=line("", attachments=files)), place)
    assert "📎 bill.pdf\n📎 far.zip" in texts(desk.written()[-2].blocks)


async def test_files_that_slack_refuses_are_told_and_the_words_stay(desk: Desk) -> None:
    place = await desk.begins()
    file = Attachment(name="a.exe", content_type="x/y", content=b"MZ")
    desk.slack.will("file_upload_size_restricted", method="files.getUploadURLExternal")
    ts = await desk.show(LinePost(line=line("look", attachments=(file,))), place)
    message = desk.written()[-1]
    assert message.ts == ts
    assert "look" in texts(message.blocks)
    assert "cannot be shown here" in texts(message.blocks)
    assert desk.slack.struck["file_upload_size_restricted"] == 1


async def test_notices_wake_people_and_groups(desk: Desk) -> None:
    place = await desk.begins()
    notice = NoticePost(text="Nobody came <!channel>", mention=("UANN", "S0TIER2", "not an id"))
    await desk.show(notice, place)
    message = desk.written()[-1]
    assert message.blocks[0]["text"]["text"] == "<@UANN> <!subteam^S0TIER2>"
    assert message.text == "<@UANN> <!subteam^S0TIER2> Nobody came &lt;!channel&gt;"


async def test_whispers_reach_people_wherever_they_are(desk: Desk) -> None:
    place = await desk.begins()
    await desk.show(WhisperPost(person="UANN", text="B. has it"), place)
    assert desk.whispers(desk.ann) == ["B. has it"]
    await desk.show(WhisperPost(person="USTRANGER", text="you may not"), place)
    await desk.show(WhisperPost(person="USTRANGER", text="not here"), Place(channel="CNOWHERE"))
    await desk.show(WhisperPost(person="USTRANGER", text="home"), Place(channel=""))
    direct = desk.slack.world.rooms["DUSTRANGER"]
    assert [m.text for m in desk.written(direct)] == ["you may not", "not here", "home"]
    with pytest.raises(RejectedError, match="user_not_found"):
        await desk.show(WhisperPost(person="UNOBODY", text="?"), Place(channel=""))


async def test_ticks_take_the_place_of_earlier_ones(desk: Desk) -> None:
    place = await desk.begins()
    ts = await desk.ann.says(desk.room, "hello", thread=place.thread)
    message = desk.room.message(ts)
    assert message is not None

    def marks() -> list[str]:
        return [name for name, users in message.reactions.items() if BOT in users]

    steps = ((Tick.FAILED, "warning"), (Tick.SENT, "white_check_mark"), (Tick.READ, "eyes"))
    for tick, name in steps:
        await desk.show(TickPost(message=ts, tick=tick), place)
        await desk.show(TickPost(message=ts, tick=tick), place, again=True)
        assert marks() == [name]
    message.reactions["white_check_mark"] = [BOT, "UANN"]  # as another process left it
    old = desk.parts.desk
    fresh = type(old)(desk.parts.client, old._people, desk.clock, channel=old.channel)
    await fresh.post(TickPost(message=ts, tick=Tick.READ), place, key="k", again=False)
    assert marks() == ["eyes"]
    assert message.reactions["white_check_mark"] == ["UANN"]


async def test_a_tick_for_a_deleted_message_is_no_trouble(desk: Desk) -> None:
    place = await desk.begins()
    await desk.show(TickPost(message="1.000001", tick=Tick.SENT), place)
    assert desk.slack.calls["reactions.add"] == 1


async def test_the_home_tab(desk: Desk) -> None:
    waiting = tuple(card(title=f"Customer {n}") for n in range(20))
    mine = (card(title="Mine", owner=Owner.HUMAN, agent="ann"),)
    await desk.show(HomePost(person="UANN", status="You are here.", mine=mine, waiting=waiting))
    said = texts(desk.slack.world.homes["UANN"]["blocks"])
    assert "You are here." in said
    assert "My conversations (1)" in said
    assert "Waiting for a person (20)" in said
    assert "and 5 more in the console" in said


@pytest.mark.parametrize("fault", ["timeout", "disconnect", "internal_error", "500"])
async def test_an_uncertain_attempt_is_looked_for_before_another(desk: Desk, fault: str) -> None:
    desk.parts.client._timeout = type(desk.parts.client._timeout)(total=0.3)
    place = await desk.begins()
    for post, where in (
        (CardPost(card=card(epoch=9)), desk.place),
        (LinePost(line=line("once")), place),
        (NoticePost(text="once"), place),
    ):
        before = len(desk.written())
        desk.slack.will(fault)
        with pytest.raises(UncertainError):
            await desk.show(post, where, key=f"k-{before}")
        ts = await desk.show(post, where, key=f"k-{before}", again=True)
        assert len(desk.written()) == before + 1
        assert desk.written()[-1].ts == ts
        assert await desk.show(post, where, key=f"k-{before}", again=True) == ts
        assert len(desk.written()) == before + 1
    assert desk.slack.struck[fault] == 3


async def test_a_card_that_got_through_is_brought_up_to_date(desk: Desk) -> None:
    desk.slack.will("disconnect")
    with pytest.raises(UncertainError):
        await desk.show(CardPost(card=card()), key="k")
    await desk.show(CardPost(card=card(epoch=4)), key="k", again=True)
    (root,) = desk.written()
    assert {b.get("value") for _, b in buttons(root.blocks)} == {f"{CONVERSATION}:4"}
    assert desk.slack.struck["disconnect"] == 1


async def test_files_are_shared_once(desk: Desk) -> None:
    desk.parts.client._timeout = type(desk.parts.client._timeout)(total=0.3)
    place = await desk.begins()
    file = Attachment(name="a.pdf", content_type="application/pdf", content=b"1")
    post = LinePost(line=line("see", attachments=(file,)))
    for key in ("one", "two"):  # a second line with a file of the same name is another one
        desk.slack.will("timeout", method="files.completeUploadExternal")
        with pytest.raises(UncertainError):
            await desk.show(post, place, key=key)
        await desk.show(post, place, key=key, again=True)
    assert [bool(m.files) for m in desk.written()[1:]] == [False, True, False, True]
    assert desk.slack.struck["timeout"] == 2


async def test_a_long_thread_is_looked_through(desk: Desk) -> None:
    place = await desk.begins()
    for _ in range(450):
        await desk.ann.says(desk.room, "x", thread=place.thread)
    ts = await desk.show(NoticePost(text="n"), place, key="deep")
    assert await desk.show(NoticePost(text="n"), place, key="deep", again=True) == ts
    assert desk.slack.calls["conversations.replies"] == 3


async def test_a_429_says_for_how_long_and_nothing_sleeps(desk: Desk) -> None:
    desk.slack.will("429", retry_after=30)
    with pytest.raises(RetryableError) as caught:
        await desk.begins()
    assert caught.value.retry_in == timedelta(seconds=30)
    assert (desk.slack.struck["429"], desk.slack.calls["chat.postMessage"]) == (1, 1)


async def test_a_missing_scope_is_named(desk: Desk) -> None:
    place = await desk.begins()
    desk.slack.scopes -= {"chat:write.customize", "reactions:write"}
    with pytest.raises(ChannelDownError, match=r"chat:write\.customize"):
        await desk.says(place)
    with pytest.raises(ChannelDownError, match="reactions:write"):
        await desk.show(TickPost(message=place.thread, tick=Tick.SENT), place)


@pytest.mark.parametrize("fault", ["is_archived", "channel_not_found", "not_in_channel"])
@pytest.mark.parametrize(
    "post", [CardPost(card=card()), NoticePost(text="x")], ids=["card", "line"]
)
async def test_a_place_that_is_gone(desk: Desk, fault: str, post: Any) -> None:
    place = await desk.begins()
    method = "chat.update" if isinstance(post, CardPost) else "chat.postMessage"
    desk.slack.will(fault, method=method)
    with pytest.raises(PlaceGoneError, match=fault):
        await desk.show(post, place)
    desk.slack.will(fault)
    with pytest.raises(PlaceGoneError):
        await desk.show(post)
    assert desk.slack.struck[fault] == 2


async def test_a_channel_archived_in_the_middle(desk: Desk) -> None:
    place = await desk.begins()
    await desk.slack.archives(desk.room)
    for post in (
        CardPost(card=card(epoch=4)),
        LinePost(line=line("hello?")),
        NoticePost(text="x"),
    ):
        with pytest.raises(PlaceGoneError, match="archived"):
            await desk.show(post, place, again=True)
    elsewhere = desk.slack.channel("elsewhere", desk.ann)
    assert await desk.show(CardPost(card=card(epoch=4)), Place(channel=elsewhere.id))


@pytest.mark.parametrize("replies", [0, 1])
async def test_a_card_that_was_deleted(desk: Desk, replies: int) -> None:
    place = await desk.begins()
    for _ in range(replies):
        await desk.says(place)
    await desk.bob.removes(desk.room, place.thread)
    with pytest.raises(PlaceGoneError, match="deleted"):
        await desk.show(CardPost(card=card(epoch=4)), place)


@pytest.mark.parametrize("fault", ["something_new", "restricted_action"])
async def test_what_slack_refuses_for_good(desk: Desk, fault: str) -> None:
    desk.slack.will(fault)
    with pytest.raises(RejectedError, match=fault) as caught:
        await desk.begins()
    assert type(caught.value) is RejectedError
    assert desk.slack.struck[fault] == 1
