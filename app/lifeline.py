"""The pipe by which a child learns that we are gone, however that happened. Rasa reads its end in ``bot.parent``."""

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

_VARIABLE = "FRONTDESK_PARENT_PIPE"


@dataclass(frozen=True)
class Lifeline:
    """What a child is started with: its end of the pipe."""

    end: int

    @property
    def variables(self) -> dict[str, str]:
        """Return what tells the child which end is its."""
        return {_VARIABLE: str(self.end)}


@contextmanager
def lifeline() -> Iterator[Lifeline]:
    """Hold a pipe open as long as the child runs. The kernel closes our end if we are killed."""
    read, write = os.pipe()
    try:
        yield Lifeline(read)
    finally:
        os.close(read)
        os.close(write)


def follow(surroundings: Mapping[str, str]) -> None:
    """End this process with its parent, if it was started with a lifeline."""
    end = surroundings.get(_VARIABLE, "")
    if end.isdecimal():
        threading.Thread(target=_follow, args=(int(end),), daemon=True).start()


def _follow(end: int) -> None:
    # Nothing is ever written, so whatever comes is the end. Not held up by whoever handles signals: there is nobody to
    # come back to, and what is not committed is done again.
    os.read(end, 1)
    os.kill(os.getpid(), signal.SIGKILL)
