"""``frontdesk inbox`` and ``frontdesk outbox``."""

import json
from typing import Any

import pytest
from sqlalchemy import update

from app.wiring import Desk
from desk.tables.inbox import InboxRow, InboxState
from desk.tables.outbox import OutboxRow, OutboxState
from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure
from tests.talk import accept, inbound, rows, says, settle, transcript


async def change(desk: Desk, table: Any, **values: Any) -> None:
    async with desk.database.write() as session:
        await session.execute(update(table).values(**values))


@pytest.mark.parametrize("queue", ["inbox", "outbox"])
async def test_an_empty_queue_is_said_in_words(frontdesk: Frontdesk, queue: str) -> None:
    assert f"The {queue} is empty." in (await frontdesk(queue, "list")).stdout
    assert "No message is dead." in (await frontdesk(queue, "list", "--state", "dead")).stdout
    assert json.loads((await frontdesk(queue, "list", "--json")).stdout) == []
    assert "nothing to replay" in (await frontdesk(queue, "replay", "--all-dead")).stdout


async def test_the_inbox_is_listed_newest_first(frontdesk: Frontdesk, desk: Desk) -> None:
    await accept(desk, inbound("first"), inbound("[bold]second[/bold] \x1b[31m"))
    listed = json.loads((await frontdesk("inbox", "list", "--json")).stdout)
    assert [row["id"] for row in listed] == sorted((row["id"] for row in listed), reverse=True)
    assert {row["text"] for row in listed} == {"first", "[bold]second[/bold] \x1b[31m"}
    assert {row["state"] for row in listed} == {"new"}
    limited = await frontdesk("inbox", "list", "--limit", "1", "--json")
    assert [row["id"] for row in json.loads(limited.stdout)] == [listed[0]["id"]]
    table = (await frontdesk("inbox", "list")).stdout
    assert "[bold]second[/bold]" in table
    assert "\x1b" not in table


async def test_only_one_state_is_listed(frontdesk: Frontdesk, desk: Desk) -> None:
    await says(desk, "hello")
    assert json.loads((await frontdesk("inbox", "list", "--state", "new", "--json")).stdout) == []
    done = json.loads((await frontdesk("inbox", "list", "--state", "done", "--json")).stdout)
    assert [row["text"] for row in done] == ["hello"]
    line = failure(await frontdesk("inbox", "list", "--state", "lost"))
    assert line == "'lost' is none of: new, working, done, dead."
    assert "fenced" in failure(await frontdesk("outbox", "list", "--state", "lost"))


async def test_a_dead_message_is_replayed_and_answered(frontdesk: Frontdesk, desk: Desk) -> None:
    await accept(desk, inbound("hello"))
    await change(desk, InboxRow, state=InboxState.DEAD, last_error="it broke", failures=5)
    assert "it broke" in (await frontdesk("inbox", "list", "--state", "dead")).stdout
    (row,) = await rows(desk, InboxRow)
    result = await frontdesk("inbox", "replay", str(row.id))
    assert result.stdout == "Replayed 1 message.\n"
    await settle(desk)
    assert [author for author, _ in await transcript(desk)] == ["contact", "bot"]
    line = failure(await frontdesk("inbox", "replay", str(row.id)))
    assert line == f"message {row.id} is done; only dead ones are replayed"


async def test_all_dead_are_replayed_and_no_other(frontdesk: Frontdesk, desk: Desk) -> None:
    await says(desk, "done")
    await accept(desk, *(inbound(f"m{n}", thread=f"t{n}") for n in range(205)))
    async with desk.database.write() as session:
        await session.execute(
            update(InboxRow).where(InboxRow.state == InboxState.NEW).values(state=InboxState.DEAD)
        )
    result = await frontdesk("inbox", "replay", "--all-dead", "--json")
    assert json.loads(result.stdout) == {"replayed": 205}
    states = [row.state for row in await rows(desk, InboxRow)]
    assert (states.count(InboxState.NEW), states.count(InboxState.DONE)) == (205, 1)


@SQLITE_ONLY
@pytest.mark.parametrize("queue", ["inbox", "outbox"])
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["999"], "there is no message 999"),
        (["9" * 30], "is not the id of a message"),
        (["9223372036854775808"], "is not the id of a message"),
        (["abc"], "is not the id of a message"),
        (["٣"], "is not the id of a message"),
        ([], "give either the ID of a message or --all-dead"),
        (["1", "--all-dead"], "give either the ID of a message or --all-dead"),
    ],
)
async def test_bad_input_to_replay(
    frontdesk: Frontdesk, queue: str, words: list[str], reason: str
) -> None:
    assert reason in failure(await frontdesk(queue, "replay", *words))


async def test_the_outbox_is_listed_and_replayed(
    frontdesk: Frontdesk, desk: Desk, memory: Any
) -> None:
    await says(desk, "hello")
    (row,) = await rows(desk, OutboxRow)
    line = failure(await frontdesk("outbox", "replay", str(row.id)))
    assert line == f"message {row.id} is sent; only dead, failed and unknown ones are replayed"
    sent = len(memory.sent)
    await change(desk, OutboxRow, state=OutboxState.FAILED, last_error="refused")
    assert "refused" in (await frontdesk("outbox", "list", "--state", "failed")).stdout
    # A refused message needs a decision of its own.
    result = await frontdesk("outbox", "replay", "--all-dead", "--json")
    assert json.loads(result.stdout) == {"replayed": 0}
    assert (await frontdesk("outbox", "replay", str(row.id))).exit_code == 0
    await desk.relay.step()
    assert len(memory.sent) == sent + 1
    (listed,) = json.loads((await frontdesk("outbox", "list", "--json")).stdout)
    assert (listed["id"], listed["state"]) == (row.id, "sent")


async def test_all_dead_of_the_outbox(frontdesk: Frontdesk, desk: Desk) -> None:
    await says(desk, "hello")
    await change(desk, OutboxRow, state=OutboxState.DEAD)
    assert (await frontdesk("outbox", "replay", "--all-dead")).stdout == "Replayed 1 message.\n"
    assert [row.state for row in await rows(desk, OutboxRow)] == [OutboxState.QUEUED]
