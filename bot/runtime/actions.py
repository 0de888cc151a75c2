"""Calls custom actions over kept connections, writes each event once and checks answers cheaply.

Rasa opens a connection for each call, writes the whole conversation anew each time, checks the constant schema of
the answer against the meta-schema before it checks the answer, and makes all its own actions anew to look for one.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
import rasa
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from rasa.core.actions import action as actions
from rasa.core.actions.action import RemoteAction
from rasa.core.constants import DEFAULT_REQUEST_TIMEOUT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

# An action server (uvicorn's default) hangs up after five seconds.
KEPT_SECONDS = 3.0

# Events whose schema asks for no more than a known name.
_PLAIN = frozenset(
    {
        *(
            "active_loop",
            "action_execution_rejected",
            "bot",
            "cancel_reminder",
            "followup",
            "form",
        ),
        *("form_validation", "loop_interrupted", "pause", "reset_slots", "restart", "resume"),
        *("rewind", "session_started", "undo"),
    }
)


class Written(dict):
    """The body of a call that is already JSON."""

    def __init__(self, text: str) -> None:
        """Looks empty: nothing but the text is read."""
        super().__init__()
        self.text = text


def _to_json(body: Any) -> str:
    return body.text if isinstance(body, Written) else json.dumps(body)


class _Kept:
    """Lends a session without closing it."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def __aenter__(self) -> aiohttp.ClientSession:
        return self._session

    async def __aexit__(self, *_: object) -> None:
        return None


_sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, aiohttp.ClientSession]] = (
    WeakKeyDictionary()
)


def _session(endpoint: EndpointConfig) -> _Kept:
    sessions = _sessions.setdefault(asyncio.get_running_loop(), {})
    if id(endpoint) not in sessions:
        basic = endpoint.basic_auth
        sessions[id(endpoint)] = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(keepalive_timeout=KEPT_SECONDS, limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=endpoint.headers,
            auth=aiohttp.BasicAuth(basic["username"], basic["password"]) if basic else None,
            timeout=aiohttp.ClientTimeout(total=DEFAULT_REQUEST_TIMEOUT),
            json_serialize=_to_json,
        )
    return _Kept(sessions[id(endpoint)])


def event_json(event: Event) -> str:
    """An event as JSON, written once: what a conversation holds does not change any more."""
    written = event.__dict__.get("_written")
    if written is None or written[0] != event.timestamp:
        written = event.__dict__["_written"] = (event.timestamp, json.dumps(event.as_dict()))
    return written[1]


def _state(tracker: DialogueStateTracker) -> dict[str, Any]:
    """What `current_state` tells, without the events and without a deep copy of the form's first message."""
    loop = tracker.active_loop
    return {
        "sender_id": tracker.sender_id,
        "slots": tracker.current_slot_values(),
        "latest_message": tracker._latest_message_data(),
        "latest_event_time": tracker.events[-1].timestamp if tracker.events else None,
        "followup_action": tracker.followup_action,
        "paused": tracker.is_paused(),
        "latest_input_channel": tracker.get_latest_input_channel(),
        "active_loop": vars(loop) if loop else {},
        "latest_action": tracker.latest_action,
        "latest_action_name": tracker.latest_action_name,
    }


def _body(action: RemoteAction, tracker: DialogueStateTracker, domain: Domain) -> Any:
    if (
        not action._is_selective_domain_enabled()
        or domain.does_custom_action_explicitly_need_domain(action.name())
    ):
        return _as_shipped(action, tracker, domain)
    call = {
        "next_action": action.name(),
        "sender_id": tracker.sender_id,
        "version": rasa.__version__,
        "tracker": _state(tracker),
    }
    # The tracker comes last, so that its events can be put in front of the two closing braces.
    events = ", ".join([event_json(event) for event in tracker.events])
    return Written(f'{json.dumps(call)[:-2]}, "events": [{events}]}}}}')


_make_own = actions.default_actions
# With their endpoint, so that no other one gets its number.
_made: dict[int, tuple[EndpointConfig | None, list[actions.Action]]] = {}


def _own(endpoint: EndpointConfig | None = None) -> list[actions.Action]:
    """Rasa's own actions, made once for an endpoint: they remember nothing."""
    if id(endpoint) not in _made:
        _made[id(endpoint)] = endpoint, _make_own(endpoint)
    return _made[id(endpoint)][1]


_as_shipped = RemoteAction._action_call_format
_schema = RemoteAction.action_response_format_spec()
_validator = validator_for(_schema)(_schema)


def _is_plain(event: Any) -> bool:
    """Says yes only to what the schema surely allows."""
    if not isinstance(event, dict):
        return False
    if not isinstance(event.get("timestamp"), (float, type(None))):
        return False
    if not isinstance(event.get("metadata"), (dict, type(None))):
        return False
    kind = event.get("event")
    if kind == "slot":
        return isinstance(event.get("name"), str) and "value" in event
    return isinstance(kind, str) and kind in _PLAIN


def _validate(_: RemoteAction, result: Any) -> bool:
    if (
        isinstance(result, dict)
        and isinstance(result.get("events"), list)
        and isinstance(result.get("responses"), list)
        and all(_is_plain(event) for event in result["events"])
        and all(isinstance(response, dict) for response in result["responses"])
    ):
        return True
    error = best_match(_validator.iter_errors(result))
    if error is not None:
        raise error
    return True


def install() -> None:
    """Replaces how a call is written, sent and checked, and how Rasa's own actions are made."""
    actions.default_actions = _own
    EndpointConfig.session = _session
    RemoteAction._action_call_format = _body
    RemoteAction._validate_action_result = _validate
