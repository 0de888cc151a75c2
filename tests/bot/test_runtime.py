"""Each piece of the runtime gives what Rasa gives as shipped."""

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rasa.core.actions.action import RemoteAction
from rasa.core.actions.forms import FormAction
from rasa.core.policies.memoization import AugmentedMemoizationPolicy, MemoizationPolicy
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.exceptions import GraphComponentException, GraphRunError
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActionReverted,
    ActiveLoop,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    Event,
    FollowupAction,
    LoopInterrupted,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.utils.endpoints import EndpointConfig

from bot import runtime
from bot.runtime import actions, events, memory, rules, server, states, trackers
from bot.runtime.runner import SequentialGraphRunner

ROOT = Path(__file__).resolve().parents[2]
CONVERSATIONS = 150

DOMAIN = Domain.from_yaml(
    """
version: "3.1"
intents: [greet, ask, inform]
entities: [number]
slots:
  number: {type: text, mappings: [{type: from_entity, entity: number}]}
  mood: {type: categorical, values: [good, bad], mappings: [{type: custom}]}
  note: {type: any, influence_conversation: false, mappings: [{type: custom}]}
forms:
  order_form: {required_slots: [number]}
  ticket_form: {required_slots: [mood]}
actions: [action_look, action_say]
responses:
  utter_hello: [{text: hello}]
"""
)
INTENTS = ("greet", "ask", "inform")
FORMS = ("order_form", "ticket_form")


def _user(chance: random.Random) -> UserUttered:
    entities = [{"entity": "number", "value": "1", "start": 0, "end": 1}]
    return UserUttered(
        "text",
        {"name": chance.choice(INTENTS), "confidence": 1.0},
        chance.choice((entities, [])),
        input_channel="frontdesk",
    )


def _step(chance: random.Random) -> list[Event]:
    """What a turn or a part of one leaves in a tracker; now and then it is taken back."""
    form = chance.choice(FORMS)
    steps: list[list[Event]] = [
        [_user(chance), ActionExecuted("action_look"), BotUttered("x")],
        [
            _user(chance),
            ActionExecuted("action_say"),
            SlotSet("mood", chance.choice(("good", None))),
        ],
        [
            _user(chance),
            ActionExecuted(form),
            ActiveLoop(form),
            SlotSet("requested_slot", "number"),
        ],
        [_user(chance), ActionExecuted(form), SlotSet("number", str(chance.random()))],
        [_user(chance), ActionExecutionRejected(form), ActionExecuted("utter_hello")],
        [LoopInterrupted(True), ActionExecuted(form), ActiveLoop(None)],
        [SlotSet("note", {"a": [1]}), SlotSet("number", None)],
        [ActionReverted()],
        [UserUtteranceReverted()],
        [Restarted(), ActionExecuted("action_listen")],
        [ActionExecuted("action_session_start"), SessionStarted()],
    ]
    weights = (6, 6, 6, 8, 3, 3, 3, 1, 1, 1, 1)
    return [*chance.choices(steps, weights)[0], ActionExecuted("action_listen")]


def _new_tracker() -> DialogueStateTracker:
    tracker = DialogueStateTracker("c", DOMAIN.slots)
    tracker.model_id, tracker.assistant_id = "m", "a"
    return tracker


def _conversation(seed: int) -> DialogueStateTracker:
    chance = random.Random(seed)
    tracker = _new_tracker()
    for _ in range(chance.randint(1, 12)):
        tracker.update_with_events(_step(chance), DOMAIN)
    return tracker


def _state(tracker: DialogueStateTracker) -> dict[str, Any]:
    return tracker.current_state(EventVerbosity.ALL)


@pytest.mark.parametrize(
    ("switch", "left_out"),
    [
        ("", set()),
        ("0", set()),
        ("1", set(runtime.PIECES)),
        ("runner, states", {"runner", "states"}),
    ],
)
def test_the_switch_leaves_pieces_out(switch: str, left_out: set[str]) -> None:
    chosen = runtime.chosen({runtime.SWITCH: switch})
    assert set(chosen) == set(runtime.PIECES) - left_out


def test_a_switch_that_names_no_piece_is_told_the_pieces() -> None:
    with pytest.raises(ValueError, match=r"runer is no piece; choose from .*runner"):
        runtime.chosen({runtime.SWITCH: "runer"})


