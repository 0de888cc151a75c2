"""The journalled tracker store, on real databases."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.tracker_store import InMemoryTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import EndpointConfig
from sqlalchemy.exc import IntegrityError

from bot import turn
from bot.tracker_store import JournalTrackerStore, journal_of
from bot.turn import Turn

DOMAIN = Domain.load(Path(__file__).parent / "tiny" / "domain.yml")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/tracker.sqlite"
        return
    url = request.getfixturevalue("postgres")
    yield url
    engine = JournalTrackerStore(DOMAIN, host=url).journal._engine
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE rasa_turns")
    engine.dispose()


def _store(url: str, **settings: Any) -> JournalTrackerStore:
    return JournalTrackerStore(DOMAIN, host=url, **settings)


async def _begin(store: JournalTrackerStore, sender: str) -> DialogueStateTracker:
    """What Rasa's processor does at the start of a turn."""
    tracker = await store.get_or_create_tracker(sender, append_action_listen=False)
    if not tracker.events:
        _start_session(tracker)
    return tracker


def _start_session(tracker: DialogueStateTracker) -> None:
    tracker.update(ActionExecuted("action_session_start"))
    tracker.update(SessionStarted())
    tracker.update(ActionExecuted("action_listen"))


def _say(tracker: DialogueStateTracker, text: str, count: float | None = None) -> None:
    parsed = {"intent": {"name": "greet", "confidence": 0.9}, "entities": [], "text": text}
    user = UserUttered(text, parsed["intent"], [], parsed, message_id=f"id-{text}")
    tracker.update(user, DOMAIN)
    if count is not None:
        tracker.update(SlotSet("count", count), DOMAIN)
    tracker.update(BotUttered(f"re: {text}", {"buttons": [{"title": "a", "payload": "/b"}]}))
    tracker.update(ActionExecuted("action_listen"))


async def _turn(
    store: JournalTrackerStore, sender: str, text: str, count: float | None = None
) -> None:
    tracker = await _begin(store, sender)
    _say(tracker, text, count)
    await store.save(tracker)


def _texts(tracker: DialogueStateTracker) -> list[str]:
    return [event.text for event in tracker.events if isinstance(event, UserUttered)]


def test_a_turn_is_one_row_and_survives_a_restart(url: str) -> None:
    async def scenario() -> None:
        store = _store(url)
        for number in range(3):
            await _turn(store, "c1", f"m{number}", float(number))
        live = await store.retrieve("c1")
        again = _store(url)
        loaded = await again.retrieve("c1")
        assert [e.as_dict() for e in loaded.events] == [e.as_dict() for e in live.events]
        assert loaded.get_slot("count") == 2.0
        assert loaded.latest_action_name == "action_listen"
        assert store.journal.session("c1").next_seq == 3
        assert [e["event"] for e in store.journal.place("c1", "id-m1").answered] == [
            *("user", "slot", "bot", "action")
        ]
        assert list(await again.keys()) == ["c1"]

    asyncio.run(scenario())


def test_the_live_tracker_is_handed_out_again(url: str) -> None:
    async def scenario() -> None:
        store = _store(url)
        await _turn(store, "c1", "m0")
        assert await store.retrieve("c1") is await store.retrieve("c1")

    asyncio.run(scenario())


def test_a_failed_turn_leaves_no_trace(url: str) -> None:
    async def scenario() -> None:
        store = _store(url)
        await _turn(store, "c1", "m0", 1.0)
        with turn.run(Turn("c1", "id-bad")) as running:
            tracker = await _begin(store, "c1")
            _say(tracker, "bad", 99.0)
            running.fail("an action failed")
            await store.save(tracker)
        assert running.saved_events is None
        for reader in (store, _store(url)):
            clean = await reader.retrieve("c1")
            assert _texts(clean) == ["m0"]
            assert clean.get_slot("count") == 1.0
        assert store.journal.place("c1", "id-bad").answered is None

    asyncio.run(scenario())


def test_a_turn_that_broke_off_leaves_no_trace(url: str) -> None:
    async def scenario() -> None:
        store = _store(url)
        await _turn(store, "c1", "m0", 1.0)
        _say(await _begin(store, "c1"), "broken off", 99.0)
        clean = await store.retrieve("c1")
        assert _texts(clean) == ["m0"]
        assert clean.get_slot("count") == 1.0

    asyncio.run(scenario())


