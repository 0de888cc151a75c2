"""Ends this process when the application that started it is gone, even if it was killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping

PIPE_VARIABLE = "FRONTDESK_PARENT_PIPE"
GRACE_SECONDS = 5.0


def watch(environment: Mapping[str, str]) -> None:
    """Watches the pipe that the parent holds open, if it named one; without it nothing happens."""
    pipe = environment.get(PIPE_VARIABLE, "")
    if pipe.isdecimal():
        threading.Thread(target=_outlive, args=(int(pipe),), daemon=True).start()


def _outlive(pipe: int) -> None:
    # The kernel closes the parent's end however the parent dies; nothing is ever written.
    while os.read(pipe, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)
