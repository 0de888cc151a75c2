"""The two transactions around a post: it is claimed and rendered, and its end is recorded."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk.agentdesk import repository
from desk.agentdesk.cards import Cards, whole_line
from desk.agentdesk.home import Homes
from desk.agentdesk.mirror import DeskMirror
from desk.agentdesk.port import (
    AskPost,
    CardPost,
    LinePost,
    NoticePost,
    Place,
    PlaceGoneError,
    Post,
    Posted,
    Tick,
    TickPost,
    WhisperPost,
)
from desk.agentdesk.repository import Head
from desk.clock import Clock
from desk.conversations.repository import locked as locked_conversation
from desk.conversations.repository import sending_before
from desk.errors import RejectedError
from desk.outbox.retry import next_attempt
from desk.store.database import Database
from desk.store.storable import storable
from desk.tables.agent import DeskPostRow, DeskThreadRow, PostKind, PostState
from desk.tables.conversation import ConversationRow, Direction, MessageRow

log = structlog.get_logger()

LEASE = timedelta(seconds=30)
_MOMENT = timedelta(milliseconds=50)
_FILES_LATE = timedelta(seconds=20)
"""How long a line waits for the files of its message; then it goes without."""
_NOWHERE = timedelta(minutes=1)
"""How long to wait when there is no channel to begin in: an operator must act."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to show a post, once, until the lease ends. ``again`` says that an attempt may have got through."""

    id: int
    key: str
    kind: PostKind
    attempt: int
    again: bool
    post: Post
    place: Place
    created_at: datetime
    conversation_id: str | None
    thread_id: int | None
    message_id: int | None


@dataclass(frozen=True)
class Later:
    """Not now."""

    at: datetime


type Drawn = tuple[Post, Place] | Later | None
"""What to show where; when to try again; or nothing, because there is nothing to show any more."""


@dataclass(frozen=True, kw_only=True)
class _Sheet:
    """What a post is drawn from."""

    session: AsyncSession
    row: DeskPostRow
    conversation: ConversationRow
    thread: DeskThreadRow
    now: datetime

    @property
    def place(self) -> Place:
        return Place(channel=self.thread.channel, thread=self.thread.thread or "")


class PostLedger:
    """Claims and settles posts. Locks are taken in the order conversation, post."""

    def __init__(
        self,
        *,
        database: Database,
        cards: Cards,
        homes: Homes,
        mirror: DeskMirror,
        clock: Clock,
    ) -> None:
        self._database = database
        self._cards = cards
        self._homes = homes
        self._mirror = mirror
        self._clock = clock
        self._in_thread: dict[PostKind, Callable[[_Sheet], Awaitable[Drawn]]] = {
            PostKind.ROOT: self._root,
            PostKind.CARD: self._card,
            PostKind.LINE: self._line,
            PostKind.NOTICE: self._notice,
        }

    async def claim(self, head: Head, quiet: Mapping[str, datetime]) -> Claim | None:
        """Claim a post and render it; None when there is nothing to show, or not now.

        ``quiet`` says until when nothing may be posted to a channel.
        """
        now = self._clock()
        async with self._database.write() as session:
            conversation = None
            if head.conversation_id is not None:
                conversation = await locked_conversation(session, head.conversation_id)
            row = await repository.locked_post(session, head.id)
            if row is None or not _is_due(row, now):
                return None
            drawn = await self._draw(session, row, conversation, now)
            if isinstance(drawn, tuple) and quiet.get(drawn[1].channel, now) > now:
                drawn = Later(quiet[drawn[1].channel])
            if isinstance(drawn, Later):
                row.not_before = drawn.at
                return None
            if drawn is None:
                row.state, row.lease_until = PostState.DROPPED, None
                return None
            again = row.attempts > 0
            row.state, row.attempts, row.lease_until = (
                PostState.SENDING,
                row.attempts + 1,
                now + LEASE,
            )
            return Claim(
                id=row.id,
                key=row.key,
                kind=row.kind,
                attempt=row.attempts,
                again=again,
                post=drawn[0],
                place=drawn[1],
                created_at=row.created_at,
                conversation_id=row.conversation_id,
                thread_id=row.thread_id,
                message_id=row.message_id,
            )

    async def settle(self, claim: Claim, posted: Posted, error: Exception | None) -> None:
        """Record how it ended; without effect when the claim was lost to somebody else."""
        now = self._clock()
        state, again = _after(claim, error, now)
        text = storable(f"{type(error).__name__}: {error}", 500) if error else None
        known_as = storable(posted.external_id, 128) if posted.external_id else None
        values: dict[str, Any] = {"external_id": known_as, "last_error": text}
        if state is PostState.SENT:
            values["sent_at"] = now
        if again is not None:
            values["not_before"] = again
        async with self._database.write() as session:
            conversation = None
            if claim.conversation_id is not None:
                conversation = await locked_conversation(session, claim.conversation_id)
            if not await repository.settle_post(session, claim.id, claim.attempt, state, **values):
                log.warning("desk_claim_lost", post_id=claim.id)
                return
            if error is None and known_as:
                await _remember(session, claim, known_as)
            if claim.kind is PostKind.CARD and state is PostState.QUEUED:
                row = await repository.locked_post(session, claim.id)
                if row is not None:
                    await repository.drop_newer_cards(session, row)
            if isinstance(error, PlaceGoneError) and conversation is not None:
                await self._begin_anew(session, conversation, claim, now)
            elif claim.kind is PostKind.LINE and state is PostState.FAILED and conversation:
                text = "A message could not be shown here; the console has it."
                key = f"lost:{claim.id}"
                await self._mirror.tell(session, conversation, text, key=key, now=now)
        level = log.info if error is None else log.warning
        level(
            "desk_post", post_id=claim.id, kind=claim.kind, state=state, error=values["last_error"]
        )

    async def _draw(
        self,
        session: AsyncSession,
        row: DeskPostRow,
        conversation: ConversationRow | None,
        now: datetime,
    ) -> Drawn:
        ask = self._in_thread.get(row.kind)
        if ask is None:
            if row.kind is PostKind.HOME:
                person = str(row.payload["person"])
                return await self._homes.of(session, person, now), Place(channel="")
            return _DIRECT[row.kind](row.payload)
        thread = await repository.current(session, row.conversation_id or "")
        if conversation is None or thread is None:
            return None
        # A card that says who has the conversation is a promise that the bot is silent.
        if row.kind is not PostKind.LINE and await sending_before(
            session, conversation.id, conversation.epoch
        ):
            return Later(now + _MOMENT)
        if thread.thread is None and row.kind is not PostKind.ROOT:
            return Later(now + _MOMENT * 4)
        sheet = _Sheet(session=session, row=row, conversation=conversation, thread=thread, now=now)
        return await ask(sheet)

    async def _root(self, sheet: _Sheet) -> Drawn:
        thread = sheet.thread
        if thread.id != sheet.row.thread_id or thread.thread is not None:
            return None
        if not thread.channel:
            log.error("desk_has_no_channel", conversation_id=sheet.conversation.id)
            return Later(sheet.now + _NOWHERE)
        return await self._card(sheet)

    async def _card(self, sheet: _Sheet) -> Drawn:
        sheet.thread.version += 1
        card = await self._cards.card(sheet.session, sheet.conversation, sheet.now)
        return CardPost(card=card), sheet.place

    async def _line(self, sheet: _Sheet) -> Drawn:
        message = await sheet.session.get(MessageRow, sheet.row.message_id)
        if message is None:
            return None
        line, ready = await whole_line(sheet.session, message)
        if not ready and sheet.now - sheet.row.created_at < _FILES_LATE:
            return Later(sheet.now + _MOMENT * 10)
        internal = message.direction is Direction.NOTE
        retry = sheet.row.payload.get("retry")
        return LinePost(line=line, internal=internal, retry=retry), sheet.place

    async def _notice(self, sheet: _Sheet) -> Drawn:
        payload = sheet.row.payload
        mention = tuple(payload.get("mention", ()))
        return NoticePost(text=payload["text"], mention=mention), sheet.place

    async def _begin_anew(
        self, session: AsyncSession, conversation: ConversationRow, claim: Claim, now: datetime
    ) -> None:
        """Open another thread in place of one that is gone; what failed there goes to the new one."""
        thread = await repository.current(session, conversation.id)
        if thread is None or thread.channel != claim.place.channel:
            return
        if claim.kind is not PostKind.ROOT:
            if (thread.thread or "") == claim.place.thread:
                await self._mirror.move(session, conversation, thread, thread.channel, now)
            return
        # Not even a root can be posted: the channel is gone, not only a thread in it.
        other = await self._mirror.elsewhere(session, conversation, thread.channel)
        if other != thread.channel:
            await self._mirror.move(session, conversation, thread, other, now)
            return
        log.error("desk_channel_gone", channel=thread.channel, conversation_id=conversation.id)


