"""Looks at conversations that wait for a person or have one, and does what the time asks for. Rows decide."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.agentdesk import repository
from desk.agentdesk.rules import Rulebook
from desk.conversations.repository import last_words
from desk.handoff.moves import Ending, Moves
from desk.handoff.patience import Limits, State, Step, step
from desk.phrases import Phrase
from desk.tables.agent import AgentRow
from desk.tables.conversation import Author, ConversationRow, Outcome

log = structlog.get_logger()


class Watch:
    """One step of one conversation at a time, in the caller's transaction."""

    def __init__(self, *, moves: Moves, rules: Rulebook, patience: timedelta) -> None:
        self._moves = moves
        self._rules = rules
        self._patience = patience
        self._steps = {
            Step.CALL: self._call,
            Step.GIVE_UP: self._give_up,
            Step.WAKE: self._wake,
            Step.REMIND: self._remind,
            Step.REQUEUE: self._requeue,
            Step.ASK: self._ask,
            Step.RESOLVE: self._resolve,
        }

    async def due(self, session: AsyncSession, now: datetime) -> list[str]:
        """Return the conversations in which something is to be done."""
        rows = await repository.alive(session)
        spoken = await repository.last_at(session, [row.id for row in rows])
        names = {row.agent for row in rows if row.agent}
        found = await session.scalars(select(AgentRow).where(AgentRow.name.in_(names)))
        agents = {agent.name: agent for agent in found}
        return [
            row.id
            for row in rows
            if self._next(row, agents.get(row.agent or ""), spoken.get(row.id, {}), now)
        ]

    async def advance(
        self, session: AsyncSession, conversation: ConversationRow, now: datetime
    ) -> Step | None:
        """Do the next step, looked at again under the lock; return which it was."""
        spoken = await repository.last_at(session, [conversation.id])
        agent = await session.scalar(select(AgentRow).where(AgentRow.name == conversation.agent))
        wanted = self._next(conversation, agent, spoken.get(conversation.id, {}), now)
        if wanted is not None:
            log.info("handoff_step", conversation_id=conversation.id, step=wanted)
            await self._steps[wanted](session, conversation, agent, now)
        return wanted

    def _next(
        self,
        row: ConversationRow,
        agent: AgentRow | None,
        spoken: Mapping[str, datetime],
        now: datetime,
    ) -> Step | None:
        rules = self._rules.rules
        state = State(
            owner=row.owner,
            since=row.owner_since,
            waiting_since=row.waiting_since,
            tier=row.tier,
            snoozed_until=row.snoozed_until,
            reminded_at=row.reminded_at,
            asked_at=row.asked_at,
            status=agent.status if agent else None,
            status_since=agent.status_since if agent else None,
            heard_at=spoken.get(Author.CONTACT),
            answered_at=spoken.get(Author.AGENT),
            open_now=self._rules.is_open(row.team, now),
        )
        limits = Limits(
            give_up_after=self._patience,
            tiers=tuple(tier.after for tier in rules.tiers),
            remind_after=rules.remind_after,
            return_after=rules.return_after,
            ask_after=rules.ask_after,
            resolve_after=rules.resolve_after,
        )
        return step(state, limits, now)

    async def _call(
        self, session: AsyncSession, talk: ConversationRow, _: AgentRow | None, now: datetime
    ) -> None:
        tier = self._rules.rules.tiers[talk.tier]
        talk.tier += 1
        await self._moves.mirror.tell(
            session,
            talk,
            "Nobody has come yet; the customer still waits.",
            key=f"tier:{talk.id}:{talk.epoch}:{talk.tier}",
            now=now,
            mention=self._rules.mention(talk.team, tier.mention),
        )
        if talk.tier == 1:
            await self._moves.tell_customer(session, talk, Phrase.STILL_WAITING, now)

    async def _give_up(
        self, session: AsyncSession, talk: ConversationRow, _: AgentRow | None, now: datetime
    ) -> None:
        words = await last_words(session, talk.id)
        await self._moves.give_up(session, talk, words, now)

    async def _wake(
        self, session: AsyncSession, talk: ConversationRow, agent: AgentRow | None, now: datetime
    ) -> None:
        until, talk.snoozed_until, talk.reminded_at = talk.snoozed_until, None, now
        await self._moves.mirror.tell(
            session,
            talk,
            "This was put off until now.",
            key=f"woke:{talk.id}:{talk.epoch}:{until:%Y%m%d%H%M%S}",
            now=now,
            mention=_mention(agent) or self._rules.mention(talk.team),
        )

    async def _remind(
        self, session: AsyncSession, talk: ConversationRow, agent: AgentRow | None, now: datetime
    ) -> None:
        talk.reminded_at = now
        await self._moves.mirror.tell(
            session,
            talk,
            f"{talk.agent} is away and still has this conversation. It goes back to the queue soon.",
            key=f"remind:{talk.id}:{talk.epoch}:{round(now.timestamp())}",
            now=now,
            mention=_mention(agent),
        )

    async def _requeue(
        self, session: AsyncSession, talk: ConversationRow, _: AgentRow | None, now: datetime
    ) -> None:
        reason = f"{talk.agent} is away"[:64]
        await self._moves.requeue(session, talk, now, name="agent_lost", reason=reason)

    async def _ask(
        self, session: AsyncSession, talk: ConversationRow, _: AgentRow | None, now: datetime
    ) -> None:
        talk.asked_at = now
        await self._moves.tell_customer(session, talk, Phrase.STILL_THERE, now)

    async def _resolve(
        self, session: AsyncSession, talk: ConversationRow, _: AgentRow | None, now: datetime
    ) -> None:
        await self._moves.tell_customer(session, talk, Phrase.CLOSED_SILENT, now)
        ending = Ending(outcome=Outcome.SILENT)
        await self._moves.resolve(session, talk, talk.agent or "", now, ending)


def _mention(agent: AgentRow | None) -> tuple[str, ...]:
    return (agent.external_id,) if agent and agent.external_id else ()