def test_another_release_runs_as_shipped(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(runtime, "version", lambda _: "3.6.22")
    assert runtime.install({}) == ()
    assert "3.6.22" in caplog.text


def test_a_copy_is_what_playing_the_events_gives_and_stands_alone() -> None:
    compared = 0
    for seed in range(CONVERSATIONS):
        tracker = _conversation(seed)
        twin = trackers.copied(tracker)
        played = tracker.travel_back_in_time(float("inf"))
        assert _state(twin) == _state(played)
        assert vars(twin).keys() == vars(played).keys()
        before = json.dumps(_state(tracker))
        twin.update_with_events(_step(random.Random(seed + 1)), DOMAIN)
        twin.update(SlotSet("number", "changed"))
        assert json.dumps(_state(tracker)) == before
        compared += 1
    assert compared == CONVERSATIONS


def test_a_form_shows_its_validation_the_same_tracker() -> None:
    as_shipped, compared = FormAction._temporary_tracker, 0
    form = FormAction("order_form", None)
    for seed in range(CONVERSATIONS):
        tracker = _conversation(seed)
        candidates: list[Event] = [SlotSet("number", "7")]
        ours = _state(trackers._with_candidates(form, tracker, candidates, DOMAIN))
        theirs = _state(as_shipped(form, tracker, candidates, DOMAIN))
        for state in (ours, theirs):
            # The two events that each side adds are made at another moment.
            state["latest_event_time"] = None
            for event in state["events"]:
                event["timestamp"] = None
        assert ours == theirs
        compared += 1
    assert compared == CONVERSATIONS


RULE_ONLY = (
    None,
    {},
    {"rule_only_slots": ["number"], "rule_only_loops": []},
    {"rule_only_slots": ["mood", "nothing"], "rule_only_loops": ["order_form"]},
)


def _as_a_policy_leaves_it(events: list[Event], chance: random.Random) -> list[Event]:
    """With what predictions add: what a message was read by, turns that only rules know, follow-up actions."""
    found: list[Event] = []
    for event in events:
        if isinstance(event, ActionExecuted):
            event.hide_rule_turn = chance.random() < 0.4
            if found and isinstance(found[-1], UserUttered):
                found.append(DefinePrevUserUtteredFeaturization(chance.random() < 0.2))
        found.append(event)
        if chance.random() < 0.05:
            found.append(FollowupAction("action_say"))
    return found


def test_the_states_are_those_of_playing_everything_at_each_step() -> None:
    compared: Counter[str] = Counter()
    for seed in range(CONVERSATIONS):
        chance = random.Random(seed)
        tracker, rule_only = _new_tracker(), RULE_ONLY[seed % len(RULE_ONLY)]
        for _ in range(14):
            for event in _as_a_policy_leaves_it(_step(chance), chance):
                tracker.update(event, DOMAIN)
                if chance.random() < 0.3:
                    continue  # nobody looks after each event
                for learns in chance.sample((True, False), 2):
                    expected = states._as_shipped(DOMAIN, tracker, False, learns, rule_only)
                    found = states._states(DOMAIN, tracker, False, learns, rule_only)
                    assert found == expected
                    for state in found:  # whoever gets them may change them
                        state.pop("user", None)
                        state.get("prev_action", {}).clear()
                compared["steps"] += 1
                compared["hidden"] += len(expected) < len(states.states_of(tracker, DOMAIN))
                compared["taken back"] += isinstance(
                    event, (ActionReverted, UserUtteranceReverted)
                )
    assert compared["steps"] > 5_000
    assert compared["hidden"] > 1_000
    assert compared["taken back"] > 50


def test_the_same_rules_fit() -> None:
    as_shipped, compared = RulePolicy._get_possible_keys, Counter[int]()
    policy = object.__new__(RulePolicy)
    histories = [states._as_shipped(DOMAIN, _conversation(seed)) for seed in range(60)]
    chance = random.Random(1)
    cut = [(h, i, chance.randint(1, 3)) for h in histories for i in range(1, len(h))]
    lookup = {json.dumps(h[max(0, i - n) : i]): "action_look" for h, i, n in cut}
    for history in histories:
        for end in range(1, len(history) + 1):
            found = rules._possible_keys(policy, lookup, history[:end])
            assert found == as_shipped(policy, lookup, history[:end])
            compared[bool(found)] += 1
    assert compared[True] > 50


def _memoized(kind: type[MemoizationPolicy], packed: bool) -> MemoizationPolicy:
    policy = object.__new__(kind)
    policy.config = {**kind.get_default_config(), "enable_feature_string_compression": packed}
    policy.lookup = {}
    return policy


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("kind", [MemoizationPolicy, AugmentedMemoizationPolicy])
def test_the_same_conversations_are_remembered(
    kind: type[MemoizationPolicy], packed: bool
) -> None:
    policy, compared = _memoized(kind, packed), Counter[bool]()
    histories = [states._as_shipped(DOMAIN, _conversation(seed)) for seed in range(CONVERSATIONS)]
    for learnt in (histories[:30], histories[30:60]):
        policy.lookup = {
            policy._create_feature_key(h): f"action_{n}" for n, h in enumerate(learnt)
        }
        before = dict(policy.lookup), dict(policy.config)
        for history in ([], *histories):
            found = memory._recall(policy, history)
            assert found == memory._as_shipped(policy, history)
            compared[found is not None] += 1
        assert before == (policy.lookup, policy.config)
    assert min(compared[True], compared[False]) > 50


def test_a_call_says_what_rasa_says() -> None:
    endpoint = EndpointConfig("http://127.0.0.1:1", enable_selective_domain=True)
    action = RemoteAction("action_look", endpoint)
    for seed in range(40):
        tracker = _conversation(seed)
        for _ in range(2):  # the second time events are already written
            body = actions._body(action, tracker, DOMAIN)
            expected = actions._as_shipped(action, tracker, DOMAIN)
            assert json.loads(actions._to_json(body)) == json.loads(json.dumps(expected))
    everything = actions._body(RemoteAction("action_look", EndpointConfig("x")), tracker, DOMAIN)
    assert "domain" in everything


def test_an_event_that_got_a_new_time_is_written_anew() -> None:
    event = SlotSet("number", "1")
    event.timestamp = 1.0
    assert '"timestamp": 1.0' in actions.event_json(event)
    event.timestamp = 2.0
    assert '"timestamp": 2.0' in actions.event_json(event)


@pytest.mark.parametrize("endpoint", [None, EndpointConfig("http://127.0.0.1:1")])
def test_rasas_own_actions_are_made_once_and_remember_nothing(
    endpoint: EndpointConfig | None,
) -> None:
    own, shipped = actions._own(endpoint), actions._make_own(endpoint)
    assert [(type(one), vars(one)) for one in own] == [(type(one), vars(one)) for one in shipped]
    assert actions._own(endpoint) is own
    constants = {"_action_endpoint", "utter_action", "silent_fail"}
    assert all(vars(one).keys() <= constants for one in own)
    other = EndpointConfig("http://127.0.0.1:2")
    ends = [
        one._action_endpoint for one in actions._own(other) if hasattr(one, "_action_endpoint")
    ]
    assert len(ends) > 1
    assert all(end is other for end in ends)


def test_answers_of_actions_are_judged_as_rasa_does() -> None:
    action = RemoteAction("action_x", None)
    slot = {"event": "slot", "name": "a", "value": 1}
    good: list[Any] = [
        {"events": [], "responses": []},
        {
            "events": [slot, {**slot, "timestamp": 1.5, "metadata": {}}],
            "responses": [{"text": "x"}],
        },
        {"events": [{"event": kind} for kind in sorted(actions._PLAIN)], "responses": []},
        {"events": [{"event": "action", "name": "x"}], "responses": []},
        {},
    ]
    bad: list[Any] = [
        {"events": "none"},
        {"events": [], "responses": {}},
        {"events": [], "responses": ["x"]},
        {"events": [{"name": "a"}], "responses": []},
        {"events": [{**slot, "timestamp": "now"}], "responses": []},
        {"events": [{**slot, "metadata": 1}], "responses": []},
        {"events": [{"event": "slot", "name": 1, "value": 1}], "responses": []},
        {"events": [{"event": "slot", "name": "a"}], "responses": []},
        {"events": [{"event": "nonsense"}], "responses": []},
        {"events": [1], "responses": []},
        [],
        None,
    ]
    for result in good:
        jsonschema.validate(result, RemoteAction.action_response_format_spec())
        assert actions._validate(action, result)
    for result in bad:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(result, RemoteAction.action_response_format_spec())
        with pytest.raises(jsonschema.ValidationError):
            actions._validate(action, result)


def test_events_are_found_by_name() -> None:
    for name in ("slot", "user", "bot", "action", "active_loop", "session_started", "form"):
        assert events._resolve(name) is events._as_shipped(name)
    assert events._resolve("nonsense", SlotSet) is SlotSet
    assert events._resolve("topic") is None
    with pytest.raises(ValueError, match="nonsense"):
        events._resolve("nonsense")


class Adder(GraphComponent):
    """Adds its number to what it gets."""

    def __init__(self, number: int) -> None:
        self.number = number

    @classmethod
    def create(cls, config: dict, *_: Any, **__: Any) -> "Adder":
        return cls(config["number"])

    def start(self, given: int) -> int:
        return given + self.number

    def add(self, one: int, other: int) -> int:
        if one > 300:
            raise RuntimeError("too much")
        return one + other + self.number


def _node(needs: dict[str, str], number: int, fn: str = "add") -> SchemaNode:
    return SchemaNode(needs, Adder, "create", fn, {"number": number}, eager=True)


def _graph() -> GraphSchema:
    nodes = {
        "last": _node({"one": "b", "other": "a"}, 1000),
        "b": _node({"one": "a", "other": "extra"}, 100),
        "a": _node({"given": "given"}, 10, "start"),
        "alone": _node({"given": "given"}, 7, "start"),
    }
    nodes["last"].is_target = True
    return GraphSchema(nodes)


def test_the_runner_gives_what_dask_gives(tmp_path: Path) -> None:
    storage = LocalModelStorage.create(tmp_path)
    both = [
        runner.create(_graph(), storage, ExecutionContext(_graph(), "test"))
        for runner in (SequentialGraphRunner, DaskGraphRunner)
    ]
    for given in (1, 2):
        for targets in (None, ["b"], ["last", "alone"]):
            ours, theirs = (
                runner.run(inputs={"given": given, "extra": 5}, targets=targets) for runner in both
            )
            assert ours == theirs
            assert ours
    failures = []
    for runner in both:
        for inputs in ({"given": 1}, {"given": 200, "extra": 5}):
            with pytest.raises((GraphComponentException, GraphRunError)) as caught:
                runner.run(inputs=inputs)
            failures.append((type(caught.value), str(caught.value)))
    assert failures[:2] == failures[2:]


HEAD = b"POST /webhooks/frontdesk/turn HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n"
PLAIN = HEAD + b"Content-Length: 4\r\n\r\n{}{}"


def test_a_plain_request_is_read_when_it_is_whole() -> None:
    for length in range(len(PLAIN)):
        assert server.read(PLAIN[:length]) is None
    for more in (b"", b"POST /", PLAIN):
        found = server.read(PLAIN + more)
        assert found == server.Request("Bearer t", b"{}{}", len(PLAIN), False)
    closing = server.read(PLAIN.replace(b"Host: x", b"CONNECTION:close"))
    assert closing is not None
    assert closing.is_last


@pytest.mark.parametrize(
    "data",
    [
        b"GET /webhooks/frontdesk/health HTTP/1.1\r\n\r\n",
        b"\r\n" + PLAIN,
        PLAIN.replace(b"1.1", b"1.0"),
        PLAIN.replace(b"turn ", b"turn?x=1 "),
        PLAIN.replace(b"Content-Length: 4\r\n", b""),
        *(
            PLAIN.replace(b": 4", b": " + length)
            for length in (b"", b"-4", b"+4", b"4.0", b"4, 4", b"0x4", b"9" * 30, b"1048577")
        ),
        *(
            PLAIN.replace(b"Host: x", field)
            for field in (
                *(b"Transfer-Encoding: chunked", b"Expect: 100-continue", b"Upgrade: websocket"),
                *(b"Connection: upgrade", b"Content-Length: 4", b"no colon", b" Folded: x"),
                *(b"Spaced : x", b"Content-Length : 9"),
            )
        ),
        HEAD + b"X: " + b"x" * server.LONGEST_HEAD,
    ],
)
def test_whatever_is_not_plain_is_left_to_sanic(data: bytes) -> None:
    with pytest.raises(server.NotPlainError):
        server.read(data)


_USES_TENSORFLOW = """
from bot import runtime
runtime.install({})
import sys, rasa.core.agent, rasa.engine.recipes.default_components
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.utils.tensorflow.models import RasaModel
print("real" if hasattr(sys.modules["tensorflow"], "__version__") else "placeholder")
RasaModel()
"""


def test_rasa_starts_without_tensorflow_and_says_so_when_it_is_used() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _USES_TENSORFLOW],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "placeholder\n"
    assert done.returncode == 1
    assert "install it (uv sync --project bot) and set FRONTDESK_RASA_AS_SHIPPED=1" in done.stderr
