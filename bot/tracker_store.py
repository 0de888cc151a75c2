"""Rasa's memory of conversations: live in the process, each turn journalled before it is answered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.conversation import Dialogue
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted, UserUttered, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException

from bot import turn
from bot.journal import EventData, Journal, connect

LIVE_TRACKERS = 500


@dataclass
class Live:
    """A tracker kept in memory, with how much of it the journal has."""

    tracker: DialogueStateTracker
    last_saved: Event | None
    next_seq: int

    def is_clean(self) -> bool:
        """Whether the journal has all of it: events beyond belong to a turn that failed."""
        events = self.tracker.events
        return bool(events) and events[-1] is self.last_saved


class JournalTrackerStore(TrackerStore):
    """Keeps the trackers of recent conversations alive and appends each turn as one row.

    A live tracker is handed out as it is and changed by the turn. If the turn fails it is not saved, and the next
    reader finds events that the journal does not have, forgets the object and reads the journal again. It does so too
    when the journal has turns that the object does not know, because another process had the conversation meanwhile.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        host: str | None = None,
        live_trackers: int = LIVE_TRACKERS,
        **kwargs: Any,
    ) -> None:
        """`host` is what Rasa calls the `url` of endpoints.yml."""
        if not host:
            raise RasaException("The tracker store needs a database: set FRONTDESK_TRACKER_URL.")
        super().__init__(domain, event_broker, **kwargs)
        self.journal = _open(host)
        self._live: OrderedDict[str, Live] = OrderedDict()
        self._limit = live_trackers

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker with the latest session, or None for an unknown conversation."""
        live, next_seq = self._live.get(sender_id), self._next_seq(sender_id)
        if live is None or not live.is_clean() or live.next_seq != next_seq:
            # It is behind when another process has added turns: conversations move when a process seems away.
            live = self._load(sender_id) if next_seq else None
        if live is None:
            self._live.pop(sender_id, None)
            return None
        self._keep(live)
        return live.tracker

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """A tracker of its own with all sessions."""
        events = self.journal.all_events(conversation_id)
        return self._tracker(conversation_id, events) if events else None

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Appends what is new; a turn that failed leaves no trace."""
        current = turn.running()
        if current is not None and current.failure is not None:
            self._live.pop(tracker.sender_id, None)
            return
        live = self._live.get(tracker.sender_id)
        if live is None or live.tracker is not tracker:
            live = self._adopt(tracker)
        new = _new_events(live)
        if not new:
            self._keep(live)
            return
        data = [event.as_dict() for event in new]
        try:
            self._append(live, new, data)
        except Exception as error:
            # Rasa's wrapper would carry on in memory as if nothing had happened.
            self._live.pop(tracker.sender_id, None)
            if current is not None:
                current.fail(f"tracker not saved: {type(error).__name__}")
            raise
        if current is not None:
            current.saved_events, current.next_seq = data, None
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, new, tracker.sender_id)

    async def keys(self) -> Iterable[str]:
        """The ids of all conversations."""
        return self.journal.conversation_ids()

    def _append(self, live: Live, new: list[Event], data: list[EventData]) -> None:
        sender_id = live.tracker.sender_id
        starts_session = any(isinstance(event, SessionStarted) for event in new)
        message_id = next(
            (event.message_id for event in new if isinstance(event, UserUttered)), None
        )
        self.journal.append(sender_id, live.next_seq, message_id, starts_session, data)
        if starts_session and len(new) < len(live.tracker.events):
            # Still holds the session before; reading it anew keeps trackers as short as Rasa expects them.
            self._live.pop(sender_id, None)
            return
        live.last_saved = new[-1]
        live.next_seq += 1
        self._keep(live)

    def _next_seq(self, sender_id: str) -> int:
        """The number of the next turn: the connector has just asked, for the running turn."""
        current = turn.running()
        known = current.next_seq if current and current.conversation_id == sender_id else None
        return self.journal.place(sender_id, None).next_seq if known is None else known

    def _load(self, sender_id: str) -> Live | None:
        session = self.journal.session(sender_id)
        if not session.events:
            return None
        tracker = self._tracker(sender_id, session.events)
        return Live(tracker, tracker.events[-1], session.next_seq)

    def _adopt(self, tracker: DialogueStateTracker) -> Live:
        """A tracker that is not (or no longer) live: new ones have no rows, others begin with the stored session."""
        next_seq, last_saved = self._next_seq(tracker.sender_id), None
        session = self.journal.session(tracker.sender_id) if next_seq else None
        # If there are more turns by now, this one has no place any more: the journal will refuse it.
        if session is not None and session.next_seq == next_seq:
            last_saved = next(islice(tracker.events, len(session.events) - 1, None), None)
        return Live(tracker, last_saved, next_seq)

    def _tracker(self, sender_id: str, events: list[EventData]) -> DialogueStateTracker:
        tracker = self.init_tracker(sender_id)
        tracker.recreate_from_dialogue(Dialogue(sender_id, deserialise_events(events)))
        return tracker

    def _keep(self, live: Live) -> None:
        self._live[live.tracker.sender_id] = live
        self._live.move_to_end(live.tracker.sender_id)
        if len(self._live) > self._limit:
            self._live.popitem(last=False)


def journal_of(store: TrackerStore) -> Journal | None:
    """The journal inside the wrapper that Rasa puts around each tracker store; None if it is another store."""
    inner = getattr(store, "_tracker_store", store)
    return inner.journal if isinstance(inner, JournalTrackerStore) else None


def _open(url: str) -> Journal:
    try:
        return Journal(connect(url))
    except ImportError as error:
        # On an ImportError Rasa would quietly take its in-memory store instead.
        raise RasaException(f"No driver for the tracker database: {error}") from error


def _new_events(live: Live) -> list[Event]:
    new: list[Event] = []
    for event in reversed(live.tracker.events):
        if event is live.last_saved:
            break
        new.append(event)
    return new[::-1]
