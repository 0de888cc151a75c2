"""Agents at work in Slack while the application is killed in the middle of what they do, again and again."""

import asyncio
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from desk.clock import now
from tests.browser.slack_room import SlackRoom, choice, shown, words
from tests.faults.assistant import Assistant, Body
from tests.faults.kills import Application
from tests.platforms.slack.delivery import HttpRoute
from tests.platforms.slack.server import SlackPlatform, titles
from tests.platforms.slack.world import Message
from tests.stored import Stored

_AGAIN = (0.1, 0.3, 0.6, 1.0, 2.0, 4.0)
"""Seconds after which Slack tells an event again; in truth up to five minutes."""
_PATIENCE = 60.0
_SOON = (0.04, 0.04, 0.3)
"""Seconds within which the process dies after something was done: mostly at once."""
STEPS = ("take_over", "reply", "return", "resolve")


class Calling(Assistant):
    """An assistant that calls a person for whoever asks for one."""

    async def _answered(self, body: Body) -> Body:
        found = await super()._answered(body)
        if body["text"].startswith("human"):
            call = {"command": "handoff", "reason": "asked"}
            return {**found, "replies": [*found["replies"], {"custom": call}]}
        return found


@dataclass
class Report:
    """What a run has shown."""

    stories: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    pressed_again: int = 0
    exit_code: int | None = None
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.stories} conversations, killed {dict(self.kills)}, struck before it was done {dict(self.struck)}, "
            f"{self.pressed_again} presses repeated, {len(self.wrong)} wrong, {self.seconds:.0f} s"
        )


class Story:
    """One customer and one agent; the application dies once in each step."""

    def __init__(self, stage: "Stage", number: int) -> None:
        self._stage = stage
        self._number = number
        self._headers: dict[str, str] = {}
        self.talk = ""
        self.root: Message | None = None

    async def run(self) -> None:
        """Play it to its end."""
        stage, number = self._stage, self._number
        self._headers = await self._arrive()
        await self._say(f"human {number}")
        await stage.until(self._opened, "a card")
        await stage.struck("take_over", self._press("Take over"), self._is("Taken over by"))
        await self._say(f"hello {number}")
        await stage.struck("reply", self._reply, self._heard)
        for step, title, state, form in (
            ("return", "Return to bot", "The bot answers", {"text": words("")}),
            ("take_over", "Take over", "Taken over by", {}),
            (
                "resolve",
                "Resolve",
                "Closed",
                {"outcome": choice("solved"), "topic": choice("refund"), "text": words("")},
            ),
        ):
            await stage.struck(step, self._press(title, **form), self._is(state))

    async def _arrive(self) -> dict[str, str]:
        answer = await self._stage.post("visitors", {}, {})
        return {"Authorization": f"Bearer {answer['token']}", "Visitor": answer["visitor_id"]}

    async def _say(self, text: str) -> None:
        await self._stage.post("messages", {"id": str(uuid4()), "text": text}, self._headers)

    async def _opened(self) -> bool:
        found = self._stage.stored.rows(
            "SELECT id FROM conversation WHERE thread = ?", self._headers["Visitor"]
        )
        self.talk = found[0]["id"] if found else ""
        roots = self._stage.roots(self.talk)
        self.root = roots[0] if roots else None
        return self.root is not None

    def _press(self, title: str, **form: Any) -> Callable[[], Awaitable[None]]:
        async def press() -> None:
            room, root = self._stage.room, self.root
            assert root is not None
            if title not in titles(root):
                return  # it is done, or the card is not up to date yet
            known = set(room.slack.world.views)
            await room.kim.clicks(room.room, root.ts, title)
            for view_id in set(room.slack.world.views) - known:
                await room.kim.submits(view_id, form)

        return press

    def _is(self, state: str) -> Callable[[], Awaitable[bool]]:
        async def check() -> bool:
            assert self.root is not None
            return state in "".join(shown(self.root).split("\n"))

        return check

    async def _reply(self) -> None:
        room, root, text = self._stage.room, self.root, f"here I am, {self._number}"
        assert root is not None
        if not any(m.text == text for m in room.room.messages):
            await room.kim.says(room.room, text, thread=root.ts)

    async def _heard(self) -> bool:
        return f"here I am, {self._number}" in [text for _, text in self.said()]

    def said(self) -> list[tuple[str, str]]:
        """Return what the customer can read, with who said it."""
        found = self._stage.stored.messages(self._headers["Visitor"])
        return [(one["author"], one["text"]) for one in found]

    def wrong(self) -> list[str]:
        """Return what is not as it should be in the end."""
        stage, number = self._stage, self._number
        moves = [
            json.loads(row["data"])["owner"]
            for row in stage.stored.rows(
                "SELECT data FROM event WHERE conversation_id = ? AND name LIKE 'conversation.%' ORDER BY id",
                self.talk,
            )
            if "previous" in json.loads(row["data"])
        ]
        lines = Counter(shown(m) for m in stage.thread(self.root) if m.bot)
        heard = Counter(text for _, text in self.said())
        texts = (f"human {number}", f"hello {number}", f"here I am, {number}")
        found = [
            f"{number}: {what}"
            for what, bad in (
                (
                    f"changed hands {moves}",
                    moves != ["waiting", "human", "bot", "human", "closed"],
                ),
                (f"said {heard}", any(heard[text] != 1 for text in texts)),
                (f"greeted {heard}", heard["kim is now here to help you."] != 2),
                (f"thread {lines}", any(lines[text] != 1 for text in texts[:2])),
                (f"doubled in the thread {lines}", max(lines.values()) > 2),
                (f"{len(stage.roots(self.talk))} cards", len(stage.roots(self.talk)) != 1),
            )
            if bad
        ]
        bots = [a for a, text in self.said() if text == f"answer to hello {number}"]
        return [*found, *([f"{number}: the bot answered an agent's customer"] if bots else [])]


