"""Known mistakes, put into the product on purpose: a test that cannot see them proves nothing."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from desk.channel import InboundMessage
from desk.inbox import accept, repository

_BEHIND = 0.05
"""Seconds by which a writer who acknowledges first lags behind."""


def acknowledge_before_commit() -> None:
    """Say 'received' at once and write a moment later, as a cache in memory would."""
    honest = accept.Acceptor.accept
    late: set[asyncio.Task[None]] = set()

    async def write(self: accept.Acceptor, messages: Sequence[InboundMessage]) -> None:
        await asyncio.sleep(_BEHIND)
        await honest(self, messages)

    async def hasty(self: accept.Acceptor, messages: Sequence[InboundMessage]) -> None:
        task = asyncio.create_task(write(self, messages))
        late.add(task)
        task.add_done_callback(late.discard)

    accept.Acceptor.accept = hasty  # type: ignore[method-assign]


def forget_the_unique_key() -> None:
    """Store a message under a name of its own each time it comes."""
    honest = repository.add

    async def careless(session: Any, rows: Sequence[dict[str, Any]]) -> None:
        await honest(
            session, [row | {"external_id": f"{row['external_id']}#{uuid4()}"} for row in rows]
        )

    repository.add = careless


BUGS: dict[str, Callable[[], None]] = {
    "acknowledge_before_commit": acknowledge_before_commit,
    "forget_the_unique_key": forget_the_unique_key,
}


def seed(name: str) -> None:
    """Put a mistake into this process."""
    BUGS[name]()
