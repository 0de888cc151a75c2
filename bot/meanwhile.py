"""What people and the customer said while the assistant was silent, written to its memory before the next message.

The application sends it once, in the metadata of the first message after a person had the conversation:
``{"meanwhile": {"summary", "lines": [{"id", "author", "name", "text"}, ...]}}``. Only the person's words become
events: messages of the customer would look like turns that the assistant has answered. What it had asked itself
before is forgotten with the answers so far, as the talk has moved on; order number and proof stay, as after any form.
The order that the person named last is the one the talk is about.
"""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.shared.core.constants import REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, BotUttered, Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

from bot import turn

KEY = "meanwhile"
SUMMARY = "last_handoff_summary"
ORDER, MATCHED = "order_number", "matched_order"
LASTING = frozenset({ORDER, "contact_proof"})
ASKING = (REQUESTED_SLOT, "pending", "paused_form", "outcome", "tries")


def events_for(
    told: Any, tracker: DialogueStateTracker, domain: Domain, order: str | None = None
) -> list[Event]:
    """What to add to the tracker; nothing for what is not of the right shape. `order`: which one was named."""
    if not isinstance(told, dict):
        return []
    said = [_uttered(line) for line in _agents(told)]
    # Told twice when the answer to the first message could not be given, because a person came once more.
    known = {
        event.metadata.get("line") for event in tracker.events if isinstance(event, BotUttered)
    }
    new: list[Event] = [one for one in said if one.metadata["line"] not in known]
    if tracker.active_loop_name is not None:
        new.append(ActiveLoop(None))
    new += [SlotSet(slot, None) for slot in _unfinished(domain) if _is_set(tracker, slot)]
    if SUMMARY in tracker.slots:
        new.append(SlotSet(SUMMARY, str(told.get("summary") or "") or None))
    if order and ORDER in tracker.slots and tracker.get_slot(ORDER) != order:
        # What was found out about another order says nothing about this one.
        new += [SlotSet(MATCHED, None), SlotSet(ORDER, order)]
    return new


async def order_named(told: Any, processor: MessageProcessor) -> str | None:
    """The order number that a person wrote last, found as it is in a customer's words."""
    for line in reversed(_agents(told)):
        text = str(line["text"]).strip()
        if text.startswith("/") or not any(map(str.isdigit, text)):
            continue
        parsed = await processor.parse_message(UserMessage(text))
        found = [one["value"] for one in parsed.get("entities", ()) if one["entity"] == ORDER]
        if found:
            return str(found[-1])
    return None


def _agents(told: Any) -> list[dict[str, Any]]:
    lines = told.get("lines") if isinstance(told, dict) else None
    return [line for line in lines if _is_agents(line)] if isinstance(lines, list) else []


def _is_agents(line: Any) -> bool:
    return isinstance(line, dict) and line.get("author") == "agent" and bool(line.get("text"))


def _uttered(line: dict[str, Any]) -> BotUttered:
    agent = {"agent": str(line.get("name") or ""), "line": line.get("id")}
    return BotUttered(str(line["text"]), metadata=agent)


def _unfinished(domain: Domain) -> list[str]:
    asked = [slot for form in domain.form_names for slot in domain.required_slots_for_form(form)]
    return [slot for slot in dict.fromkeys([*ASKING, *asked]) if slot not in LASTING]


def _is_set(tracker: DialogueStateTracker, slot: str) -> bool:
    return slot in tracker.slots and tracker.slots[slot].value is not None


def watch_processor() -> None:
    """Lets Rasa's processor take note when it opens the tracker of a turn; calling it again changes nothing.

    There and not before: a session that has expired begins anew first, and the turn's failure undoes this, too.
    """
    as_shipped = MessageProcessor.fetch_tracker_and_update_session
    if getattr(as_shipped, "takes_note", False):
        return

    async def fetch(
        processor: MessageProcessor, *args: Any, **kwargs: Any
    ) -> DialogueStateTracker:
        tracker = await as_shipped(processor, *args, **kwargs)
        current = turn.running()
        if current is not None and current.conversation_id == tracker.sender_id:
            told, current.meanwhile = current.meanwhile, None
            order = await order_named(told, processor)
            for event in events_for(told, tracker, processor.domain, order):
                tracker.update(event, processor.domain)
        return tracker

    fetch.takes_note = True
    MessageProcessor.fetch_tracker_and_update_session = fetch