async def _remember(session: AsyncSession, claim: Claim, known_as: str) -> None:
    if claim.kind is PostKind.ROOT:
        thread = await session.get(DeskThreadRow, claim.thread_id)
        if thread is not None:
            thread.thread = known_as
    elif claim.kind is PostKind.LINE and claim.message_id is not None:
        await repository.name_message(
            session, claim.place, known_as, claim.message_id, from_desk=False
        )


def _after(
    claim: Claim, error: Exception | None, now: datetime
) -> tuple[PostState, datetime | None]:
    """Return the state after an attempt, and when to try again if it is queued."""
    if error is None:
        return PostState.SENT, None
    if isinstance(error, PlaceGoneError) and claim.conversation_id is not None:
        return PostState.QUEUED, now + _NOWHERE if claim.kind is PostKind.ROOT else now
    if isinstance(error, RejectedError):
        return PostState.FAILED, None
    again = next_attempt(claim.attempt, error, created_at=claim.created_at, now=now)
    return (PostState.QUEUED, again) if again else (PostState.FAILED, None)


def _is_due(row: DeskPostRow, now: datetime) -> bool:
    if row.state is PostState.SENDING:
        return row.lease_until is not None and row.lease_until < now
    return row.state is PostState.QUEUED and row.not_before <= now


def _place(payload: dict[str, Any]) -> Place:
    return Place(channel=payload.get("channel", ""), thread=payload.get("thread", ""))


def _ask(payload: dict[str, Any]) -> tuple[Post, Place]:
    post = AskPost(person=payload["person"], held=payload["held"], why=payload["why"])
    return post, _place(payload)


def _whisper(payload: dict[str, Any]) -> tuple[Post, Place]:
    return WhisperPost(person=payload["person"], text=payload["text"]), _place(payload)


def _tick(payload: dict[str, Any]) -> tuple[Post, Place]:
    return TickPost(message=payload["message"], tick=Tick(payload["tick"])), _place(payload)


_DIRECT: dict[PostKind, Callable[[dict[str, Any]], tuple[Post, Place]]] = {
    PostKind.ASK: _ask,
    PostKind.WHISPER: _whisper,
    PostKind.TICK: _tick,
}
