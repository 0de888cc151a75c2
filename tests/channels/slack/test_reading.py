"""What Slack tells us, as updates."""

import pytest
from structlog.testing import capture_logs

from desk.message import Gone, Ignored, InboundEdit, InboundMessage, Update
from tests.channels.slack.conftest import BOT, Office, outgoing
from tests.platforms.slack import payloads
from tests.platforms.slack.world import Message


def one(updates: list[Update]) -> InboundMessage:
    """Return the one message."""
    (message,) = updates
    assert isinstance(message, InboundMessage)
    return message


def ignored(updates: list[Update]) -> list[str]:
    """Return the kinds of updates that say nothing to us."""
    kinds = [update.kind for update in updates if isinstance(update, Ignored)]
    assert len(kinds) == len(updates)
    return kinds


async def test_a_direct_message_is_one_conversation(office: Office) -> None:
    first = await office.ann.says(office.direct, "1 &lt; 2 &amp; <https://example.com|here>")
    message = one(office.read())
    assert message.text == "1 < 2 & here (https://example.com)"
    assert (message.thread, message.sender) == ("DUANN/", "T0ACME:UANN")
    assert message.external_id == f"DUANN:{first}"
    assert message.context == {}
    await office.ann.says(office.direct, "in a thread", thread=first)
    message = one(office.read())
    assert (message.thread, message.context) == ("DUANN/", {"thread_ts": first})


async def test_a_mention_is_two_events_and_one_message(office: Office) -> None:
    ts = await office.ann.says(office.lounge, f"<@{BOT}>, hello <@UBOB> in <#C1|general>")
    assert [raw["event"]["type"] for raw in office.slack.events] == ["message", "app_mention"]
    assert len({raw["event_id"] for raw in office.slack.events}) == 2
    first, second = office.read()
    assert isinstance(first, InboundMessage)
    assert isinstance(second, InboundMessage)
    assert first.external_id == second.external_id == f"CLOUNGE:{ts}"
    assert first.text == second.text == "hello @UBOB in #general"
    assert first.thread == second.thread == f"CLOUNGE/{ts}"
    assert first.sender == second.sender == "T0ACME:UANN"


async def test_the_other_companys_delivery_is_the_same_message(office: Office) -> None:
    await office.ann.says(office.customers, "hello")
    (ours,) = office.slack.events
    theirs = {**ours, "team_id": "T0ACME", "event_id": "EvOther"}
    first, second = one(list(office.channel.read(ours))), one(list(office.channel.read(theirs)))
    assert (first.external_id, first.sender) == (second.external_id, second.sender)


async def test_where_the_bot_listens(office: Office) -> None:
    assert ignored(list(await office.hears(office.ann, office.lounge, "lunch?"))) == [
        "unaddressed"
    ]
    root = await office.ann.says(office.customers, "it is broken")
    assert one(office.read()).thread == f"CCUSTOMERS/{root}"
    updates = await office.hears(office.ann, office.customers, "very", thread=root)
    assert one(list(updates)).thread == f"CCUSTOMERS/{root}"
    # Others in the thread talk to each other, until they turn to the bot: in a conversation of their own.
    updates = await office.hears(office.colleague, office.customers, "I see", thread=root)
    assert ignored(list(updates)) == ["unaddressed"]
    updates = await office.hears(office.bob, office.customers, f"<@{BOT}> help", thread=root)
    assert {u.thread for u in updates if isinstance(u, InboundMessage)} == {
        f"CCUSTOMERS/{root}/T0ACME:UBOB"
    }
    assert len(updates) == 2


async def test_a_thread_that_the_bot_began_is_for_everybody(office: Office) -> None:
    root = Message(ts=office.slack.world.ts(), user=BOT, bot=True, text="News")
    office.customers.messages.append(root)
    updates = await office.hears(office.bob, office.customers, "thanks", thread=root.ts)
    assert one(list(updates)).thread == f"CCUSTOMERS/{root.ts}"


async def test_edits_and_deletions_name_the_message(office: Office) -> None:
    ts = await office.ann.says(office.customers, "one")
    message = one(office.read())
    await office.ann.edits(office.customers, ts, "two &amp; three")
    (edit,) = office.read()
    assert isinstance(edit, InboundEdit)
    assert (edit.edited, edit.text) == (message.external_id, "two & three")
    assert (edit.thread, edit.sender) == (message.thread, message.sender)
    await office.ann.unfurls(office.customers, ts)
    assert ignored(office.read()) == ["message_changed"]
    await office.ann.deletes(office.customers, ts)
    (deletion,) = office.read()
    assert isinstance(deletion, InboundEdit)
    assert (deletion.edited, deletion.text) == (message.external_id, None)
    assert len({message.external_id, edit.external_id, deletion.external_id}) == 3


