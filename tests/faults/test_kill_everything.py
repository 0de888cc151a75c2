"""The real product with the real Rasa is killed in the middle of a form, and stopped: no orphan, nothing forgotten."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pysqlite3 import dbapi2 as sqlite3

from tests.running import RunningDesk

# The first start may have to install Rasa's environment and train.
pytestmark = [pytest.mark.rasa, pytest.mark.timeout(1_200)]

ORPHAN_SECONDS = 10
_LOADING_SECONDS = 120
"""Rasa looks for its parent once it has imported itself, and that takes as long as it takes."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunningDesk]:
    """Return the whole product in a folder of its own, not started."""
    desk = RunningDesk(tmp_path, "--demo")
    yield desk
    desk.stop()


class Talk:
    """A customer who writes one message after the other."""

    def __init__(self, desk: RunningDesk) -> None:
        self._client = httpx.Client(base_url=desk.base, timeout=30, trust_env=False)
        token = self._client.post("/chat/v1/visitors", json={}).json()["token"]
        self._client.headers["Authorization"] = f"Bearer {token}"

    def post(self, text: str) -> None:
        """Write a message that is acknowledged."""
        body = {"id": str(uuid4()), "text": text}
        assert self._client.post("/chat/v1/messages", json=body).status_code == 200

    def shown(self) -> list[dict[str, Any]]:
        """Return the whole history."""
        return list(self._client.get("/chat/v1/messages").json()["messages"])

    def answers(self) -> list[str]:
        """Return what the bot has said so far."""
        return [message["text"] for message in self.shown() if message["author"] == "bot"]

    def says(self, text: str) -> str:
        """Write a message and return the first thing that the bot answers."""
        before = len(self.answers())
        self.post(text)
        return self.answer(before)

    def answer(self, place: int) -> str:
        """Return the bot's message at a place, once it is there."""
        _wait(lambda: len(self.answers()) > place, 60)
        return self.answers()[place]

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _wait(happened: Callable[[], Any], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.05)


def _children(parent: int) -> list[int]:
    """Return the processes below a process, as the kernel has them."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (OSError, IndexError):
            continue
        if folder.name.isdecimal() and int(fields[1]) == parent:
            found += [int(folder.name), *_children(int(folder.name))]
    return found


def _is_alive(pid: int) -> bool:
    """Say whether a process runs; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _rasa(desk: RunningDesk) -> list[int]:
    """Return Rasa and whatever it has started, once it is there."""
    _wait(lambda: any(_is_rasa(pid) for pid in _children(desk.pid)), _LOADING_SECONDS)
    return _children(desk.pid)


def _is_rasa(pid: int) -> bool:
    try:
        return b"\0run\0--model\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _states(desk: RunningDesk) -> list[str]:
    """Return the states of the inbox, read past the application."""
    with closing(sqlite3.connect(desk.folder / "desk.sqlite")) as connection:
        return [state for (state,) in connection.execute("SELECT state FROM inbox ORDER BY id")]


def _ended(pids: list[int], seconds: float) -> None:
    assert pids
    _wait(lambda: not any(map(_is_alive, pids)), seconds)


def test_killed_in_the_middle_of_a_form(desk: RunningDesk) -> None:
    desk.start()
    desk.wait(seconds=900)
    talk = Talk(desk)
    assert "order number" in talk.says("where is my order?")
    assert "e-mail" in talk.says("10023")
    before = len(talk.answers())

    # Rasa stands still, so the turn is surely in its hands when the application dies.
    pids = _rasa(desk)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    talk.post("ana@example.com")
    _wait(lambda: _states(desk)[-1] == "working", 20)
    desk.kill()
    assert _states(desk)[-1] == "working", "the kill struck in mid-turn"
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    _ended(pids, ORPHAN_SECONDS)

    desk.start()
    desk.wait()
    answer = talk.answer(before)
    assert "10023" in answer, "it still knows what it was about"
    time.sleep(2)  # a second answer would come now
    texts = [message["text"] for message in talk.shown()]
    assert texts.count("ana@example.com") == 1
    assert texts.count(answer) == 1
    told = [message for message in talk.shown() if message["author"] == "system"]
    assert len(told) <= 1, (
        "of the trouble the customer hears once, if it lasts until Rasa has loaded"
    )
    assert set(_states(desk)) == {"done"}
    assert "10023" in talk.says("and when does it arrive?"), "and still does"
    talk.close()

    pids = _rasa(desk)
    assert desk.stop(signal.SIGTERM) == 0
    assert not any(map(_is_alive, pids)), "it waits for Rasa to end"
    assert "stopped" in desk.output


def test_ended_while_rasa_is_loading(desk: RunningDesk) -> None:
    desk.start()
    pids = _rasa(desk)
    desk.kill()
    _ended(pids, _LOADING_SECONDS)

    desk.start()
    desk.wait("/health/live")
    pids = _rasa(desk)
    talk = Talk(desk)
    talk.post("hello")
    assert desk.stop(signal.SIGINT) == 0
    assert not any(map(_is_alive, pids))
    assert "stopped" in desk.output
    talk.close()
    assert len(_states(desk)) == 1
