"""The channel in Slack in which agents work: what is shown there, and what they do, through the stand-in."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from channels.slack.desk.blocks import walk
from tests.platforms.slack.people import Person
from tests.platforms.slack.server import BOT_TOKEN, SIGNING_SECRET, SlackPlatform, titles
from tests.platforms.slack.world import Message, Room

PATIENCE = 60.0


def words(text: str) -> dict[str, Any]:
    """Return what is typed into a field of a form."""
    return {"value": {"type": "plain_text_input", "value": text}}


def choice(word: str) -> dict[str, Any]:
    """Return what is chosen in a form."""
    return {"value": {"type": "static_select", "selected_option": {"value": word}}}


class SlackRoom:
    """A channel with two agents in it."""

    def __init__(self, slack: SlackPlatform) -> None:
        self.slack = slack
        self.kim = slack.person("kim", email="kim@example.com")
        self.lee = slack.person("lee", email="lee@example.com")
        self.room: Room = slack.channel("desk", self.kim, self.lee)

    @property
    def env(self) -> Mapping[str, str]:
        """What an operator sets."""
        return {
            "FRONTDESK_DESK_SLACK_BOT_TOKEN": BOT_TOKEN,
            "FRONTDESK_DESK_SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "FRONTDESK_DESK_SLACK_CHANNEL": self.room.id,
            "FRONTDESK_DESK_SLACK_API_URL": self.slack.api_url,
        }

    async def card(self, conversation_id: str) -> Message:
        """Return a conversation's card once it is there."""
        return await self.until(
            lambda: next((m for m in self._roots() if conversation_id in str(m.blocks)), None),
            "the card",
        )

    def _roots(self) -> list[Message]:
        return [m for m in self.room.messages if m.bot and m.thread_ts is None]

    def thread(self, root: Message) -> list[tuple[str, str]]:
        """Return who said what in a thread, as agents read it."""
        replies = [m for m in self.room.messages if m.thread_ts == root.ts and m is not root]
        return [(m.username or m.user, shown(m)) for m in replies]

    async def reads(self, root: Message, text: str) -> tuple[str, str]:
        """Wait until a thread has a text; return who said it and the whole of it."""
        return await self.until(
            lambda: next((one for one in self.thread(root) if text in one[1]), None),
            f"{text!r} in {self.thread(root)}",
        )

    async def presses(self, person: Person, root: Message, title: str, **form: Any) -> None:
        """Press a button of a card as it is then, and fill in its form if it has one."""
        await self.until(lambda: title in titles(root), f"the button {title}: {titles(root)}")
        known = set(self.slack.world.views)
        reply = await person.clicks(self.room, root.ts, title)
        assert reply.status == 200
        if form:
            (view_id,) = set(self.slack.world.views) - known
            done = await person.submits(view_id, form)
            assert done.body == {"response_action": "clear"}

    def files(self) -> dict[str, bytes]:
        """Return the files that are shown in the channel, by name."""
        ids = [one for message in self.room.messages for one in message.files]
        found = [self.slack.world.files[one] for one in ids]
        return {one.name: one.content or b"" for one in found}

    async def until[T](self, look: Callable[[], T | None], what: str) -> T:
        """Look again until there is something to see."""
        deadline = time.monotonic() + PATIENCE
        while not (found := look()):
            assert time.monotonic() < deadline, f"not within {PATIENCE:g} s: {what}"
            await asyncio.sleep(0.05)
        return found


def shown(message: Message) -> str:
    """Return what a message says, blocks included."""
    return "\n".join(dict.fromkeys(_texts(message.blocks))) or message.text


def _texts(blocks: Iterable[Any]) -> Iterable[str]:
    for one in walk(list(blocks)):
        if isinstance(one.get("text"), str):
            yield one["text"]
