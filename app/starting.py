"""Sets platforms up for us when a process starts: patiently, and none keeps another waiting."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from app.wiring import Desk
from desk.channel import CheckedChannel
from desk.outbox.retry import backoff, pause_of

log = structlog.get_logger()

AGENTS_DESK = "agents' desk"
"""Its name where channels are listed."""
_LONGEST_WAIT = timedelta(minutes=5)


async def start(desk: Desk) -> None:
    """Start every channel that wants it; one whose platform is away is tried again until it works."""
    async with asyncio.TaskGroup() as group:
        for channel in desk.channels.values():
            if isinstance(channel, CheckedChannel):
                group.create_task(
                    _until_started(desk, channel.name, channel.account, channel.start)
                )
    await asyncio.Event().wait()  # a loop that ends would be begun again


async def start_desk(desk: Desk) -> None:
    """Start the agents' desk: it learns who it is in Slack, whose own messages it must not take for an agent's."""
    if desk.slack_desk is not None:
        await _until_started(desk, AGENTS_DESK, "default", desk.slack_desk.start)
    await asyncio.Event().wait()


async def hear_agents(desk: Desk) -> None:
    """Listen to agents over a connection of ours, where Slack does not call us. Each event comes to one process."""
    slack, working = desk.slack_desk, desk.agents_desk
    if slack is None or slack.socket is None or working is None:
        await asyncio.Event().wait()
        return
    await _until_started(desk, AGENTS_DESK, "default", slack.start)
    await slack.socket.listen(working.ingest.accept)


async def _until_started(
    desk: Desk, name: str, account: str, begin: Callable[[], Awaitable[None]]
) -> None:
    attempts = 0
    while True:
        try:
            await begin()
            await desk.states.tell(name, account, None)
            log.info("channel_started", channel=name)
            return
        except Exception as error:  # whatever it is, the other channels go on
            attempts += 1
            log.warning("channel_not_started", channel=name, error=str(error))
            pause = pause_of(error) or backoff(attempts, ceiling=_LONGEST_WAIT)
            await desk.states.tell(name, account, error)
        await asyncio.sleep(pause.total_seconds())
