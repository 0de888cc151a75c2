"""A customer of the web chat over HTTP, as any client of the public protocol would be."""

import asyncio
import json
import time
from typing import Any, Self
from uuid import uuid4

import httpx

type Message = dict[str, Any]

PATIENCE = 60.0


class Customer:
    """One visitor."""

    def __init__(self, client: httpx.AsyncClient, visitor: str, token: str) -> None:
        self.visitor = visitor
        self._client = client
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }

    @classmethod
    async def arrive(cls, client: httpx.AsyncClient) -> Self:
        """Come to the chat for the first time."""
        answer = await client.post("/chat/v1/visitors", json={})
        answer.raise_for_status()
        made = answer.json()
        return cls(client, made["visitor_id"], made["token"])

    async def post(self, message_id: str | None = None, **body: object) -> httpx.Response:
        """Send a message and return the server's answer."""
        # Browsers escape what is no whole character; httpx's own JSON would refuse to send it.
        content = json.dumps({"id": message_id or str(uuid4()), **body})
        return await self._client.post("/chat/v1/messages", headers=self._headers, content=content)

    async def history(self, after: int = 0) -> list[Message]:
        """Return everything the customer can see."""
        shown: list[Message] = []
        while True:
            answer = await self._client.get(
                f"/chat/v1/messages?after={shown[-1]['id'] if shown else after}",
                headers=self._headers,
            )
            answer.raise_for_status()
            page = answer.json()["messages"]
            if not page:
                return shown
            shown += page

    async def downloads(self, url: str) -> bytes:
        """Return what a link in a message leads to."""
        answer = await self._client.get(url)
        answer.raise_for_status()
        return answer.content

    async def says(self, text: str, **body: object) -> list[Message]:
        """Write a text, wait for the answer and return what was said after it."""
        return await self._sends(text=text, **body)

    async def hears(self, text: str, **body: object) -> str:
        """Write a text and return the answers to it as one text."""
        return said(await self.says(text, **body))

    async def presses(self, title: str) -> list[Message]:
        """Press the newest button of that title."""
        offered = [c for m in await self.history() for c in m["choices"]]
        ids = [choice["id"] for choice in offered if choice["title"] == title]
        assert ids, f"no button {title!r} among {[choice['title'] for choice in offered]}"
        return await self.takes(ids[-1])

    async def takes(self, choice: str) -> list[Message]:
        """Take a choice by its id."""
        return await self._sends(choice=choice)

    async def _sends(self, **body: object) -> list[Message]:
        message_id = str(uuid4())
        answer = await self.post(message_id, **body)
        assert answer.status_code == 200, answer.text
        return await self.answers(message_id)

    async def answers(
        self, message_id: str, *authors: str, patience: float = PATIENCE
    ) -> list[Message]:
        """Wait until somebody (of ``authors``, anybody when none are named) answered a message.

        Returns what was said between this message and the customer's next one.
        """
        deadline = time.monotonic() + patience
        after = []
        while time.monotonic() < deadline:
            after = _after(await self.history(), message_id)
            if any(m["author"] in authors or not authors for m in after):
                return after
            await asyncio.sleep(0.1)
        raise AssertionError(f"no answer within {patience:g} s, only {said(after)!r}")


def _after(history: list[Message], message_id: str) -> list[Message]:
    places = [n for n, m in enumerate(history) if m["client_id"] == message_id]
    if not places:
        return []
    rest = history[places[0] + 1 :]
    ends = [n for n, m in enumerate(rest) if m["author"] == "contact"]
    return rest[: ends[0]] if ends else rest


def said(messages: list[Message]) -> str:
    """Return what others than the customer said, as one text."""
    return "\n".join(m["text"] for m in messages if m["author"] != "contact")