class Stage:
    """The application, Slack, and who kills the one while people work in the other."""

    def __init__(
        self, application: Application, room: SlackRoom, client: httpx.AsyncClient, database: str
    ) -> None:
        self.room = room
        self.report = Report()
        self.stored = Stored(database)
        self._application = application
        self._client = client

    async def struck(
        self,
        step: str,
        act: Callable[[], Awaitable[None]],
        done: Callable[[], Awaitable[bool]],
    ) -> None:
        """Do something, kill the application soon after, start it again, and do it again until it is done."""
        acting = asyncio.create_task(act())
        await asyncio.sleep(random.uniform(0, random.choice(_SOON)))
        self.report.kills[step] += 1
        self.report.struck[step] += not await done()
        await self._application.end(signal.SIGKILL)
        await self._application.start()
        await acting
        while not await self._within(done, 2.5):
            self.report.pressed_again += 1
            await act()

    async def _within(self, done: Callable[[], Awaitable[bool]], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._application.check()
            if await done():
                return True
            await asyncio.sleep(0.02)
        return False

    async def until(self, so: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait until something is so."""
        assert await self._within(so, _PATIENCE), f"not within {_PATIENCE:g} s: {what}"

    async def post(
        self, path: str, body: dict[str, Any], headers: dict[str, str]
    ) -> dict[str, Any]:
        """Send a request of the web chat until it is answered."""
        url = f"{self._application.base}/chat/v1/{path}"
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = await self._client.post(url, json=body, headers=headers)
                if answer.status_code in (200, 201):
                    found: dict[str, Any] = answer.json()
                    return found
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.05)
        raise AssertionError(f"{path} was not answered")

    def roots(self, talk: str) -> list[Message]:
        """Return the cards of a conversation."""
        roots = [m for m in self.room.room.messages if m.bot and m.thread_ts is None]
        return [m for m in roots if talk and talk in str(m.blocks)]

    def thread(self, root: Message | None) -> list[Message]:
        """Return what is in a thread, the card left out."""
        return [
            m for m in self.room.room.messages if root and m.thread_ts == root.ts and m is not root
        ]

    async def is_up(self) -> bool:
        """Say whether the application answers."""
        with suppress(httpx.HTTPError):
            return (
                await self._client.get(f"{self._application.base}/health/live")
            ).status_code == 200
        return False

    async def rests(self) -> bool:
        """Say whether nothing is left to be done."""
        open_ = [
            *self.stored.rows("SELECT id FROM desk_post WHERE state IN ('queued', 'sending')"),
            *self.stored.rows("SELECT id FROM desk_action WHERE state IN ('new', 'working')"),
            *self.stored.rows("SELECT id FROM outbox WHERE state IN ('queued', 'sending')"),
            *self.stored.rows("SELECT id FROM inbox WHERE state IN ('new', 'working')"),
        ]
        return not open_


async def run(folder: Path, *, stories: int, bug: str | None = None) -> Report:
    """Play some stories one after the other, then look at all that is left."""
    started = time.monotonic()
    async with (
        SlackPlatform.open(now) as slack,
        Calling() as assistant,
        httpx.AsyncClient(timeout=5, trust_env=False) as client,
    ):
        room = SlackRoom(slack)
        application = Application(folder, assistant.port, bug, room.env)
        stage = Stage(application, room, client, f"sqlite:///{folder}/desk.sqlite")
        url = f"{application.base}/slack/desk"
        slack.route = HttpRoute(
            slack.signing,
            events=url,
            interactions=url,
            commands=url,
            after_failure=_AGAIN,
        )
        await application.start()
        played = [Story(stage, number) for number in range(1, stories + 1)]
        try:
            for story in played:
                await story.run()
            await slack.settled()
            await stage.until(stage.rests, "rest")
            # Who has just been started again cannot be ended in order before they hear signals.
            await stage.until(stage.is_up, "the application")
        finally:
            stage.report.exit_code = await application.close()
        report = stage.report
        report.stories = len(played)
        report.wrong = [*slack.violations, *(one for story in played for one in story.wrong())]
        failed = stage.stored.rows("SELECT * FROM desk_post WHERE state = 'failed'")
        report.wrong += [f"not shown: {row}" for row in failed]
        dead = stage.stored.rows("SELECT * FROM desk_action WHERE state = 'dead'")
        report.wrong += [f"not done: {row}" for row in dead]
        report.seconds = time.monotonic() - started
        return report
