"""What the bot did not understand, found in a journal that each test writes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from bot.journal import connect, turns
from bot.suggest import clusters, conversations, vectors
from bot.suggest.__main__ import _means, hear, propose
from bot.suggest.conversations import JournalError
from bot.suggest.unclear import Reason, Said, Unclear, listen, unclear

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime.now(timezone.utc)  # noqa: UP017 - Python 3.10
TAUGHT = [
    {"text": "where is my parcel", "intent": "track_order"},
    {"text": "track my parcel", "intent": "track_order"},
    {"text": "cancel my order", "intent": "cancel_order"},
    {"text": "please cancel the order", "intent": "cancel_order"},
    {"text": "i want my money back", "intent": "get_refund"},
    {"text": "give my money back to me", "intent": "get_refund"},
    {"text": "我要退款", "intent": "get_refund"},
    {"text": "hello there", "intent": "greet"},
]
NGRAMS = vectors.ngrams()


def user(text: str, intent: str, confidence: float = 0.9, at: float = 0.0) -> dict[str, Any]:
    """One message as Rasa writes it down."""
    ranking = [{"name": intent, "confidence": confidence}, {"name": "greet", "confidence": 0.01}]
    parsed = {"text": text, "intent": ranking[0], "intent_ranking": ranking, "entities": []}
    return {"event": "user", "text": text, "parse_data": parsed, "timestamp": at}


def action(name: str) -> dict[str, Any]:
    return {"event": "action", "name": name}


def guesses(*intents: str) -> list[dict[str, Any]]:
    """The bot asks what was meant."""
    buttons = [{"title": intent, "payload": f"/{intent}"} for intent in (*intents, "deny")]
    return [
        action("action_fallback"),
        {"event": "bot", "text": "Did you mean", "data": {"buttons": buttons}},
    ]


def form(name: str | None) -> dict[str, Any]:
    return {"event": "active_loop", "name": name}


def found(*events: dict[str, Any], below: float = 0.5) -> list[Unclear]:
    return list(unclear("c", listen(events), below))


def reasons(*events: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(one.text, [reason.value for reason in one.reasons]) for one in found(*events)]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([user("hello", "greet")], []),
        ([user("gimme dosh", "nlu_fallback")], [("gimme dosh", ["not_understood"])]),
        ([user("tell a joke", "out_of_scope")], [("tell a joke", ["out_of_scope"])]),
        ([user("parcel??", "track_order", 0.45)], [("parcel??", ["unsure"])]),
        (
            [
                user("gimme dosh", "nlu_fallback"),
                *guesses("track_order"),
                user("/deny", "deny", at=5),
            ],
            [("gimme dosh", ["rejected", "not_understood"])],
        ),
        (
            [user("gimme dosh", "track_order"), user("a human!", "contact_human_agent", at=9)],
            [("gimme dosh", ["asked_for_human"])],
        ),
        ([user("gimme dosh", "track_order"), user("a human", "contact_human_agent", at=999)], []),
        ([user("hello", "greet"), user("a human!", "contact_human_agent", at=9)], []),
        ([user("👍 10023", "nlu_fallback")], []),
        ([user("x" * 400, "nlu_fallback")], []),
        ([form("ticket_form"), user("14 Long Lane", "greet", 0.2), action("x")], []),
        (
            [form("order_form"), user("what even", "nlu_fallback"), *guesses("greet")],
            [("what even", ["not_understood"])],
        ),
        (
            [form("order_form"), {"event": "session_started"}, user("eh what", "nlu_fallback")],
            [("eh what", ["not_understood"])],
        ),
    ],
)
def test_what_tells_that_a_message_was_not_understood(
    events: list[dict[str, Any]], expected: list[tuple[str, list[str]]]
) -> None:
    assert reasons(*events) == expected


@pytest.mark.parametrize(
    "answer",
    [
        [user("/get_refund", "get_refund", 1.0, at=3)],
        [user("yes", "affirm", at=3), user("/get_refund", "get_refund", 1.0, at=3)],
    ],
)
def test_a_guess_that_the_customer_takes_says_what_was_meant(answer: list[dict]) -> None:
    asked = [user("gimme dosh", "nlu_fallback"), *guesses("track_order", "get_refund")]
    (one,) = found(*asked, *answer)
    assert max(one.votes, key=lambda intent: one.votes[intent]) == "get_refund"
    assert one.reasons == (Reason.NOT_UNDERSTOOD,)


def test_guesses_that_the_customer_rejects_say_what_was_not_meant() -> None:
    first = user("gimme dosh", "nlu_fallback")
    ranking = [("nlu_fallback", 0.4), ("track_order", 0.3), ("get_refund", 0.2)]
    first["parse_data"]["intent_ranking"] = [
        {"name": name, "confidence": share} for name, share in ranking
    ]
    (one,) = found(first, *guesses("track_order"), user("no", "deny", at=3))
    assert one.votes == {"get_refund": 0.2}


def test_a_second_try_counts_when_it_is_alike() -> None:
    said = [
        user("my parcel where", "get_invoice", at=1),
        user("where is my parcel now", "track_order", at=20),
        user("cancel it", "cancel_order", at=40),
        user("opening hours tomorrow", "opening_hours", at=60),
    ]
    maybe = found(*said)
    assert [one.retried_as for one in maybe] == [one["text"] for one in said[1:]]
    assert all(not one.reasons for one in maybe)


def write(url: str, conversation: str, *events: dict[str, Any], days_ago: float = 1) -> None:
    """Add a conversation to a journal, a turn for each message."""
    engine = connect(url)
    start = NOW - timedelta(days=days_ago)
    rows: list[list[dict[str, Any]]] = []
    for event in events:
        if event["event"] == "user" or not rows:
            rows.append([])
        rows[-1].append(event)
    with engine.begin() as connection:
        for seq, row in enumerate(rows):
            values = {
                "conversation_id": conversation,
                "seq": seq,
                "message_id": f"{conversation}-{seq}",
                "starts_session": seq == 0,
                "events": json.dumps(row),
                "created_at": start + timedelta(seconds=seq),
            }
            connection.execute(turns.insert(), values)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A journal with some conversations, on a database of each kind."""
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/t r.sqlite" if is_sqlite else request.getfixturevalue("postgres")
    dosh = [user("gimme my money back", "nlu_fallback"), *guesses("get_refund")]
    write(url, "a", *dosh, user("/get_refund", "get_refund", 1.0, at=3))
    write(url, "b", user("gimme the money back 10023", "track_order", 0.3))
    write(
        url,
        "c",
        user("parcel where is it", "get_invoice"),
        user("where is the parcel", "track_order"),
    )
    write(url, "d", user("hello there", "nlu_fallback"), user("hello", "greet"))
    write(url, "old", user("sing for me", "nlu_fallback"), days_ago=40)
    yield url
    if not is_sqlite:
        engine = sa.create_engine(url)
        turns.drop(engine)
        engine.dispose()


