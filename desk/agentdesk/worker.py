"""Carries out what people did at the desk: in order in each conversation, each with its whole effect at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.agentdesk import answers, codec, repository
from desk.agentdesk.agents import Agents
from desk.agentdesk.commands import Commands
from desk.agentdesk.doing import Doing, FilesNeededError
from desk.agentdesk.ingest import place_of
from desk.agentdesk.port import (
    Action,
    AgentDesk,
    Changed,
    Commanded,
    Held,
    HomeOpened,
    Person,
    Pressed,
    Retried,
    RootGone,
    Wrote,
)
from desk.agentdesk.presses import Presses
from desk.agentdesk.repository import Head
from desk.agentdesk.threads import Threads
from desk.clock import Clock
from desk.errors import (
    ForbiddenError,
    FrontdeskError,
    InvalidError,
    RejectedError,
    RetryableError,
)
from desk.handoff.capacity import FullError
from desk.message import Attachment
from desk.outbox.retry import backoff
from desk.signals import DESK, DESK_ACTIONS, INBOX, OUTBOX, Signals
from desk.store.database import Database
from desk.tables.agent import ActionState, DeskActionRow

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
MOST_FAILURES = 5
_CEILING = timedelta(seconds=15)
_TOO_LATE = timedelta(minutes=15)
"""After it nobody would understand any more why it happens now."""
_BELIEVED = timedelta(minutes=1)
_REMOVED = (
    "Your account here was taken away, so you can do nothing at the desk. Nothing was done or sent; "
    "an administrator can let you in again."
)
_AT_ONCE = 8
_TIMEOUT = 10.0

type Keep = Callable[[Sequence[Attachment]], Awaitable[tuple[Attachment, ...]]]
"""Keeps the contents of files where they can be sent from."""


@dataclass(frozen=True, kw_only=True)
class _Claim:
    id: int
    attempt: int
    failures: int
    received_at: datetime
    action: Action


class DeskWorker:
    """Claims the head of every lane. Who may not act is told; what fails five times is a dead letter, and told too."""

    def __init__(
        self,
        *,
        database: Database,
        desk: AgentDesk,
        agents: Agents,
        presses: Presses,
        threads: Threads,
        commands: Commands,
        signals: Signals,
        clock: Clock,
        keep: Keep | None = None,
        largest: int = 25 * 2**20,
        poll: timedelta = timedelta(seconds=1),
    ) -> None:
        self._database = database
        self._desk = desk
        self._agents = agents
        self._signals = signals
        self._clock = clock
        self._keep = keep
        self._largest = largest
        self._poll = poll.total_seconds()
        self._believed: dict[str, datetime] = {}
        self._met: set[str] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._deeds: dict[type, Callable[[Doing, Any], Awaitable[None]]] = {
            Pressed: presses.press,
            Wrote: threads.wrote,
            Changed: threads.changed,
            Held: threads.chose,
            Retried: threads.retried,
            Commanded: commands.obey,
            HomeOpened: _home,
            RootGone: threads.root_gone,
        }

    async def run(self) -> None:
        """Work for ever; wakes by signal, and by itself every second."""
        with self._signals.listen(DESK_ACTIONS) as wake:
            try:
                while True:
                    if not await self._start():
                        await wake.get(self._poll)
            except asyncio.CancelledError:
                for task in self._tasks.values():
                    task.cancel()
                with suppress(asyncio.CancelledError):
                    await asyncio.gather(*self._tasks.values(), return_exceptions=True)
                raise

    async def step(self) -> int:
        """Carry out what is due now, one action a lane, to the end; return how many."""
        started = await self._start()
        await asyncio.gather(*started)
        return len(started)

    async def _start(self) -> list[asyncio.Task[None]]:
        while len(self._tasks) >= _AT_ONCE:
            await asyncio.wait(self._tasks.values(), return_when=asyncio.FIRST_COMPLETED)
        most = _AT_ONCE + len(self._tasks)
        async with self._database.read() as session:
            heads = await repository.action_heads(session, now=self._clock(), most=most)
        free = _AT_ONCE - len(self._tasks)
        chosen = [head for head in heads if head.lane not in self._tasks][:free]
        return [self._launch(head) for head in chosen]

    def _launch(self, head: Head) -> asyncio.Task[None]:
        task = asyncio.create_task(self._work(head))
        self._tasks[head.lane] = task
        task.add_done_callback(lambda _: self._end(head.lane))
        return task

    def _end(self, lane: str) -> None:
        del self._tasks[lane]

    async def _work(self, head: Head) -> None:
        """Carry out one action; what goes wrong concerns this one alone."""
        try:
            claim = await self._claim(head)
            if claim is not None:
                await self._try(claim)
        except (SQLAlchemyError, OSError):
            log.exception("desk_action_unfinished", action_id=head.id)
        await self._signals.publish(DESK_ACTIONS)

    async def _claim(self, head: Head) -> _Claim | None:
        now = self._clock()
        async with self._database.write() as session:
            row = await repository.locked_action(session, head.id)
            if row is None or not _is_due(row, now):
                return None
            row.state, row.lease_until = ActionState.WORKING, now + LEASE
            row.attempts += 1
            return _Claim(
                id=row.id,
                attempt=row.attempts,
                failures=row.failures,
                received_at=row.received_at,
                action=codec.from_json(row.payload),
            )

    async def _try(self, claim: _Claim) -> None:
        try:
            await self._act(claim)
        except RetryableError as error:
            late = self._clock() - claim.received_at > _TOO_LATE
            await self._postpone(claim, error, dead=late)
        except FrontdeskError as error:
            await self._refuse(claim, error)
        except Exception as error:  # one poisoned action must not stop the others
            log.exception("desk_action_failed", action_id=claim.id)
            await self._postpone(claim, error, dead=claim.failures + 1 >= MOST_FAILURES)
        for topic in (OUTBOX, DESK, INBOX):
            await self._signals.publish(topic)

    async def _act(self, claim: _Claim) -> None:
        action = claim.action
        if not await self._concerns_us(action):
            await self._finish(claim)
            return
        await self._check(action.person)
        person = await self._introduced(action.person)
        files: dict[str, Attachment] = {}
        while True:
            try:
                await self._carry_out(claim, person, files)
                return
            except FilesNeededError as needed:
                files = await self._fetched(needed.files)

    async def _carry_out(
        self, claim: _Claim, person: Person, files: dict[str, Attachment]
    ) -> None:
        now = self._clock()
        async with self._database.write() as session:
            if not await repository.finish_action(
                session, claim.id, claim.attempt, ActionState.DONE, done_at=now
            ):
                log.warning("desk_action_claim_lost", action_id=claim.id)
                return
            agent = await self._agents.meet(session, person, now)
            if agent.removed_at is not None:
                raise ForbiddenError(_REMOVED)
            doing = Doing(session=session, action=claim.action, agent=agent, now=now, files=files)
            await self._deeds[type(claim.action.deed)](doing, claim.action.deed)

    async def _concerns_us(self, action: Action) -> bool:
        """Say whether words are in a thread of ours; people talk in channels about other things, too."""
        if not isinstance(action.deed, Wrote | Changed):
            return True
        async with self._database.read() as session:
            if await repository.at(session, action.deed.place) is not None:
                return True
            if await repository.is_opening(session, action.deed.place.channel):
                raise RetryableError("a thread is just being opened there")
        return False

    async def _check(self, person: Person) -> None:
        now = self._clock()
        if self._believed.get(person.external_id, now) > now:
            return
        async with asyncio.timeout(_TIMEOUT):
            allowed = await self._desk.may_act(person.external_id)
        if not allowed:
            raise ForbiddenError(
                "Only agents may do this, and you are not in their group. Nothing was done or sent."
            )
        self._believed[person.external_id] = now + _BELIEVED

    async def _introduced(self, person: Person) -> Person:
        """Return a person with a name; whom we know already, the platform is not asked about."""
        if person.external_id in self._met:
            return person
        async with self._database.read() as session:
            if await self._agents.known(session, person.external_id) is not None:
                self._met.add(person.external_id)
                return person
        async with asyncio.timeout(_TIMEOUT):
            found = await self._desk.person(person.external_id)
        return Person(
            external_id=person.external_id,
            name=found.name or person.name,
            email=found.email or person.email,
        )

    async def _fetched(self, files: Sequence[Attachment]) -> dict[str, Attachment]:
        kept = [await self._one(file) for file in files]
        return {file.reference or "": one for file, one in zip(files, kept, strict=True)}

    async def _one(self, file: Attachment) -> Attachment:
        try:
            content = await self._desk.fetch(file.reference or "", self._largest)
        except RejectedError as error:
            raise InvalidError(
                f"The file {file.name} could not be fetched ({error}). Nothing was sent."
            ) from error
        found = replace(file, content=content, reference=None, size=len(content))
        if self._keep is None:
            return found
        (kept,) = await self._keep([found])
        if kept.key is None and kept.content is None:
            raise InvalidError(f"The file {file.name} is not accepted. Nothing was sent.")
        return kept

    async def _refuse(self, claim: _Claim, error: FrontdeskError) -> None:
        """Tell who did it why it was not done."""
        text = str(error)
        async with self._database.write() as session:
            now = self._clock()
            if await repository.finish_action(
                session,
                claim.id,
                claim.attempt,
                ActionState.DONE,
                done_at=now,
                last_error=text[:500],
            ):
                if isinstance(error, FullError):
                    events.append(session, error.event)
                await self._tell(session, claim, text, now)
        log.info("desk_action_refused", action_id=claim.id)

    async def _postpone(self, claim: _Claim, error: Exception, *, dead: bool) -> None:
        now = self._clock()
        retry_in = error.retry_in if isinstance(error, RetryableError) else None
        wait = retry_in or backoff(min(claim.attempt, 10), ceiling=_CEILING)
        async with self._database.write() as session:
            moved = await repository.finish_action(
                session,
                claim.id,
                claim.attempt,
                ActionState.DEAD if dead else ActionState.NEW,
                failures=claim.failures + (not isinstance(error, RetryableError)),
                not_before=now + wait,
                last_error=f"{type(error).__name__}: {error}"[:500],
                done_at=now if dead else None,
            )
            if moved and dead:
                text = "Something went wrong, and this was not done. Please try it once more."
                await self._tell(session, claim, text, now)
        log.warning("desk_action_postponed", action_id=claim.id, error=str(error), dead=dead)

    async def _finish(self, claim: _Claim) -> None:
        async with self._database.write() as session:
            await repository.finish_action(
                session, claim.id, claim.attempt, ActionState.DONE, done_at=self._clock()
            )

    async def _tell(self, session: AsyncSession, claim: _Claim, text: str, now: datetime) -> None:
        person, place = claim.action.person.external_id, place_of(claim.action)
        key = claim.action.external_id
        await answers.whisper(session, person, place, text, key=key, now=now)


async def _home(doing: Doing, _: HomeOpened) -> None:
    await answers.home(doing.session, doing.person, key=doing.action.external_id, now=doing.now)


def _is_due(row: DeskActionRow, now: datetime) -> bool:
    if row.state is ActionState.WORKING:
        return row.lease_until is not None and row.lease_until < now
    return row.state is ActionState.NEW and row.not_before <= now
