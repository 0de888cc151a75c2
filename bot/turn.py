"""The turn that is running: what the connector, the tracker store and Rasa's processor must agree on.

Rasa swallows an exception of an action, loses the action's events and saves the rest. For a customer that is half an
answer, and a retry would find it in the way. So every part that sees a failure marks the running turn with it, and a
turn so marked is neither saved nor answered: the same message can be run again as if for the first time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

PROCESSOR_LOGGER = "rasa.core.processor"
LONGEST_REASON = 300


@dataclass
class Turn:
    """One message of a customer on its way through Rasa."""

    conversation_id: str
    message_id: str
    next_seq: int | None = None
    """The number that this turn will have in the journal; None when that has to be looked up."""
    failure: str | None = None
    saved_events: list[dict[str, Any]] | None = None
    meanwhile: Any = None
    """What people said since the turn before (see meanwhile.py), until the tracker has it."""

    def fail(self, reason: str) -> None:
        """Marks the turn failed; the first reason is the one that counts."""
        self.failure = self.failure or reason[:LONGEST_REASON]


_running: ContextVar[Turn | None] = ContextVar("frontdesk_turn", default=None)


def running() -> Turn | None:
    """The turn that this code runs for, if any (a task started by the turn sees it too)."""
    return _running.get()


@contextmanager
def run(turn: Turn) -> Iterator[Turn]:
    """Makes it the running turn."""
    token = _running.set(turn)
    try:
        yield turn
    finally:
        _running.reset(token)


class SwallowedErrors(logging.Handler):
    """Marks the running turn failed when Rasa's processor logs an exception instead of raising it.

    The processor has no hook for it (the log record is all that is left of the exception), so this listens to its
    logger; a handler runs in the context of the code that logs, hence it sees the right turn.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Only records that carry an exception count, whatever they say."""
        turn = running()
        if turn is None or not record.exc_info or record.exc_info[1] is None:
            return
        error = record.exc_info[1]
        turn.fail(f"{type(error).__name__}: {error}")


def watch_processor() -> None:
    """Listens for swallowed exceptions; calling it again changes nothing."""
    logger = logging.getLogger(PROCESSOR_LOGGER)
    if not any(isinstance(handler, SwallowedErrors) for handler in logger.handlers):
        logger.addHandler(SwallowedErrors(level=logging.ERROR))
