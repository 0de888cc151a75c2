"""A message stored by another process wakes the readers of this one."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from app.wiring import Desk, build
from desk.conversations.watch import Watcher
from desk.dialogue.memory import MemoryDialogue
from desk.signals import conversation_topic
from tests.talk import conversation, says


async def test_a_reply_from_elsewhere_wakes_the_reader(desk: Desk) -> None:
    await says(desk, "human")
    talk = await conversation(desk)
    elsewhere = build(
        desk.settings, dialogue=MemoryDialogue(), channels={"memory": desk.channels["memory"]}
    )
    interval = timedelta(milliseconds=10)
    watcher = Watcher(database=desk.database, signals=desk.signals, interval=interval)
    task = asyncio.create_task(watcher.run())
    with desk.signals.listen(conversation_topic("ada")) as reader:
        assert await reader.get(0.1) == []
        await elsewhere.handoff.take_over(talk.id, agent="Kim")
        assert "message" in await reader.get(5)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await elsewhere.close()
