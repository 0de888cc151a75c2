"""The connector in front of a real Rasa with a tiny assistant."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from rasa.shared.exceptions import RasaException

from bot.connector import FrontdeskInput
from bot.replies import replies_of
from tests.bot.rasa_server import ROOT, TOKEN, Actions, RasaServer, train

NAMES = (f"conversation-{number}" for number in count())


@pytest.fixture(scope="module")
def actions() -> Iterator[Actions]:
    """The action server."""
    server = Actions()
    server.start()
    yield server
    server.hung.set()
    server.stop()


@pytest.fixture(scope="module")
def rasa(actions: Actions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RasaServer]:
    """A trained and running Rasa."""
    folder = tmp_path_factory.mktemp("rasa")
    server = RasaServer(folder, train(folder), actions)
    server.start()
    yield server
    if server.process is not None and server.process.poll() is None:
        server.end(signal.SIGKILL)


@pytest.fixture
def name() -> str:
    """A conversation of its own."""
    return next(NAMES)


def _rows(rasa: RasaServer, conversation: str) -> list[str]:
    with sqlite3.connect(rasa.database) as database:
        query = "SELECT message_id FROM rasa_turns WHERE conversation_id = ? ORDER BY seq"
        return [row[0] for row in database.execute(query, (conversation,))]


def _texts(answer: tuple[int, Any]) -> list[str]:
    assert answer[0] == 200, answer
    return [reply["text"] for reply in answer[1]["replies"]]


def test_health_needs_the_token_and_names_the_model(rasa: RasaServer) -> None:
    status, answer = rasa.get("/health")
    assert 50e6 < answer.pop("memory_bytes") < 5e9
    assert (status, answer) == (200, {"status": "ok", "model": "tiny.tar.gz"})
    assert rasa.get("/health", token=None)[0] == 401


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", TOKEN[:-1], "t\u00f6ken"])
def test_a_turn_needs_the_token(rasa: RasaServer, name: str, token: str | None) -> None:
    body = json.dumps(
        {"conversation_id": name, "message_id": "m", "text": "hi there", "language": "en"}
    )
    status, answer = rasa.post(body.encode(), token)
    assert (status, answer["error"]) == (401, "unauthorized")
    assert _rows(rasa, name) == []


GOOD = {"conversation_id": "c", "message_id": "m", "text": "hi", "language": "en"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b"null", 422),
        *(({**GOOD, key: value}, 422) for key in GOOD for value in (None, "", " ", 7, ["x"], {})),
        *(({k: v for k, v in GOOD.items() if k != key}, 422) for key in GOOD),
        ({**GOOD, "metadata": ["x"]}, 422),
        ({**GOOD, "text": "x" * 70_000}, 422),
        ({**GOOD, "message_id": "x" * 300}, 422),
    ],
)
def test_a_wrong_body_is_refused(rasa: RasaServer, body: Any, status: int) -> None:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    got, answer = rasa.post(sent)
    assert got == status
    assert answer["error"] == "bad_request"
    assert answer["detail"]
    assert _rows(rasa, "c") == []


def test_it_answers_in_the_language_of_the_message(rasa: RasaServer, name: str) -> None:
    status, answer = rasa.say(name, "m1", "hello there")
    reading = answer.pop("reading")
    assert (status, answer) == (
        200,
        {
            "message_id": "m1",
            "replies": [{"text": "hello", "choices": [], "custom": None}],
            "replayed": False,
        },
    )
    assert reading["intent"] == "greet"
    assert 0 < reading["confidence"] <= 1
    assert (reading["anger"], reading["fallback"], reading["form"]) == (0.0, False, False)
    assert _texts(rasa.say(name, "m2", "hello there", "zh")) == ["你好"]
    assert _texts(rasa.say(name, "m3", "你好", "en")) == ["hello"]


def test_a_repeated_message_gets_the_same_answer(
    rasa: RasaServer, actions: Actions, name: str
) -> None:
    first = rasa.say(name, "m1", "show menu")[1]
    assert first["replies"] == [
        {
            "text": "pick one",
            "choices": [
                {"title": "Count", "payload": "/count"},
                {"title": "Greet", "payload": "/greet"},
            ],
            "custom": {"kind": "menu"},
            "image": "https://example.com/menu.png",
        }
    ]
    counted = rasa.say(name, "m2", "count please")[1]
    calls = len(actions.calls)
    assert rasa.say(name, "m1", "show menu")[1] == {**first, "replayed": True}
    assert rasa.say(name, "m2", "something else altogether")[1] == {**counted, "replayed": True}
    assert len(actions.calls) == calls
    assert _texts(rasa.say(name, "m3", "/count")) == ["count 2"]


def test_the_same_message_twenty_times_at_once_runs_once(
    rasa: RasaServer, actions: Actions, name: str
) -> None:
    calls = len(actions.calls)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: rasa.say(name, "m1", "slow one"), range(20)))
    assert [_texts(answer) for answer in answers] == [["at last"]] * 20
    assert sorted(answer[1]["replayed"] for answer in answers) == [False] + [True] * 19
    assert actions.calls[calls:] == ["action_slow"]


def test_fifty_messages_of_one_customer_at_once_are_all_counted(
    rasa: RasaServer, name: str
) -> None:
    started = time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda i: rasa.say(name, f"m{i}", "count please"), range(50)))
    numbers = sorted(int(_texts(answer)[0].split()[1]) for answer in answers)
    assert numbers == list(range(1, 51))
    # Rasa's own lock would look once a second.
    assert time.monotonic() - started < 25


def test_another_conversation_does_not_wait(rasa: RasaServer, actions: Actions, name: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(rasa.say, name, "m1", "slow one")
        time.sleep(0.1)
        assert _texts(rasa.say(next(NAMES), "m1", "hello there")) == ["hello"]
        assert not slow.done()
        assert _texts(slow.result()) == ["at last"]


@pytest.mark.parametrize("fault", ["error", "garbage", "hang", "down"])
def test_a_failed_turn_leaves_no_trace(
    rasa: RasaServer, actions: Actions, name: str, fault: str
) -> None:
    assert _texts(rasa.say(name, "m1", "count please")) == ["count 1"]
    calls = len(actions.calls)
    if fault == "down":
        actions.stop()
    else:
        actions.mode = fault
    actions.hung.clear()
    try:
        for _ in range(2):
            status, answer = rasa.say(name, "m2", "count please")
            assert (status, answer["error"]) == (503, "turn_failed")
            assert answer["detail"]
    finally:
        actions.hung.set()
        actions.mode = "ok"
        if fault == "down":
            actions.start()
    # The fault did strike, twice.
    assert len(actions.calls) - calls == (0 if fault == "down" else 2)
    assert _rows(rasa, name) == ["m1"]
    again = rasa.say(name, "m2", "count please")
    assert _texts(again) == ["count 2"]
    assert again[1]["replayed"] is False
    assert _texts(rasa.say(name, "m3", "count please")) == ["count 3"]


def test_half_a_turn_is_no_turn(rasa: RasaServer, actions: Actions, name: str) -> None:
    calls = len(actions.calls)
    assert rasa.say(name, "m1", "only half")[0] == 503
    assert actions.calls[calls:] == ["action_broken"]
    assert _rows(rasa, name) == []
    assert _texts(rasa.say(name, "m2", "hello there")) == ["hello"]
    with sqlite3.connect(rasa.database) as database:
        rows = database.execute("SELECT events FROM rasa_turns WHERE conversation_id = ?", (name,))
        assert "first half" not in "".join(row[0] for row in rows)


def _request(
    name: str, message: str, text: str = "hello there", token: str = TOKEN, path: str = "turn"
) -> tuple[bytes, bytes]:
    """Head (without its end) and body of a turn as bytes."""
    body = json.dumps(
        {"conversation_id": name, "message_id": message, "text": text, "language": "en"}
    ).encode()
    head = (
        f"POST /webhooks/frontdesk/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    )
    return head.encode(), body


def _plain(*of: str) -> bytes:
    head, body = _request(*of)
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _chunked(*of: str) -> bytes:
    head, body = _request(*of)
    chunks = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def _exchange(rasa: RasaServer, *parts: bytes, answers: int) -> list[tuple[int, Any]]:
    """Sends the parts on one connection and reads so many answers from it."""
    found = []
    with socket.create_connection(("127.0.0.1", rasa.port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
            time.sleep(0.005)
        stream = connection.makefile("rb")
        for _ in range(answers):
            status = int(stream.readline().split()[1])
            length = int(http.client.parse_headers(stream)["content-length"])
            found.append((status, json.loads(stream.read(length))))
    return found


def test_plain_requests_and_others_get_the_same_answers(rasa: RasaServer, name: str) -> None:
    """Sanic reads what comes in chunks, bot/runtime/server.py what is plain."""
    compared = 0
    for token, text in ((TOKEN, "hello there"), ("wrong", "x"), (TOKEN, " "), (TOKEN, "🎁")):
        plain = _exchange(rasa, _plain(name, f"m{compared}", text, token), answers=1)
        chunked = _exchange(rasa, _chunked(name, f"m{compared}", text, token), answers=1)
        if plain[0][0] == 200:
            assert (plain[0][1].pop("replayed"), chunked[0][1].pop("replayed")) == (False, True)
        assert plain == chunked
        compared += 1
    assert compared == 4


def test_a_connection_takes_all_sorts_one_after_the_other(rasa: RasaServer, name: str) -> None:
    health = f"GET /webhooks/frontdesk/health HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    unknown = b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
    several = _plain(name, "m1", "slow one") + _plain(name, "m2", "hello there")
    byte_by_byte = [bytes([byte]) for byte in _plain(name, "m3")]
    # From the first one that is not plain on, the connection is Sanic's.
    parts = [several, *byte_by_byte, health.encode(), _plain(name, "m4"), _chunked(name, "m5")]
    answers = _exchange(rasa, *parts, answers=6)
    assert [status for status, _ in answers] == [200] * 6
    ids = [answer.get("message_id") for _, answer in answers]
    assert ids == ["m1", "m2", "m3", None, "m4", "m5"]
    assert _rows(rasa, name) == ["m1", "m2", "m3", "m4", "m5"]
    with socket.create_connection(("127.0.0.1", rasa.port), timeout=20) as connection:
        connection.sendall(unknown)
        assert connection.recv(100).startswith(b"HTTP/1.1 404 ")


def test_a_caller_that_hangs_up_finds_the_answer_later(
    rasa: RasaServer, actions: Actions, name: str
) -> None:
    calls = len(actions.calls)
    body = json.dumps(
        {"conversation_id": name, "message_id": "m1", "text": "slow one", "language": "en"}
    ).encode()
    with socket.create_connection(("127.0.0.1", rasa.port)) as connection:
        head = (
            "POST /webhooks/frontdesk/turn HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body)
        time.sleep(0.2)
    answer = rasa.say(name, "m1", "slow one")
    assert _texts(answer) == ["at last"]
    assert answer[1]["replayed"] is True
    assert actions.calls[calls:] == ["action_slow"]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        "🎁🎁🎁",
        "a\x00b\x07",
        "unpaired \ud83d surrogate",
        "<script>alert(1)</script>",
        "?",
    ],
)
def test_any_text_gets_an_answer(rasa: RasaServer, name: str, text: str) -> None:
    first, second = rasa.say(name, "m1", text), rasa.say(name, "m1", text)
    assert _texts(first) == ["pardon"]
    assert second[1] == {**first[1], "replayed": True}


def test_words_are_read_without_a_turn(rasa: RasaServer, actions: Actions) -> None:
    def read(words: object, token: str | None = TOKEN) -> tuple[int, Any]:
        return rasa._call("/read", json.dumps(words).encode(), token)

    status, reading = read({"text": "hi there", "language": "en"})
    said = rasa.say("read-beside", "m", "hi there")[1]["reading"]
    assert status == 200
    assert reading["intent"] == said["intent"]
    assert reading["confidence"] == said["confidence"]
    # A slash in front would be an intent, which a customer cannot choose.
    assert read({"text": "/greet", "language": "en"})[1]["confidence"] < 1
    assert read({"text": "hi", "language": "en"}, token="wrong")[0] == 401
    for wrong in ({"text": "", "language": "en"}, {"text": "hi"}, ["hi"]):
        assert read(wrong)[0] == 422
    assert _rows(rasa, "read-beside") == ["m"]


def test_it_survives_kill_and_ends_when_told(
    rasa: RasaServer, actions: Actions, name: str
) -> None:
    answers = [
        rasa.say(name, f"m{number}", text)[1]
        for number, text in enumerate(("show menu", "count please", "你好", "count please"))
    ]
    assert rasa.end(signal.SIGKILL) == -signal.SIGKILL
    calls = len(actions.calls)
    rasa.start()
    for number, answer in enumerate(answers):
        assert rasa.say(name, f"m{number}", "again")[1] == {**answer, "replayed": True}
    assert len(actions.calls) == calls
    assert _texts(rasa.say(name, "m9", "count please")) == ["count 3"]
    assert rasa.process is not None
    children = Path(f"/proc/{rasa.process.pid}/task/{rasa.process.pid}/children")
    if children.exists():
        assert children.read_text() == ""
    with socket.create_connection(("127.0.0.1", rasa.port), timeout=20) as kept:
        kept.sendall(_plain(name, "m10"))
        assert kept.recv(100).startswith(b"HTTP/1.1 200 OK")
        kept.sendall(_plain(name, "m11", "slow one"))
        time.sleep(0.2)
        rasa.end(signal.SIGTERM)
        # The turn that was under way is answered, then it hangs up.
        rest = b"".join(iter(lambda: kept.recv(4096), b""))
        assert b"at last" in rest
    with pytest.raises(OSError, match="refused"):
        rasa.get("/health")


@pytest.mark.parametrize(
    "credentials", [None, {}, {"token": ""}, {"token": "  "}, {"token": None}]
)
def test_without_a_token_it_does_not_start(credentials: dict[str, Any] | None) -> None:
    with pytest.raises(RasaException, match="FRONTDESK_RASA_TOKEN"):
        FrontdeskInput.from_credentials(credentials)


def test_utterances_without_content_are_no_replies() -> None:
    events = [
        {"event": "action", "name": "utter_x"},
        {"event": "bot", "text": None, "data": {"buttons": None, "custom": {}}},
        {"event": "bot", "text": "a\n\nb", "data": {"quick_replies": [{"title": "t"}]}},
        {"event": "bot", "text": None, "data": {"custom": {"command": "handoff"}}},
        {
            "event": "bot",
            "text": "see",
            "data": {"buttons": [{"title": "t", "url": "https://example.com"}]},
        },
    ]
    assert replies_of(events) == [
        {"text": "a\n\nb", "choices": [{"title": "t", "payload": "t"}], "custom": None},
        {"text": None, "choices": [], "custom": {"command": "handoff"}},
        {"text": "see", "choices": [{"title": "t", "url": "https://example.com"}], "custom": None},
    ]


def test_it_goes_when_its_parent_is_gone() -> None:
    read, write = os.pipe()
    script = "import os, time; from bot import parent; parent.watch(os.environ); time.sleep(30)"
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"FRONTDESK_PARENT_PIPE": str(read)},
        pass_fds=[read],
    )
    os.close(read)
    time.sleep(0.5)
    assert child.poll() is None
    os.close(write)
    assert child.wait(timeout=10) == -signal.SIGTERM
