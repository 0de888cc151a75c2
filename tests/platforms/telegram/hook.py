"""Delivers updates to a bot's webhook: with its secret, in order for each chat, until it is answered with 2xx."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.platforms.telegram.pending import Pending

_FIRST, _LONGEST = 0.005, 0.1
"""Seconds between tries; Telegram's are longer."""


@dataclass
class Hook:
    """A webhook as it was set."""

    url: str = ""
    secret: str | None = None
    allowed: list[str] | None = None
    last_error: str | None = None
    answers: Counter[int] = field(default_factory=Counter)


class Postman:
    """Brings what waits to the webhook."""

    def __init__(self, pending: Pending) -> None:
        self.hook = Hook()
        self._pending = pending
        self._rounds: dict[int, asyncio.Task[None]] = {}

    def look(self) -> None:
        """Start a round for each chat that has something waiting and none under way."""
        if self.hook.url:
            for update in self._pending.first(1_000):
                chat = chat_of(update)
                if chat not in self._rounds:
                    self._rounds[chat] = asyncio.create_task(self._deliver(chat))

    async def idle(self) -> None:
        """Wait until nothing waits."""
        while self._rounds:
            await asyncio.gather(*self._rounds.values())

    async def close(self) -> None:
        """Stop delivering."""
        rounds = tuple(self._rounds.values())
        for one in rounds:
            one.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)

    async def _deliver(self, chat: int) -> None:
        try:
            async with aiohttp.ClientSession() as session:
                while (update := self._next(chat)) is not None and self.hook.url:
                    await self._bring(session, update)
                    self._pending.remove(update)
        finally:
            del self._rounds[chat]

    def _next(self, chat: int) -> dict[str, Any] | None:
        return next((one for one in self._pending.first(1_000) if chat_of(one) == chat), None)

    async def _bring(self, session: aiohttp.ClientSession, update: dict[str, Any]) -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.hook.secret} if self.hook.secret else {}
        wait = _FIRST
        while True:
            async with session.post(self.hook.url, json=update, headers=headers) as answer:
                self.hook.answers[answer.status] += 1
                if 200 <= answer.status < 300:
                    return
                self.hook.last_error = f"Wrong response from the webhook: {answer.status}"
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST)


def chat_of(update: dict[str, Any]) -> int:
    """Return the chat that an update is of; 0 for one without."""
    for body in update.values():
        if isinstance(body, dict):
            chat = (body.get("message") or body).get("chat")
            return int(chat.get("id") or 0) if isinstance(chat, dict) else 0
    return 0