def test_a_first_turn_that_failed_leaves_no_conversation(url: str) -> None:
    async def scenario() -> None:
        store = _store(url)
        with turn.run(Turn("c1", "id-bad")) as running:
            tracker = await _begin(store, "c1")
            _say(tracker, "bad")
            running.fail("an action failed")
            await store.save(tracker)
        assert await store.retrieve("c1") is None
        assert list(await store.keys()) == []
        await _turn(store, "c1", "good")
        assert _texts(await store.retrieve("c1")) == ["good"]

    asyncio.run(scenario())


def test_the_running_turn_learns_what_was_saved(url: str) -> None:
    async def scenario() -> None:
        store = _store(url)
        with turn.run(Turn("c1", "id-m0")) as running:
            await _turn(store, "c1", "m0")
        assert running.saved_events == store.journal.place("c1", "id-m0").answered

    asyncio.run(scenario())


def test_a_new_session_keeps_trackers_short_and_the_history_whole(url: str) -> None:
    async def scenario() -> None:
        store = _store(url)
        await _turn(store, "c1", "old")
        tracker = await _begin(store, "c1")
        _start_session(tracker)
        _say(tracker, "new")
        await store.save(tracker)
        await _turn(store, "c1", "newer")
        for reader in (store, _store(url)):
            assert _texts(await reader.retrieve("c1")) == ["new", "newer"]
            assert _texts(await reader.retrieve_full_tracker("c1")) == ["old", "new", "newer"]

    asyncio.run(scenario())


def test_more_conversations_than_live_trackers(url: str) -> None:
    async def scenario() -> None:
        store = _store(url, live_trackers=2)
        for number in range(3):
            for sender in ("a", "b", "c"):
                await _turn(store, sender, f"m{number}")
        assert len(store._live) == 2
        for sender in ("a", "b", "c"):
            assert _texts(await store.retrieve(sender)) == ["m0", "m1", "m2"]
            assert store.journal.session(sender).next_seq == 3

    asyncio.run(scenario())


def test_evicted_in_the_middle_of_a_turn(url: str) -> None:
    async def scenario() -> None:
        store = _store(url, live_trackers=1)
        await _turn(store, "a", "m0")
        tracker = await _begin(store, "a")
        await _turn(store, "b", "other")
        _say(tracker, "m1")
        await store.save(tracker)
        assert _texts(await _store(url).retrieve("a")) == ["m0", "m1"]
        assert [e["event"] for e in store.journal.place("a", "id-m1").answered] == [
            "user",
            "bot",
            "action",
        ]

    asyncio.run(scenario())


def test_two_processes_never_write_over_each_other(url: str) -> None:
    async def scenario() -> None:
        one, two = _store(url), _store(url)
        await _turn(one, "c1", "m0")
        with turn.run(Turn("c1", "id-m1")) as running:
            tracker = await _begin(one, "c1")
            _say(tracker, "m1")
            await _turn(two, "c1", "m1")  # the repetition of a turn that seemed lost
            with pytest.raises(IntegrityError):
                await one.save(tracker)
        assert running.failure == "tracker not saved: IntegrityError"
        assert (
            one.journal.place("c1", "id-m1").answered
            == two.journal.place("c1", "id-m1").answered
            is not None
        )
        await _turn(one, "c1", "m2")
        assert _texts(await _store(url).retrieve("c1")) == ["m0", "m1", "m2"]

    asyncio.run(scenario())


def test_what_the_connector_saw_of_the_journal_need_not_be_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    async def scenario() -> None:
        store = _store(f"sqlite:///{tmp_path}/t.sqlite")
        look = store.journal.place
        monkeypatch.setattr(
            store.journal, "place", lambda *of: [looks.append(of[0]), look(*of)][1]
        )
        for number in range(3):
            with turn.run(Turn("c1", f"id-m{number}", next_seq=number)):
                await _turn(store, "c1", f"m{number}")
        assert looks == []
        # Somebody else's conversation, and one after the turn was saved.
        with turn.run(Turn("c2", "id-x", next_seq=0)) as running:
            await store.retrieve("c1")
            await _turn(store, "c2", "x")
            assert running.next_seq is None
            assert _texts(await store.retrieve("c2")) == ["x"]
        assert looks == ["c1", "c2"]

    asyncio.run(scenario())


