"""As much of a desk as a real homeserver needs: it takes pushes as the core does, and remembers."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self
from urllib.parse import urlsplit

from channels.matrix.adapter import Matrix
from desk.errors import FrontdeskError
from desk.message import Gone, Ignored, InboundEdit, InboundMessage, Unread, WebhookRequest
from tests.platforms.matrix.pushes import Push
from tests.platforms.matrix.server import Synapse


class SmallDesk:
    """Stores each update once. While ``refuse`` has statuses, pushes are answered with them in turn, and counted.

    ``crashes`` is how often what was read is lost before it is stored.
    """

    def __init__(self, channel: Matrix) -> None:
        self.channel = channel
        self.messages: list[InboundMessage] = []
        self.edits: list[InboundEdit] = []
        self.gone: list[Gone] = []
        self.unread: list[Unread] = []
        self.ignored: Counter[str] = Counter()
        self.refuse: list[int] = []
        self.away = False
        self.crashes = 0
        self.struck: Counter[int] = Counter()
        self.transactions: list[str] = []
        self.events: list[dict[str, Any]] = []
        self._known: set[str] = set()
        self._news = asyncio.Condition()
        self._loop = asyncio.get_running_loop()

    @classmethod
    @asynccontextmanager
    async def open(cls, channel: Matrix, synapse: Synapse) -> AsyncIterator[Self]:
        """Take what synapse pushes, until the end."""
        desk = cls(channel)
        synapse.pushes.take = desk.take
        await channel.start()
        try:
            yield desk
        finally:
            synapse.pushes.take = None
            desk.away = True  # for a push that is on its way
            await channel.close()

    def take(self, push: Push) -> tuple[int, bytes]:
        """Take a push; called in a thread of the listener."""
        return asyncio.run_coroutine_threadsafe(self._take(push), self._loop).result(30)

    async def until(self, count: int, room: str) -> list[InboundMessage]:
        """Return the messages of a room once there are ``count``."""
        await self.see(lambda: len(self.of(room)) >= count)
        return self.of(room)

    async def see(self, happened: Any) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(40), self._news:
            await self._news.wait_for(happened)

    def of(self, room: str) -> list[InboundMessage]:
        """Return the messages of a room so far."""
        return [message for message in self.messages if message.thread.startswith(f"{room}/")]

    async def _take(self, push: Push) -> tuple[int, bytes]:
        path = urlsplit(push.path).path.removeprefix("/channels/matrix/")
        request = WebhookRequest(
            method=push.method, headers=push.headers, query={"path": path}, body=push.body
        )
        if "/transactions/" in path:
            self.transactions.append(path.rpartition("/")[2])
        if self.away or self.refuse:
            status = self.refuse.pop(0) if self.refuse else 503
            self.struck[status] += 1
            await self._store([])
            return status, b"{}"
        try:
            self.channel.verify(request)
        except FrontdeskError as error:
            self.struck[error.status_code] += 1
            return error.status_code, b"{}"
        answer = self.channel.answer(request)
        if answer is not None:
            return answer.status, answer.body
        await self.channel.prepare(request)
        updates = self.channel.parse(request)
        if self.crashes and any(isinstance(one, InboundMessage) for one in updates):
            self.crashes -= 1
            return 503, b"{}"
        self.events += json.loads(push.body)["events"]
        await self._store(updates)
        return 200, b"{}"

    async def _store(self, updates: Any) -> None:
        places: dict[type, list[Any]] = {
            InboundMessage: self.messages,
            InboundEdit: self.edits,
            Gone: self.gone,
            Unread: self.unread,
        }
        async with self._news:
            for update in updates:
                if isinstance(update, Ignored):
                    self.ignored[update.kind] += 1
                elif getattr(update, "external_id", None) not in self._known:
                    places[type(update)].append(update)
                    self._known.add(getattr(update, "external_id", repr(update)))
            self._news.notify_all()
