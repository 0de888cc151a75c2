"""Conversations: list, one, what was said; say something, take over, give back, resolve, hand on."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from console.api.conversation_shapes import (
    ConversationQuery,
    ConversationShown,
    MessageShown,
    NewMessage,
    NewNote,
    Release,
    Resolution,
    Transfer,
    message_shown,
)
from console.api.door import Caller, Endpoint, Operation
from console.api.fields import Given, IdempotencyKey, PageQuery, PathId, ShownPage
from console.api.once import Once
from console.api.services import ApiServices
from desk.access import audit
from desk.access.policy import Deed, Principal
from desk.errors import InvalidError, NotFoundError
from desk.handoff.moves import Ending, must_own
from desk.listing.service import messages_of
from desk.tables.conversation import ConversationRow, MessageRow

_CONVERSATION = "/conversations/{id}"


class ConversationApi:
    """What programs do with conversations: by the same services as agents, so that one of them wins."""

    def __init__(self, services: ApiServices, once: Once) -> None:
        self._services = services
        self._once = once

    def operations(self) -> Iterator[Operation]:
        """Return what there is."""
        reads: tuple[tuple[str, Endpoint, type[BaseModel]], ...] = (
            ("/conversations", self.list_conversations, ShownPage[ConversationShown]),
            (_CONVERSATION, self.get_conversation, ConversationShown),
            (f"{_CONVERSATION}/messages", self.list_messages, ShownPage[MessageShown]),
        )
        for path, endpoint, answer in reads:
            yield Operation(
                method="GET",
                path=path,
                endpoint=endpoint,
                deed=Deed.CONVERSATION_SEE,
                answer=answer,
            )
        words: tuple[tuple[str, Endpoint], ...] = (
            ("messages", self.send_message),
            ("notes", self.add_note),
        )
        for name, endpoint in words:
            yield Operation(
                method="POST",
                path=f"{_CONVERSATION}/{name}",
                endpoint=endpoint,
                deed=Deed.CONVERSATION_ANSWER,
                answer=MessageShown,
                creates=True,
                problems=("key_used",),
            )
        moves: tuple[tuple[str, Endpoint], ...] = (
            ("take-over", self.take_over),
            ("release", self.release),
            ("resolve", self.resolve),
            ("transfer", self.transfer),
        )
        for name, endpoint in moves:
            yield Operation(
                method="POST",
                path=f"{_CONVERSATION}/{name}",
                endpoint=endpoint,
                deed=Deed.CONVERSATION_MOVE,
                answer=ConversationShown,
                problems=("full",),
            )

    async def list_conversations(
        self, asked: Annotated[ConversationQuery, Query()]
    ) -> ShownPage[ConversationShown]:
        """List conversations, the newest first."""
        wanted = asked.wanted("owner", "agent", "team", "channel", "contact_id")
        page = await self._services.listing.conversations(
            wanted, after=asked.after, limit=asked.limit
        )
        items = [ConversationShown.model_validate(row) for row in page.rows]
        return ShownPage(items=items, next=page.next)

    async def get_conversation(self, id_: PathId) -> ConversationShown:
        """Get a conversation."""
        return await self._now(id_)

    async def list_messages(
        self, id_: PathId, asked: Annotated[PageQuery, Query()]
    ) -> ShownPage[MessageShown]:
        """List what was said and noted in a conversation, the oldest first."""
        page = await self._services.listing.messages(id_, after=asked.after, limit=asked.limit)
        return ShownPage(items=[message_shown(message) for message in page.rows], next=page.next)

    async def send_message(
        self,
        id_: PathId,
        request: Request,
        caller: Caller,
        given: NewMessage,
        _key: IdempotencyKey = None,
    ) -> Response:
        """Say something to the customer, as an agent; take the conversation over first, or send it once."""
        moves, now = self._services.handoff.moves, self._services.clock()
        async with self._services.handoff.change(id_) as (session, conversation):

            async def send() -> int:
                if not given.send_once:
                    must_own(conversation, caller.name)
                return await moves.send(session, conversation, caller.name, given.text, now)

            return await self._create(session, request, conversation, given, send)

    async def add_note(
        self,
        id_: PathId,
        request: Request,
        caller: Caller,
        given: NewNote,
        _key: IdempotencyKey = None,
    ) -> Response:
        """Add a note, which the customer never sees."""
        moves, now = self._services.handoff.moves, self._services.clock()
        async with self._services.handoff.change(id_) as (session, conversation):

            async def add() -> int:
                return await moves.note(session, conversation, caller.name, given.text, now)

            return await self._create(session, request, conversation, given, add)

    async def take_over(self, id_: PathId, caller: Caller) -> ConversationShown:
        """Take a conversation over; from the answer on the bot says nothing more."""

        async def note(session: AsyncSession) -> None:
            await self._note(session, id_, caller, "take-over")

        await self._services.handoff.take_over(id_, agent=caller.name, also=note)
        return await self._now(id_)

    async def release(self, id_: PathId, caller: Caller, given: Release) -> ConversationShown:
        """Give a conversation of yours back to the bot."""
        handoff, now = self._services.handoff, self._services.clock()
        async with handoff.change(id_) as (session, row):
            await handoff.moves.release(session, row, caller.name, now, follow_on=given.ask_rating)
            await self._note(session, id_, caller, "release")
        return await self._now(id_)

    async def resolve(self, id_: PathId, caller: Caller, given: Resolution) -> ConversationShown:
        """Close a conversation; the customer's next message opens it again."""
        ending = Ending(outcome=given.outcome, topic=given.topic)
        handoff, now = self._services.handoff, self._services.clock()
        async with handoff.change(id_) as (session, row):
            await handoff.moves.resolve(session, row, caller.name, now, ending)
            await self._note(session, id_, caller, "resolve")
        return await self._now(id_)

    async def transfer(self, id_: PathId, caller: Caller, given: Transfer) -> ConversationShown:
        """Hand a conversation on to an agent who is at work, or to a team."""
        name = None
        if given.agent is not None:
            name = (await self._services.agents.free(given.agent)).name
        handoff, now = self._services.handoff, self._services.clock()
        if given.team is not None and given.team not in handoff.teams:
            raise InvalidError(f"there is no team {given.team}")
        async with handoff.change(id_) as (session, row):
            await handoff.moves.transfer(
                session, row, caller.name, now, agent=name, team=given.team
            )
            await self._note(session, id_, caller, "transfer")
        return await self._now(id_)

    async def _create(
        self,
        session: AsyncSession,
        request: Request,
        conversation: ConversationRow,
        given: Given,
        work: Callable[[], Awaitable[int]],
    ) -> Response:
        caller: Principal = request.state.caller

        async def create() -> MessageShown:
            message_id = await work()
            await audit.note(
                session,
                by=caller.name,
                deed=Deed.CONVERSATION_ANSWER,
                thing=f"conversation:{conversation.id}",
                detail={"message_id": message_id, "token": caller.id},
                now=self._services.clock(),
            )
            row = await session.get(MessageRow, message_id)
            if row is None:
                raise NotFoundError(f"there is no message {message_id}")
            (message,) = await messages_of(session, [row])
            return message_shown(message)

        return await self._once.create(session, request, given, create)

    async def _note(
        self, session: AsyncSession, conversation_id: str, caller: Principal, move: str
    ) -> None:
        await audit.note(
            session,
            by=caller.name,
            deed=Deed.CONVERSATION_MOVE,
            thing=f"conversation:{conversation_id}",
            detail={"move": move, "token": caller.id},
            now=self._services.clock(),
        )

    async def _now(self, conversation_id: str) -> ConversationShown:
        row = await self._services.listing.conversation(conversation_id)
        return ConversationShown.model_validate(row)
