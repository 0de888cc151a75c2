"""An assistant in memory: the twin of Rasa for tests, which can be told to fail."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

from desk.dialogue.port import (
    ASK_FOR_PERSON,
    Button,
    DialogueUnavailableError,
    ProcessHealth,
    Reading,
    Reply,
    Turn,
)


def echo(turn: Turn) -> list[Reply]:
    """Repeat what was said; ``buttons`` gives two, ``human`` asks for one, as its button does, ``bye`` resolves."""
    word = "human" if turn.payload == ASK_FOR_PERSON else turn.text.lower()
    if word == "buttons":
        choices = (Button(title="Yes", payload="/affirm"), Button(title="No", payload="/deny"))
        return [Reply(text="Choose", buttons=choices)]
    if word == "human":
        return [
            Reply(text="A colleague will come."),
            Reply(command={"command": "handoff", "reason": "asked"}),
        ]
    if word == "bye":
        return [Reply(text="Goodbye"), Reply(command={"command": "resolve"})]
    return [Reply(text=f"You said: {turn.payload or turn.text}")]


class MemoryDialogue:
    """Answers by a function; keeps what it answered, as the real one does."""

    def __init__(
        self, answer: Callable[[Turn], list[Reply]] = echo, *, delay: timedelta = timedelta()
    ) -> None:
        self.answer = answer
        self.delay = delay
        self.fail_with: list[Exception] = []
        self.turns: list[Turn] = []
        self.calls = 0
        self.away = False
        self._running: dict[str, int] = defaultdict(int)
        self.overlaps = 0
        self.most_at_once = 0
        self._answered: dict[str, list[Reply]] = {}

    async def turn(self, turn: Turn) -> list[Reply]:
        """Answer, replay or fail."""
        self.calls += 1
        if self.away:
            raise DialogueUnavailableError
        self._running[turn.conversation_id] += 1
        if self._running[turn.conversation_id] > 1:
            self.overlaps += 1
        self.most_at_once = max(self.most_at_once, sum(self._running.values()))
        try:
            await asyncio.sleep(self.delay.total_seconds())
            if self.fail_with:
                raise self.fail_with.pop(0)
        finally:
            self._running[turn.conversation_id] -= 1
        if turn.message_id not in self._answered:
            self.turns.append(turn)
            self._answered[turn.message_id] = self.answer(turn)
        return self._answered[turn.message_id]

    async def read(self, text: str, language: str) -> Reading:
        """Read a text as angry when it shouts; the first word is its intent."""
        if self.away:
            raise DialogueUnavailableError
        mood = -0.8 if "!" in text else 0.4
        return Reading(intent=text.split()[0].lower(), mood=mood)

    async def health(self) -> list[ProcessHealth]:
        """Say whether it is there."""
        return [ProcessHealth(name="memory", ready=not self.away)]

    async def close(self) -> None:
        """Nothing to let go of."""
