"""What the buttons of a card do."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from desk.agentdesk.agents import Agents
from desk.agentdesk.doing import Doing, RefusedError
from desk.agentdesk.port import Button, Pressed
from desk.agentdesk.queue import spell
from desk.agentdesk.rules import Rulebook
from desk.agentdesk.ruling import in_words, refusal, standing
from desk.errors import ConflictError, InvalidError
from desk.handoff.moves import Ending, Moves
from desk.tables.agent import AgentRow, AgentStatus
from desk.tables.conversation import ConversationRow, Outcome


class Presses:
    """Carries out one button; what does not fit the state is refused in words."""

    def __init__(self, moves: Moves, agents: Agents, rules: Rulebook) -> None:
        self._moves = moves
        self._agents = agents
        self._rules = rules
        self._buttons: dict[
            Button, Callable[[Doing, Pressed, ConversationRow], Awaitable[None]]
        ] = {
            Button.TAKE_OVER: self._take_over,
            Button.SEND_ONCE: self._send_once,
            Button.NOTE: self._note,
            Button.TRANSFER: self._transfer,
            Button.SNOOZE: self._snooze,
            Button.RESOLVE: self._resolve,
            Button.RELEASE: self._release,
        }

    async def press(self, doing: Doing, deed: Pressed) -> None:
        """Do what a button says.

        Raises:
            FrontdeskError: it was not done, and why.
        """
        talk = await doing.conversation(deed.conversation_id)
        why = refusal(
            deed.button,
            talk.owner,
            mine=doing.owns(talk),
            stale=deed.epoch != talk.epoch,
        )
        if why is not None:
            now_ = standing(talk.owner, talk.agent, talk.owner_since, doing.now)
            raise RefusedError(in_words(why, now_))
        await self._buttons[deed.button](doing, deed, talk)

    async def _take_over(self, doing: Doing, _: Pressed, talk: ConversationRow) -> None:
        if not await self._moves.take(doing.session, talk, doing.agent.name, doing.now):
            await doing.whisper("You have this conversation already.")

    async def _send_once(self, doing: Doing, deed: Pressed, talk: ConversationRow) -> None:
        await self._moves.send(doing.session, talk, doing.agent.name, deed.text, doing.now)

    async def _note(self, doing: Doing, deed: Pressed, talk: ConversationRow) -> None:
        await self._moves.note(doing.session, talk, doing.agent.name, deed.text, doing.now)

    async def _transfer(self, doing: Doing, deed: Pressed, talk: ConversationRow) -> None:
        to = (deed.to or "").strip()
        if to in self._rules.rules.teams:
            await self._moves.transfer(doing.session, talk, doing.agent.name, doing.now, team=to)
            mention = self._rules.mention(to)
        else:
            other = await self._free(doing, to)
            await self._moves.transfer(
                doing.session, talk, doing.agent.name, doing.now, agent=other.name
            )
            mention = (other.external_id,) if other.external_id else ()
            to = other.name
        text = f"{doing.agent.name} has given this to {to}." + (
            f" {deed.text}" if deed.text else ""
        )
        key = f"transfer:{talk.id}:{talk.epoch}"
        await self._moves.mirror.tell(
            doing.session, talk, text, key=key, now=doing.now, mention=mention
        )

    async def _free(self, doing: Doing, to: str) -> AgentRow:
        """Return the agent who is meant; somebody who is not there would let the customer wait."""
        other = await self._agents.known(doing.session, to)
        other = other or await self._agents.named(doing.session, to)
        if other is None:
            teams = ", ".join(self._rules.rules.teams) or "none"
            raise InvalidError(f"There is no agent or team {to!r}; teams: {teams}.")
        if other.id == doing.agent.id:
            raise InvalidError("It is yours already.")
        if other.status is not AgentStatus.ONLINE:
            since = spell(doing.now - other.status_since)
            raise ConflictError(f"{other.name} is {other.status} for {since}; nothing was done.")
        return other

    async def _snooze(self, doing: Doing, deed: Pressed, talk: ConversationRow) -> None:
        until = doing.now + timedelta(minutes=deed.minutes or 0)
        await self._moves.snooze(
            doing.session, talk, doing.agent.name, until, doing.now, why=deed.text
        )

    async def _resolve(self, doing: Doing, deed: Pressed, talk: ConversationRow) -> None:
        if deed.outcome and deed.outcome not in list(Outcome):
            raise InvalidError(f"{deed.outcome!r} is none of: {', '.join(Outcome)}.")
        outcome = Outcome(deed.outcome) if deed.outcome else None
        ending = Ending(outcome=outcome, topic=deed.topic, note=deed.text)
        await self._moves.resolve(doing.session, talk, doing.agent.name, doing.now, ending)

    async def _release(self, doing: Doing, deed: Pressed, talk: ConversationRow) -> None:
        await self._moves.release(
            doing.session,
            talk,
            doing.agent.name,
            doing.now,
            follow_on=deed.follow_on,
            note=deed.text,
        )