@pytest.mark.parametrize("live", [True, False])
def test_a_turn_that_another_process_stored_since_the_look_is_not_overwritten(
    url: str, live: bool
) -> None:
    async def scenario() -> None:
        one, two = _store(url), _store(url)
        await _turn(one, "c1", "m0")
        with turn.run(Turn("c1", "id-m1", next_seq=1)) as running:
            tracker = await _begin(one, "c1")
            if not live:
                one._live.clear()
            _say(tracker, "m1")
            running_elsewhere = turn._running.set(None)
            await _turn(two, "c1", "other")
            turn._running.reset(running_elsewhere)
            with pytest.raises(IntegrityError):
                await one.save(tracker)
        assert running.failure == "tracker not saved: IntegrityError"
        for store in (one, two, _store(url)):
            assert _texts(await store.retrieve("c1")) == ["m0", "other"]

    asyncio.run(scenario())


def test_a_conversation_that_moves_to_and_fro_is_never_remembered_as_it_was(url: str) -> None:
    async def scenario() -> None:
        stores = [_store(url), _store(url)]
        for number in range(6):
            store = stores[number % 2]
            tracker = await _begin(store, "c1")
            assert tracker.get_slot("count") == (number - 1 if number else None)
            _say(tracker, f"m{number}", float(number))
            await store.save(tracker)
        for store in (*stores, _store(url)):
            assert _texts(await store.retrieve("c1")) == [f"m{number}" for number in range(6)]

    asyncio.run(scenario())


def test_a_session_that_another_process_began_is_noticed(url: str) -> None:
    async def scenario() -> None:
        one, two = _store(url), _store(url)
        await _turn(one, "c1", "old")
        tracker = await _begin(two, "c1")
        _start_session(tracker)
        _say(tracker, "new")
        await two.save(tracker)
        assert _texts(await one.retrieve("c1")) == ["new"]

    asyncio.run(scenario())


def test_a_message_is_never_stored_twice(url: str) -> None:
    async def scenario() -> None:
        store = _store(url)
        await _turn(store, "c1", "m0")
        with pytest.raises(IntegrityError):
            await _turn(store, "c1", "m0")
        assert _texts(await store.retrieve("c1")) == ["m0"]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "text", ["订单 🎁", "a\x00b", "half \ud83d pair", "'; DROP TABLE rasa_turns; --"]
)
def test_any_text_survives(url: str, text: str) -> None:
    async def scenario() -> None:
        store = _store(url)
        tracker = await _begin(store, "c1")
        tracker.update(UserUttered(text, message_id="id"))
        await store.save(tracker)
        assert _texts(await _store(url).retrieve("c1")) == [text]

    asyncio.run(scenario())


def test_an_unknown_conversation_is_none(url: str) -> None:
    async def scenario() -> None:
        store = _store(url)
        assert await store.retrieve("nobody") is None
        assert await store.retrieve_full_tracker("nobody") is None
        assert not await store.exists("nobody")

    asyncio.run(scenario())


def test_sqlite_is_in_wal_mode(tmp_path: Path) -> None:
    engine = _store(f"sqlite:///{tmp_path}/t.sqlite").journal._engine
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1


def test_rasa_takes_it_from_endpoints_yml(tmp_path: Path) -> None:
    config = EndpointConfig(
        url=f"sqlite:///{tmp_path}/t.sqlite", type="bot.tracker_store.JournalTrackerStore"
    )
    store = TrackerStore.create(config, domain=DOMAIN)
    assert isinstance(store, JournalTrackerStore)
    assert journal_of(Agent(domain=DOMAIN, tracker_store=store).tracker_store) is store.journal
    assert (
        journal_of(Agent(domain=DOMAIN, tracker_store=InMemoryTrackerStore(DOMAIN)).tracker_store)
        is None
    )


@pytest.mark.parametrize("url", ["", None, "mysql+pymysql://127.0.0.1/x"])
def test_without_a_database_it_does_not_start(url: str | None) -> None:
    config = EndpointConfig(url=url, type="bot.tracker_store.JournalTrackerStore")
    with pytest.raises(RasaException):
        TrackerStore.create(config, domain=DOMAIN)
