"""The way in: what people do at the desk is durable before it is acknowledged, once however often it is told."""

from collections.abc import Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from desk.agentdesk import codec, repository
from desk.agentdesk.port import Action, Place, Pressed
from desk.clock import Clock
from desk.inbox.accept import NotAcceptedError
from desk.signals import DESK_ACTIONS, Signals
from desk.store.database import Database
from desk.store.storable import storable
from desk.store.upsert import insert_new
from desk.tables.agent import ActionState, DeskActionRow

log = structlog.get_logger()


class DeskIngest:
    """Stores actions in the order in which they came."""

    def __init__(self, *, database: Database, signals: Signals, clock: Clock) -> None:
        self._database = database
        self._signals = signals
        self._clock = clock

    async def accept(self, actions: Sequence[Action]) -> int:
        """Return once everything is durable; return how many were new.

        Raises:
            NotAcceptedError: on any doubt; the platform shall send all of it again, and no part is then done twice.
        """
        try:
            async with self._database.write() as session:
                new = [await self._add(session, action) for action in actions]
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.error("desk_action_write_failed", error=type(error).__name__)
            raise NotAcceptedError("the action could not be stored; send it again") from error
        await self._signals.publish(DESK_ACTIONS)
        return sum(new)

    async def _add(self, session: AsyncSession, action: Action) -> bool:
        now = self._clock()
        row = {
            "external_id": storable(action.external_id, 256),
            "lane": await _lane(session, action),
            "payload": codec.to_json(action),
            "state": ActionState.NEW,
            "attempts": 0,
            "failures": 0,
            "not_before": now,
            "received_at": now,
        }
        return await insert_new(session, DeskActionRow, row, unique=("external_id",))


def place_of(action: Action) -> Place:
    """Return where something was done."""
    place = getattr(action.deed, "place", None)
    return place if isinstance(place, Place) else action.place


async def _lane(session: AsyncSession, action: Action) -> str:
    """Return what is done one after the other: a conversation's actions, else a thread's, else a person's."""
    if isinstance(action.deed, Pressed):
        return storable(action.deed.conversation_id, 300)
    place = place_of(action)
    found = await repository.at(session, place)
    if found is None and place.thread:
        found = f"{place.channel}/{place.thread}"
    return storable(found or f"person:{action.person.external_id}", 300)
