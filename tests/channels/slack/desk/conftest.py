"""A desk in the stand-in: agents, channels, what is shown there, and a core that keeps what comes in."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from app.serve import listen
from channels.slack.app_settings import Mode
from channels.slack.desk.forms import Options
from channels.slack.desk.routes import PATH, SlackDeskRoutes
from channels.slack.desk.settings import SlackDeskSettings
from channels.slack.desk.spec import SlackDeskParts, build
from channels.spec import Tools
from desk.agentdesk.port import (
    Action,
    Button,
    Card,
    CardPost,
    Line,
    LinePost,
    Place,
    Post,
)
from desk.clock import StoppedClock
from desk.errors import FrontdeskError, RetryableError
from desk.tables.conversation import Author, Owner
from tests.platforms.slack.delivery import HttpRoute
from tests.platforms.slack.people import Person
from tests.platforms.slack.server import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SlackPlatform
from tests.platforms.slack.world import BOT, Message, Room

CONVERSATION = "c0ffee" * 5
EVERY_BUTTON = tuple(Button)


def card(**given: Any) -> Card:
    """Return the card of a waiting customer."""
    usual: dict[str, Any] = {
        "conversation_id": CONVERSATION,
        "epoch": 3,
        "owner": Owner.WAITING,
        "title": "A. B.",
        "channel": "telegram",
        "language": "en",
        "buttons": EVERY_BUTTON,
    }
    return Card(**{**usual, **given})


def line(text: str, author: Author = Author.CONTACT, **given: Any) -> Line:
    """Return an utterance, the customer's unless told otherwise."""
    return Line(**{"author": author, "text": text, "name": "A. B.", **given})


class Core:
    """Keeps actions, each once; or fails when told to."""

    def __init__(self) -> None:
        self.actions: dict[str, Action] = {}
        self.taken = 0
        self.failures = 0
        self.struck = 0

    async def ingest(self, actions: Sequence[Action]) -> None:
        """Make actions durable, as far as memory goes."""
        if self.failures:
            self.failures -= 1
            self.struck += 1
            raise RetryableError
        for action in actions:
            self.taken += 1
            self.actions.setdefault(action.external_id, action)

    @property
    def deeds(self) -> list[Any]:
        """Return what was done, in order."""
        return [one.deed for one in self.actions.values()]

    def only(self) -> Any:
        """Return the one thing that was done."""
        (deed,) = self.deeds
        return deed


class Desk:
    """The desk's channel with two agents in it, a stranger outside, and the parts under test."""

    def __init__(self, slack: SlackPlatform, parts: SlackDeskParts, clock: StoppedClock) -> None:
        self.slack = slack
        self.parts = parts
        self.clock = clock
        self.core = Core()
        self.ann = slack.person("ann", email="ann@example.com")
        self.bob = slack.person("bob", email="bob@example.com")
        self.stranger = slack.person("stranger")
        self.room = slack.channel("desk", self.ann, self.bob)
        self.place = Place(channel=self.room.id)
        self._keys = 0

    async def show(
        self, post: Post, place: Place | None = None, *, key: str = "", again: bool = False
    ) -> str | None:
        """Post something with a key of its own."""
        self._keys += 1
        posted = await self.parts.desk.post(
            post, place or self.place, key=key or f"post-{self._keys}", again=again
        )
        return posted.external_id

    async def begins(self, **given: Any) -> Place:
        """Post a card and return its thread."""
        ts = await self.show(CardPost(card=card(**given)))
        assert ts is not None
        return Place(channel=self.room.id, thread=ts)

    async def says(self, place: Place, text: str = "hello", **given: Any) -> str:
        """Post a customer's line into a thread."""
        ts = await self.show(LinePost(line=line(text), **given), place)
        assert ts is not None
        return ts

    def written(self, room: Room | None = None) -> list[Message]:
        """Return what the bot wrote into a channel."""
        return [m for r, m in self.slack.posted() if r is (room or self.room)]

    def root(self, place: Place) -> Message:
        """Return a card as it is shown."""
        found = self.room.message(place.thread)
        assert found is not None
        return found

    def whispers(self, person: Person) -> list[str]:
        """Return what a person alone sees."""
        return [one.text for one in self.slack.world.ephemerals if one.user == person.id]

    async def reads(self) -> list[Any]:
        """Return what the parts make of all that Slack sent so far, without the network."""
        await self.slack.settled()
        await self.core.ingest(
            [one for raw in self.slack.events for one in self.parts.payloads.read(raw)]
        )
        return self.core.deeds


def parts_of(
    slack: SlackPlatform, clock: StoppedClock, mode: Mode = Mode.HTTP, **given: Any
) -> SlackDeskParts:
    """Return the desk as settings build it."""
    settings = SlackDeskSettings.model_validate(
        {
            "bot_token": BOT_TOKEN,
            "signing_secret": SIGNING_SECRET,
            "app_token": APP_TOKEN,
            "channel": "CDESK",
            "api_url": slack.api_url,
            "mode": mode,
            **given,
        }
    )
    tools = Tools(clock=clock, secret="s" * 32, public_url="https://desk.example.com")
    options = Options(topics=("delivery", "refund"), teams=("billing",))
    return build(settings, tools, options=options)


@asynccontextmanager
async def serving(desk: Desk) -> AsyncIterator[HttpRoute]:
    """Serve the desk's route, and let Slack call it."""

    async def failed(_: Request, error: Exception) -> Response:
        return Response(status_code=getattr(error, "status_code", 500))

    assert desk.parts.ingress is not None
    routes = SlackDeskRoutes(desk.parts.ingress, desk.core.ingest).routes()
    app = Starlette(routes=routes, exception_handlers={FrontdeskError: failed})
    socket = listen("127.0.0.1", 0)
    config = uvicorn.Config(app, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([socket]))
    url = f"http://127.0.0.1:{socket.getsockname()[1]}{PATH}"
    try:
        yield desk.slack.over_http(url, url, url)
    finally:
        await desk.slack.settled()
        server.should_exit = server.force_exit = True
        await task
        socket.close()


def texts(blocks: Iterable[Any]) -> str:
    """Return all that is written in blocks."""
    found: list[str] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            found.extend(v for k, v in value.items() if k == "text" and isinstance(v, str))
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                look(one)

    look(list(blocks))
    return "\n".join(found)


@pytest.fixture
async def slack(clock: StoppedClock) -> AsyncIterator[SlackPlatform]:
    """Serve the stand-in; at the end the desk has kept its rules, unless a test took note of what it broke."""
    async with SlackPlatform.open(clock) as platform:
        yield platform
        assert platform.violations == []


@pytest.fixture
async def desk(slack: SlackPlatform, clock: StoppedClock) -> AsyncIterator[Desk]:
    """Return the desk, which Slack does not call yet."""
    # Not at the start of a ten seconds: two presses in a test are one double click.
    clock.advance(timedelta(seconds=1))
    parts = parts_of(slack, clock)
    yield Desk(slack, parts, clock)
    await parts.close()


__all__ = ["BOT", "Core", "Desk", "card", "line", "parts_of", "serving", "texts"]