async def test_a_deleted_message_with_replies_is_deleted(office: Office) -> None:
    ts = await office.ann.says(office.customers, "one")
    await office.ann.says(office.customers, "two", thread=ts)
    office.read()
    await office.ann.deletes(office.customers, ts)
    (deletion,) = office.read()
    assert isinstance(deletion, InboundEdit)
    assert (deletion.edited, deletion.text) == (f"CCUSTOMERS:{ts}", None)


async def test_files_of_ours_and_of_another_company(office: Office) -> None:
    form = office.colleague.file("form.pdf", b"pdf")
    direct = office.slack.direct(office.colleague)
    await office.colleague.says(direct, "see", files=[form])
    message = one(office.read())
    (file,) = message.attachments
    assert (file.name, file.content_type, file.size) == ("form.pdf", "application/pdf", 3)
    assert file.reference == f"{office.slack.api.base}/files-pri/{form.id}/download/form.pdf"
    assert (message.sender, message.text) == ("T0HOME:UCOLLEAGUE", "see")
    bill = office.ann.file("bill.pdf", b"pdf")
    await office.ann.says(office.customers, "", files=[bill])
    message = one(office.read())
    assert [one.reference for one in message.attachments] == [f"file:{bill.id}"]
    assert message.sender == "T0ACME:UANN"


async def test_what_bots_say_and_what_happens_to_channels(office: Office) -> None:
    await office.channel.send(outgoing(author_name="M."))
    assert ignored(office.read()) == ["bot_message"]
    await office.bob.leaves(office.lounge)
    assert ignored(office.read()) == ["member_left_channel"]
    await office.bob.leaves(office.customers)
    (gone,) = office.read()
    assert isinstance(gone, Gone)
    assert gone.sender == "T0ACME:UBOB"


@pytest.mark.parametrize(
    ("event", "text", "unsupported"),
    [
        ({"subtype": "me_message", "text": "waves"}, "waves", None),
        ({"subtype": "thread_broadcast", "text": "all"}, "all", None),
        ({"subtype": "new_thing", "client_msg_id": "1", "text": "typed"}, "typed", None),
        ({"text": "", "attachments": [{"text": "passed on &amp; on"}]}, "passed on & on", None),
        ({"text": "", "files": [{"id": "F1", "mode": "tombstone"}]}, "", "message"),
        ({"text": None}, "", "message"),
        ({"text": f"<@{BOT}>"}, "", None),
        (
            {
                "files": [
                    {"id": "F", "is_external": True, "url_private": "https://d.example.com/1"}
                ]
            },
            "https://d.example.com/1",
            None,
        ),
    ],
)
async def test_kinds_of_messages(
    office: Office, event: dict[str, object], text: str, unsupported: str | None
) -> None:
    given = {"type": "message", "user": "UANN", "channel": "DUANN", "ts": "1700000000.000001"}
    raw = payloads.wrapped(office.slack.world, {**given, **event})
    message = one(list(office.channel.read(raw)))
    assert (message.text, message.unsupported, message.attachments) == (text, unsupported, ())


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ({"type": "app_rate_limited"}, "app_rate_limited"),
        ({"type": "event_callback", "event": {"type": "tokens_revoked"}}, "tokens_revoked"),
        ({"type": "event_callback", "event": {"type": "app_uninstalled"}}, "app_uninstalled"),
        ({"type": "event_callback", "event": {"type": "channel_archive"}}, "channel_archive"),
        ({"type": "view_submission"}, "view_submission"),
        ({"type": "block_actions", "actions": [{"action_id": "x"}]}, "block_actions"),
        ({"type": "slash_command", "command": "/x"}, "slash_command"),
        ({}, "None"),
    ],
)
def test_what_says_nothing_to_us(office: Office, raw: dict[str, object], kind: str) -> None:
    assert ignored(list(office.channel.read(raw))) == [kind]


def test_what_an_operator_must_know_is_logged(office: Office) -> None:
    with capture_logs() as logs:
        for kind in ("tokens_revoked", "app_uninstalled", "channel_left"):
            office.channel.read({"type": "event_callback", "event": {"type": kind}})
        office.channel.read({"type": "app_rate_limited"})
    assert [(one["event"], one["log_level"]) for one in logs] == [
        ("slack_tokens_revoked", "error"),
        ("slack_app_uninstalled", "error"),
        ("slack_bot_removed_from_channel", "warning"),
        ("slack_events_withheld", "warning"),
    ]
