"""Ends this process when the one that started it is gone, however it went."""

import os
import signal
import threading
import time

VARIABLE = "FRONTDESK_PARENT_PIPE"
GRACE_SECONDS = 3.0


def watch() -> None:
    """Wait in a thread for the end of the pipe that the parent holds open; without one do nothing."""
    number = os.environ.get(VARIABLE)
    if number:
        threading.Thread(target=_wait, args=(int(number),), name="parent", daemon=True).start()


def _wait(descriptor: int) -> None:
    # Nobody ever writes: reading returns only when the last writer is gone.
    while os.read(descriptor, 1):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)
