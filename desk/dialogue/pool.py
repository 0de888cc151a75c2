"""Several processes of the assistant as one: each conversation stays with its own for as long as that one answers."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from desk.clock import Clock
from desk.dialogue.port import (
    DialogueUnavailableError,
    ProcessHealth,
    Reading,
    Reply,
    Turn,
    TurnBrokeOffError,
    TurnFailedError,
)
from desk.dialogue.rasa import RasaDialogue
from desk.dialogue.sticky import ranked

OnTurn = Callable[[str, str], None]
"""Is told the process's name and ``answered``, ``failed`` or ``unavailable``."""


class RasaPool:
    """Sends a turn to the conversation's own process, and to the next one when that one cannot take it.

    Two processes may still get the same conversation (a turn that broke off here and was repeated there, another
    worker that sees another process away). Their common journal decides then: a turn is stored once, and a process
    whose memory of a conversation is behind the journal reads it again. Staying with one process is for speed.
    """

    def __init__(
        self,
        members: Sequence[RasaDialogue],
        *,
        clock: Clock,
        settled_after: timedelta = timedelta(seconds=20),
        on_turn: OnTurn = lambda name, outcome: None,
    ) -> None:
        """``settled_after``: how long a turn may go on in a process after its connection broke off."""
        self._members = members
        self._places = [member.url for member in members]
        self._clock = clock
        self._settled_after = settled_after
        self._on_turn = on_turn
        self._unsettled: dict[str, tuple[RasaDialogue, datetime]] = {}

    async def turn(self, turn: Turn) -> list[Reply]:
        """Return the replies of the first process that takes the turn.

        Raises:
            DialogueUnavailableError: no process can be reached.
            TurnFailedError: a process took it and failed.
        """
        away = DialogueUnavailableError()
        for member in self.order(turn.conversation_id):
            try:
                return await self._ask(member, turn)
            except DialogueUnavailableError as error:
                # It did not take the turn, or was done with it: nothing is lost or doubled by asking the next one.
                away = error
        raise away

    async def read(self, text: str, language: str) -> Reading:
        """Return how the first process that can be reached understands a text that is no turn; errors as there."""
        away = DialogueUnavailableError()
        for member in self.order(text):
            try:
                return await member.read(text, language)
            except DialogueUnavailableError as error:
                away = error
        raise away

    def order(self, conversation_id: str) -> list[RasaDialogue]:
        """Return the processes in the order in which they are asked."""
        ranking = [self._members[at] for at in ranked(conversation_id, self._places)]
        if any(not member.is_away for member in ranking):
            for member in ranking:
                member.look_again()
        held = self._held(conversation_id)
        return sorted(ranking, key=lambda member: (member.is_away, member is not held))

    async def _ask(self, member: RasaDialogue, turn: Turn) -> list[Reply]:
        outcome = "failed"
        try:
            replies = await member.turn(turn)
            outcome = "answered"
        except DialogueUnavailableError:
            outcome = "unavailable"
            raise
        except TurnBrokeOffError:
            self._hold(turn.conversation_id, member)
            raise
        except TurnFailedError:
            self._unsettled.pop(turn.conversation_id, None)
            raise
        finally:
            self._on_turn(member.name, outcome)
        self._unsettled.pop(turn.conversation_id, None)
        return replies

    def _hold(self, conversation_id: str, member: RasaDialogue) -> None:
        """Keep the conversation where its turn may still be running: there, the repetition waits for it."""
        now = self._clock()
        self._unsettled = {key: one for key, one in self._unsettled.items() if one[1] > now}
        self._unsettled[conversation_id] = member, now + self._settled_after

    def _held(self, conversation_id: str) -> RasaDialogue | None:
        member, until = self._unsettled.get(conversation_id, (None, None))
        return member if until is not None and until > self._clock() else None

    async def health(self) -> list[ProcessHealth]:
        """Look at every process."""
        return list(await asyncio.gather(*(member.look() for member in self._members)))

    async def close(self) -> None:
        """Close all connections."""
        for member in self._members:
            await member.close()
