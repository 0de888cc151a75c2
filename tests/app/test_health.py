"""What the health check and the figures say of the assistant's processes."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app import migrate, web
from app.wiring import Desk, build
from desk.dialogue.memory import MemoryDialogue
from desk.dialogue.port import ProcessHealth
from desk.settings import Settings
from tests.conftest import SECRET
from tests.faults.assistant import Assistant, Fault
from tests.talk import says


class Processes(MemoryDialogue):
    """An assistant of several processes."""

    ready: tuple[bool, ...] = (True,)

    async def health(self) -> list[ProcessHealth]:
        """Say which are ready."""
        return [
            ProcessHealth(
                name=str(number), ready=ready, memory_bytes=300_000_000 if ready else None
            )
            for number, ready in enumerate(self.ready, 1)
        ]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings for a migrated database."""
    url = f"sqlite:///{tmp_path}/desk.sqlite"
    migrate.upgrade(url)
    return Settings(_env_file=None, database_url=url, secret_key=SECRET, rasa_token="t" * 16)


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """Return a desk with that assistant."""
    desk = build(settings, dialogue=Processes())
    yield desk
    await desk.close()


async def ask(desk: Desk, path: str) -> httpx.Response:
    """Ask the web process."""
    transport = httpx.ASGITransport(app=web.build(desk))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        return await client.get(path)


@pytest.mark.parametrize(
    ("ready", "code", "status"),
    [
        ((True,), 200, "ok"),
        ((False,), 503, "unavailable"),
        ((True, True), 200, "ok"),
        ((True, False), 200, "degraded"),
        ((False, True, False), 200, "degraded"),
        ((False, False), 503, "unavailable"),
    ],
    ids=str,
)
async def test_one_ready_process_is_enough_and_a_missing_one_is_shown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, ready: tuple[bool, ...], code: int, status: str
) -> None:
    monkeypatch.setattr(Processes, "ready", ready)
    answer = await ask(desk, "/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (code, status)
    assert answer.json()["assistant"] == any(ready)
    assert list(answer.json()["assistant_processes"].values()) == list(ready)


async def test_the_figures_name_each_process(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Processes, "ready", (True, False))
    lines = (await ask(desk, "/metrics")).text.splitlines()
    assert 'frontdesk_assistant_ready{process="1"} 1.0' in lines
    assert 'frontdesk_assistant_ready{process="2"} 0.0' in lines
    assert 'frontdesk_assistant_memory_bytes{process="1"} 3e+08' in lines
    assert 'frontdesk_assistant_memory_bytes{process="2"} 0.0' in lines


async def test_the_figures_count_turns_by_process(settings: Settings) -> None:
    async with Assistant() as one, Assistant() as two:
        desk = build(settings.model_copy(update={"rasa_url": f"{one.url},{two.url}"}))
        try:
            await two.strike(Fault.NOT_READY)
            for number in range(20):
                await says(desk, "hello", thread=f"t{number}", channel="webchat")
            text = (await ask(desk, "/metrics")).text
        finally:
            await desk.close()
    assert 'frontdesk_assistant_turns_total{outcome="answered",process="1"} 20.0' in text
    assert 'frontdesk_assistant_turns_total{outcome="unavailable",process="2"} 5.0' in text
