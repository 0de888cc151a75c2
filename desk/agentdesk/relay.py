"""Shows what is to be shown at the desk: each lane in order, the lanes side by side."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from desk.agentdesk import repository
from desk.agentdesk.ledger import Claim, PostLedger
from desk.agentdesk.port import AgentDesk, LinePost, Post, Posted
from desk.agentdesk.repository import Head
from desk.clock import Clock
from desk.message import Attachment
from desk.outbox.retry import pause_of
from desk.outbox.sending import Sending, Tasks, Traffic
from desk.signals import DESK, Signals
from desk.store.database import Database

log = structlog.get_logger()

_TIMEOUT = 10.0
_WITH_FILES = 25.0
_AT_ONCE = 8

type Load = Callable[[Sequence[Attachment]], Awaitable[tuple[Attachment, ...]]]
"""Fills in the contents of files from where they are kept."""


class DeskRelay(Sending):
    """Moves posts to the desk. What the platform asks us to wait for, its whole channel waits."""

    def __init__(
        self,
        *,
        database: Database,
        desk: AgentDesk,
        ledger: PostLedger,
        signals: Signals,
        clock: Clock,
        load: Load | None = None,
        poll: timedelta = timedelta(seconds=1),
    ) -> None:
        super().__init__(topic=DESK, signals=signals, clock=clock, poll=poll)
        self._database = database
        self._desk = desk
        self._ledger = ledger
        self._load = load
        self._lanes = Traffic()
        self._quiet: dict[str, datetime] = {}

    async def _start(self) -> tuple[Tasks, datetime | None]:
        now, lanes = self._clock(), self._lanes
        lanes.release(now)
        free = _AT_ONCE - len(lanes.tasks)
        if free <= 0:  # the end of a post wakes us
            return [], None
        most = free + len(lanes.tasks) + len(lanes.held)
        async with self._database.read() as session:
            heads = await repository.post_heads(session, now=now, most=most)
            next_due = await repository.next_post_at(session, now)
        chosen = [head for head in heads if lanes.is_free(head.lane)][:free]
        return [self._launch(lanes, head.lane, self._show(head)) for head in chosen], next_due

    def _traffic(self) -> Iterable[Traffic]:
        return [self._lanes]

    async def _show(self, head: Head) -> None:
        """Claim, show and settle one post; what goes wrong concerns this one alone."""
        try:
            claim = await self._ledger.claim(head, self._quiet)
            if claim is None:
                return
            posted, error = await self._post(claim)
            await self._recorded(lambda: self._ledger.settle(claim, posted, error))
        except Exception:
            log.exception("desk_post_unfinished", post_id=head.id)
            self._lanes.hold(head.lane, self._clock())

    async def _post(self, claim: Claim) -> tuple[Posted, Exception | None]:
        try:
            post = await self._with_files(claim.post)
            patience = _TIMEOUT if post is claim.post else _WITH_FILES
            async with asyncio.timeout(patience):
                posted = await self._desk.post(post, claim.place, key=claim.key, again=claim.again)
            return posted, None
        except Exception as error:  # whatever it is, the row must not stay in 'sending'
            pause = pause_of(error)
            if pause is not None:
                self._quiet[claim.place.channel] = self._clock() + pause
            return Posted(), error

    async def _with_files(self, post: Post) -> Post:
        if self._load is None or not isinstance(post, LinePost):
            return post
        kept = [file for file in post.line.attachments if file.key is not None]
        if not kept:
            return post
        bare = tuple(file for file in post.line.attachments if file.key is None)
        return replace(post, line=replace(post.line, attachments=await self._load(kept) + bare))
