"""Words that are no turn, read by the assistant over its HTTP contract."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.metrics import Metrics, TimedDialogue
from desk.clock import StoppedClock
from desk.dialogue.pool import RasaPool
from desk.dialogue.port import DialogueUnavailableError, Reading, TurnFailedError
from desk.dialogue.rasa import RasaDialogue


class Assistant:
    """Answers ``/read`` as it is told to."""

    def __init__(self) -> None:
        self.status = 200
        self.answer: Any = {"intent": "complaint", "confidence": 0.9, "mood": -0.6, "anger": 0.5}
        self.asked: list[Any] = []

    async def read(self, request: web.Request) -> web.Response:
        self.asked.append((request.headers["Authorization"], await request.json()))
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
def assistants() -> tuple[Assistant, Assistant]:
    return Assistant(), Assistant()


@pytest.fixture
async def pool(
    assistants: tuple[Assistant, Assistant], clock: StoppedClock
) -> AsyncIterator[RasaPool]:
    servers = []
    for one in assistants:
        app = web.Application()
        app.router.add_post("/webhooks/frontdesk/read", one.read)
        servers.append(TestServer(app))
        await servers[-1].start_server()
    members = [
        RasaDialogue(url=str(server.make_url("")).rstrip("/"), token="t", clock=clock)
        for server in servers
    ]
    pool = RasaPool(members, clock=clock)
    yield pool
    await pool.close()
    for server in servers:
        await server.close()


async def test_a_text_is_read(pool: RasaPool, assistants: tuple[Assistant, Assistant]) -> None:
    found = await pool.read("Too slow", "en")
    assert found == Reading(intent="complaint", confidence=0.9, mood=-0.6, anger=0.5)
    assert found.topic == "complaint"
    (asked,) = [*assistants[0].asked, *assistants[1].asked]
    assert asked == ("Bearer t", {"text": "Too slow", "language": "en"})


@pytest.mark.parametrize(
    ("status", "answer"),
    [(503, {"error": "not_ready"}), (401, {}), (404, {}), (502, {})],
)
async def test_who_is_away_is_passed_over(
    pool: RasaPool, assistants: tuple[Assistant, Assistant], status: int, answer: Any
) -> None:
    one, other = assistants
    one.status, one.answer = status, answer
    for number in range(8):
        assert (await pool.read(f"text {number}", "en")).intent == "complaint"
    assert one.asked, "it was never asked"
    other.status, other.answer = status, answer
    with pytest.raises(DialogueUnavailableError):
        await pool.read("Too slow", "en")


@pytest.mark.parametrize(("status", "answer"), [(500, {}), (422, {}), (200, [1])])
async def test_what_cannot_be_read_is_that_texts_fault(
    pool: RasaPool, assistants: tuple[Assistant, Assistant], status: int, answer: Any
) -> None:
    for one in assistants:
        one.status, one.answer = status, answer
    with pytest.raises(TurnFailedError):
        await pool.read("Too slow", "en")


async def test_it_passes_through_what_measures(
    pool: RasaPool, assistants: tuple[Assistant, Assistant]
) -> None:
    timed = TimedDialogue(pool, Metrics())
    assert (await timed.read("Too slow", "en")).mood == -0.6


@pytest.mark.parametrize("intent", [None, "nlu_fallback", "out_of_scope", "affirm"])
def test_what_was_not_understood_is_no_topic(intent: str | None) -> None:
    assert Reading(intent=intent).topic is None
