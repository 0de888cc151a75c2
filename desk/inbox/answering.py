"""Asks the assistant about a message, tells it what it missed, and calls a person when that is due."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from desk.agentdesk.rules import DeskRules
from desk.clock import Clock
from desk.conversations.incoming import Received
from desk.dialogue.interest import wants
from desk.dialogue.port import ASK_FOR_PERSON, Dialogue, Reading, Reads, Reply, Turn
from desk.handoff.standing import standing
from desk.handoff.triggers import Doubts, doubts_after, handoff_wanted
from desk.inbox.meanwhile import meanwhile
from desk.store.database import Database

log = structlog.get_logger()

YES = "affirm"
"""The intent of a customer who says yes."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What comes of a message: replies, and what is to be kept with them."""

    replies: tuple[Reply, ...] = ()
    mood: float | None = None
    intent: str | None = None
    """What the customer meant, and how sure that is."""
    confidence: float | None = None
    doubts: Doubts | None = None
    told_through: int | None = None
    """The last message the assistant knows of now, if it had missed something."""
    learnt: Mapping[str, Any] = field(default_factory=dict)
    """What it was told, by the slot's name; None for what it forgot."""


class Answering:
    """One message at a time. Asked again about the same message, the assistant says the same."""

    def __init__(
        self,
        *,
        database: Database,
        dialogue: Dialogue,
        clock: Clock,
        rules: Callable[[], DeskRules] | None = None,
    ) -> None:
        """Without ``rules`` nobody is called but by the customer."""
        self._database = database
        self._dialogue = dialogue
        self._clock = clock
        self._rules = rules

    async def answer(self, received: Received) -> Answered:
        """Return the assistant's answer, with the call for a person when one is wanted."""
        turn, through = await self._turn(received)
        found = await self._dialogue.turn(turn)
        reading = next((one.reading for one in found if one.reading), None)
        replies = [one for one in found if one.reading is None]
        answered = Answered(replies=tuple(replies), told_through=through)
        if reading is None:
            return answered
        answered = replace(
            answered,
            mood=reading.mood,
            intent=reading.intent,
            confidence=reading.confidence,
            learnt=reading.slots,
        )
        return await self._judged(received, turn, answered, reading)

    async def _turn(self, received: Received) -> tuple[Turn, int | None]:
        turn = Turn(
            conversation_id=received.conversation_id,
            message_id=f"{received.conversation_id}-{received.inbox_id}",
            text=received.text,
            # Nothing readable is left (only control characters, say): let the assistant ask back.
            payload=await self._meant(received) or (None if received.text else "/nlu_fallback"),
            language=received.language,
            metadata={
                "attachments": len(received.attachments),
                "channel": received.channel,
                "sent_at": received.sent_at.isoformat(),
            },
        )
        if received.prompt is not None:
            turn.metadata["campaign"] = dict(received.prompt.campaign)
        if received.untold_after is None:
            return turn, None
        async with self._database.read() as session:
            missed = await meanwhile(
                session,
                conversation_id=received.conversation_id,
                after=received.untold_after,
                message_id=received.message_id,
            )
        turn.metadata["meanwhile"] = missed.told
        return turn, missed.through

    async def _meant(self, received: Received) -> str | None:
        """Return the payload of a button, or of a plain yes to what we had written unasked."""
        yes = received.prompt.yes if received.prompt else None
        if received.payload or not received.text or yes is None:
            return received.payload
        if wants(received.text):
            return yes
        if not isinstance(self._dialogue, Reads):
            return None
        reading = await self._dialogue.read(received.text, received.language)
        return yes if reading.intent == YES else None

    async def _judged(
        self, received: Received, turn: Turn, answered: Answered, reading: Reading
    ) -> Answered:
        """Add the call for a person, if one is wanted and the assistant has not given the conversation away itself."""
        rules = self._rules() if self._rules else None
        if rules is None or not rules.triggers.enabled:
            return answered
        doubts = doubts_after(Doubts.read(received.doubts), reading, rules.triggers)
        given_away = any(reply.command for reply in answered.replies)
        reason = None
        if not doubts.called and not given_away:
            reason = await self._reason(received, reading, doubts, rules)
        if reason is None:
            return replace(answered, doubts=doubts)
        log.info("person_called", reason=reason)
        call = await self._call(turn, reason)
        # Who gets a person need not hear that they were not understood, nor be asked what the person will ask.
        said = () if reading.fallback or reading.asks else answered.replies
        return replace(answered, replies=(*said, *call), doubts=replace(doubts, called=True))

    async def _reason(
        self, received: Received, reading: Reading, doubts: Doubts, rules: DeskRules
    ) -> str | None:
        async with self._database.read() as session:
            known = await standing(
                session,
                contact_id=received.contact_id,
                channel=received.channel,
                language=received.language,
                vip=rules.vip,
                now=self._clock(),
            )
        return handoff_wanted(reading, doubts, known, rules.triggers)

    async def _call(self, turn: Turn, reason: str) -> list[Reply]:
        """Let the assistant say what it says to somebody who asks for a person; it knows then that one was called."""
        asking = replace(
            turn,
            message_id=f"{turn.message_id}-call",
            text=ASK_FOR_PERSON,
            payload=ASK_FOR_PERSON,
            metadata={key: value for key, value in turn.metadata.items() if key != "meanwhile"},
        )
        said = [one for one in await self._dialogue.turn(asking) if one.text]
        return [*said, Reply(command={"command": "handoff", "reason": reason})]