def test_suggestions_from_a_journal(url: str) -> None:
    result = propose(hear(url, NOW - timedelta(days=30), 0.5), TAUGHT, NGRAMS)
    assert (result["conversations"], result["messages"], result["unclear"]) == (4, 6, 3)
    money, parcel = result["suggestions"]
    assert money["intent"] == "get_refund"
    assert money["is_clear"]
    assert (money["messages"], money["conversations"]) == (2, 2)
    assert money["reasons"] == {"not_understood": 1, "unsure": 1}
    assert set(money["examples"]) == {"gimme my money back", "gimme the money back 10023"}
    assert parcel["intent"] == "track_order"
    assert parcel["reasons"] == {"rephrased": 1}
    assert parcel["examples"] == ["parcel where is it"]


def test_reading_cannot_write(url: str) -> None:
    with (
        conversations._connection(url) as connection,
        pytest.raises(sa.exc.DBAPIError, match=r"read-?only"),
    ):
        connection.execute(sa.delete(turns))


def test_what_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    gone = f"sqlite:///{tmp_path}/gone.sqlite"
    with pytest.raises(JournalError, match=r"there is no gone\.sqlite"):
        list(conversations.read(gone, NOW))
    assert not (tmp_path / "gone.sqlite").exists()
    sa.create_engine(f"sqlite:///{tmp_path}/x.sqlite").connect().execute("CREATE TABLE t (a)")
    with pytest.raises(JournalError, match="nobody has written"):
        list(conversations.read(f"sqlite:///{tmp_path}/x.sqlite", NOW))
    (tmp_path / "y.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(JournalError, match="file is not a database"):
        list(conversations.read(f"sqlite:///{tmp_path}/y.sqlite", NOW))
    with pytest.raises(JournalError) as caught:
        list(conversations.read("postgresql://u:topsecret@127.0.0.1:1/x", NOW))
    assert "topsecret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_groups_hold_what_is_alike() -> None:
    rows = np.array([[1, 0], [0, 1], [0.96, 0.28], [0, 0]], np.float32)
    assert sorted(clusters.groups(rows, 0.6)) == [[0, 2], [1], [3]]
    assert clusters.groups(rows[:1], 0.6) == [[0]]
    assert clusters.groups(rows[:0], 0.6) == []


def test_an_intent_without_training_data_is_not_proposed() -> None:
    message = Unclear("c", "what", 0.0, (Reason.UNSURE,), {"gone": 0.9})
    one = clusters.suggest([message], [{}], frozenset({"greet"}))
    assert (one.intent, one.is_clear) == (None, False)


def test_one_customer_who_repeats_is_one_conversation() -> None:
    messages = [Unclear("c", "what", n, (Reason.UNSURE,), {}) for n in range(9)]
    assert clusters.suggest(messages, [{}] * 9, frozenset()).weight == 1


def test_a_button_is_no_message() -> None:
    assert Said("/greet", "greet", [], 0.0, False).is_button


def test_without_the_encoder_letters_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _means().name == "use"
    monkeypatch.setattr("bot.nlu.encoders.use.WEIGHTS", "0" * 64)
    assert _means().name == "ngrams"


def test_the_program(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/t.sqlite"
    write(url, "a", user("钱退给我", "nlu_fallback"), *guesses("get_refund"))
    command = [sys.executable, "-m", "bot.suggest", "--since-days", "7", "--below", "0.5"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "FRONTDESK_TRACKER_URL": url},
        input="".join(json.dumps(one) + "\n" for one in TAUGHT),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["compared_by"] == "use"
    (one,) = document["suggestions"]
    assert (one["intent"], one["examples"]) == ("get_refund", ["钱退给我"])
    assert "comparing 0 of 1 texts" in done.stderr
