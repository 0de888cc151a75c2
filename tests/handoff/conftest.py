"""A desk with twins at all its edges, the agents' one too."""

from collections.abc import AsyncIterator

import pytest

from app.wiring import Desk, build
from channels.memory.adapter import MemoryChannel
from desk.agentdesk.memory import MemoryDesk
from desk.agentdesk.port import Person
from desk.clock import StoppedClock
from desk.dialogue.memory import MemoryDialogue
from desk.settings import Settings
from desk.store.database import Database
from tests.handoff.floor import Floor


@pytest.fixture
def platform() -> MemoryDesk:
    """Return the twin of the platform on which agents work."""
    return MemoryDesk(
        people={
            "U1": Person(external_id="U1", name="Kim", email="kim@example.com"),
            "U2": Person(external_id="U2", name="Lee"),
        },
        strangers={"U9"},
    )


@pytest.fixture
async def desk(
    settings: Settings,
    database: Database,
    dialogue: MemoryDialogue,
    memory: MemoryChannel,
    platform: MemoryDesk,
    clock: StoppedClock,
) -> AsyncIterator[Desk]:
    """Return a whole desk with an agents' desk beside it."""
    desk = build(
        settings,
        dialogue=dialogue,
        channels={memory.name: memory},
        platform=platform,
        clock=clock,
    )
    yield desk
    await desk.close()


@pytest.fixture
def floor(desk: Desk, platform: MemoryDesk, memory: MemoryChannel, clock: StoppedClock) -> Floor:
    """Return what customers and agents do."""
    return Floor(desk, platform, memory, clock)
