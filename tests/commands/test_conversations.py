"""``frontdesk conversations``: a person answers from the command line, in a process of its own."""

import json

import pytest

from app.wiring import Desk
from desk.message import Attachment
from desk.tables.conversation import Owner
from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure
from tests.talk import conversation, events, says, settle, transcript

NOBODY = "0" * 32


async def test_no_conversations_is_said_in_words(frontdesk: Frontdesk) -> None:
    assert "There are no conversations yet." in (await frontdesk("conversations", "list")).stdout
    waiting = await frontdesk("conversations", "list", "--waiting")
    assert waiting.stdout == "Nobody is waiting.\n"
    assert json.loads((await frontdesk("conversations", "list", "--json")).stdout) == []


async def test_those_who_wait_stand_first(frontdesk: Frontdesk, desk: Desk) -> None:
    await says(desk, "human", thread="ada")
    await says(desk, "hello", thread="bob")
    listed = json.loads((await frontdesk("conversations", "list", "--json")).stdout)
    assert [row["owner"] for row in listed] == ["waiting", "bot"]
    waiting = json.loads((await frontdesk("conversations", "list", "--waiting", "--json")).stdout)
    assert [row["id"] for row in waiting] == [(await conversation(desk, "ada")).id]
    assert waiting[0]["waiting_since"].startswith("2026-03-02T12:00")
    assert waiting[0]["id"] in (await frontdesk("conversations", "list")).stdout


async def test_a_conversation_is_shown(frontdesk: Frontdesk, desk: Desk) -> None:
    file = Attachment(name="photo.png", content_type="image/png", content=b"x")
    await says(desk, "[b]hi[/b] 你好 \x1b[2J", attachments=(file,))
    row = await conversation(desk)
    shown = (await frontdesk("conversations", "show", row.id)).stdout
    assert "contact: [b]hi[/b] 你好" in shown
    assert "[file: photo.png]" in shown
    assert "\x1b" not in shown
    data = json.loads((await frontdesk("conversations", "show", row.id, "--json")).stdout)
    assert data["line"]["id"] == row.id
    assert [said["author"] for said in data["said"]][:1] == ["contact"]


async def test_take_reply_release(frontdesk: Frontdesk, desk: Desk) -> None:
    await says(desk, "human")
    id_ = (await conversation(desk)).id
    taken = await frontdesk("conversations", "take", id_, "--agent", "Kim", "--json")
    assert json.loads(taken.stdout)["owner"] == "human"
    assert (await conversation(desk)).owner is Owner.HUMAN
    result = await frontdesk("conversations", "reply", id_, "--agent", "Kim", "On its way")
    assert "is on its way" in result.stdout
    await settle(desk)
    assert ("agent", "On its way") in await transcript(desk)
    line = failure(await frontdesk("conversations", "take", id_, "--agent", "Lee"))
    assert line == "Kim has this conversation already"
    line = failure(await frontdesk("conversations", "reply", id_, "--agent", "Lee", "x"))
    assert line == "Kim has this conversation"
    released = await frontdesk("conversations", "release", id_, "--agent", "Kim")
    assert released.exit_code == 0
    assert (await conversation(desk)).owner is Owner.BOT
    line = failure(await frontdesk("conversations", "reply", id_, "--agent", "Kim", "x"))
    assert line == "take the conversation over first"


async def test_resolve(frontdesk: Frontdesk, desk: Desk) -> None:
    await says(desk, "hello")
    id_ = (await conversation(desk)).id
    result = await frontdesk("conversations", "resolve", id_, "--agent", "Kim", "--json")
    assert json.loads(result.stdout) == {"id": id_, "owner": "closed"}
    assert (await conversation(desk)).owner is Owner.CLOSED
    assert len(await events(desk, "conversation.resolved")) == 1


@SQLITE_ONLY
@pytest.mark.parametrize(
    "words",
    [
        ["show", NOBODY],
        ["take", NOBODY, "--agent", "Kim"],
        ["reply", NOBODY, "--agent", "Kim", "x"],
        ["release", NOBODY, "--agent", "Kim"],
        ["resolve", NOBODY, "--agent", "Kim"],
    ],
)
async def test_an_unknown_conversation_is_one_line(frontdesk: Frontdesk, words: list[str]) -> None:
    line = failure(await frontdesk("conversations", *words))
    assert line == f"there is no conversation {NOBODY}"


async def test_empty_words_and_names_are_refused(frontdesk: Frontdesk, desk: Desk) -> None:
    await says(desk, "hello")
    id_ = (await conversation(desk)).id
    for agent in (" ", "x" * 129):
        line = failure(await frontdesk("conversations", "take", id_, "--agent", agent))
        assert "--agent" in line
    assert (await conversation(desk)).owner is Owner.BOT
    await frontdesk("conversations", "take", id_, "--agent", "Kim")
    line = failure(await frontdesk("conversations", "reply", id_, "--agent", "Kim", " "))
    assert line == "write something to send"
