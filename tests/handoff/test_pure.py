"""The decisions of the agents' desk, by tables and by properties."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.agentdesk import codec, ruling
from desk.agentdesk.port import (
    Action,
    Button,
    Changed,
    Choice,
    Commanded,
    Deed,
    Held,
    HomeOpened,
    Person,
    Place,
    Pressed,
    Retried,
    RootGone,
    Wrote,
)
from desk.agentdesk.queue import Waiting, queue_order, spell
from desk.agentdesk.rules import DeskRules, Matter, Routed, Rulebook, canned, load, route
from desk.agentdesk.ruling import Refusal, Words, refusal
from desk.errors import SettingsError
from desk.handoff.patience import Limits, State, Step, step
from desk.inbox.collected import collected
from desk.message import Attachment
from desk.store import json
from desk.tables.agent import AgentStatus
from desk.tables.conversation import Owner
from tests.conftest import ROOT

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_M = timedelta(minutes=1)
_EVERY = ("take_over", "send_once", "note", "transfer", "snooze", "resolve", "release")


@pytest.mark.parametrize(
    ("owner", "mine", "stale", "refused"),
    [
        (Owner.BOT, False, False, {"transfer", "snooze", "release"}),
        (Owner.BOT, False, True, {"take_over", "transfer", "snooze", "resolve", "release"}),
        (Owner.WAITING, False, False, {"release"}),
        (Owner.WAITING, False, True, {"take_over", "transfer", "snooze", "resolve", "release"}),
        (Owner.HUMAN, True, False, set()),
        (Owner.HUMAN, True, True, set()),
        (
            Owner.HUMAN,
            False,
            False,
            {"take_over", "transfer", "snooze", "resolve", "release"},
        ),
        (Owner.CLOSED, False, False, {"transfer", "snooze", "resolve", "release"}),
        (Owner.CLOSED, False, True, {"take_over", "transfer", "snooze", "resolve", "release"}),
    ],
)
def test_buttons(owner: Owner, mine: bool, stale: bool, refused: set[str]) -> None:
    why = {one: refusal(Button(one), owner, mine=mine, stale=stale) for one in _EVERY}
    assert {one for one, reason in why.items() if reason} == refused
    if owner is Owner.HUMAN and not mine:
        assert set(why.values()) == {None, Refusal.TAKEN}


@pytest.mark.parametrize(
    ("text", "owner", "mine", "what"),
    [
        ("hello", Owner.HUMAN, True, Words.SEND),
        ("hello", Owner.HUMAN, False, Words.ASK),
        ("hello", Owner.WAITING, False, Words.ASK),
        ("hello", Owner.BOT, False, Words.ASK),
        ("hello", Owner.CLOSED, False, Words.ASK),
        ("note: hello", Owner.HUMAN, True, Words.NOTE),
        ("Note ：hello", Owner.CLOSED, False, Words.NOTE),
        ("备注：他很急", Owner.HUMAN, True, Words.NOTE),
        ("// hello", Owner.BOT, False, Words.NOTE),
        ("notes: hello", Owner.HUMAN, True, Words.SEND),
        ("see https://example.com//x", Owner.HUMAN, True, Words.SEND),
        ("", Owner.HUMAN, True, Words.SEND),
    ],
)
def test_words(text: str, owner: Owner, mine: bool, what: Words) -> None:
    assert ruling.words(text, owner, mine=mine) is what


@pytest.mark.parametrize(
    ("text", "name"),
    [("!thanks", "thanks"), (" !Thanks ", "thanks"), ("!thanks a lot", None), ("! x", None)],
)
def test_prepared_replies_are_named(text: str, name: str | None) -> None:
    assert ruling.canned_name(text) == name


_LIMITS = Limits(
    give_up_after=10 * _M,
    tiers=(3 * _M, 6 * _M),
    remind_after=2 * _M,
    return_after=5 * _M,
    ask_after=30 * _M,
    resolve_after=60 * _M,
)


def _waiting(minutes: float, **values: object) -> State:
    since = NOW - minutes * _M
    return State(**{"owner": Owner.WAITING, "since": since, "waiting_since": since, **values})  # type: ignore[arg-type]


def _human(**values: object) -> State:
    return State(**{"owner": Owner.HUMAN, "since": NOW - 600 * _M, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        (_waiting(1), None),
        (_waiting(3), Step.CALL),
        (_waiting(3, open_now=False), None),
        (_waiting(4, tier=1), None),
        (_waiting(6, tier=1), Step.CALL),
        (_waiting(9, tier=2), None),
        (_waiting(10, tier=2), Step.GIVE_UP),
        (_waiting(10), Step.GIVE_UP),
        (_waiting(10, open_now=False), Step.GIVE_UP),
        (_waiting(99, snoozed_until=NOW + _M), None),
        (_waiting(99, snoozed_until=NOW), Step.WAKE),
        (_waiting(99, reminded_at=NOW - _M), None),
        (_human(), None),
        (_human(status=AgentStatus.ONLINE, status_since=NOW - 99 * _M), None),
        (_human(status=AgentStatus.AWAY, status_since=NOW - _M), None),
        (_human(status=AgentStatus.AWAY, status_since=NOW - 2 * _M), Step.REMIND),
        (_human(status=AgentStatus.OFFLINE, status_since=NOW - 2 * _M), Step.REMIND),
        (
            _human(status=AgentStatus.AWAY, status_since=NOW - 9 * _M, reminded_at=NOW - 4 * _M),
            None,
        ),
        (
            _human(status=AgentStatus.AWAY, status_since=NOW - 9 * _M, reminded_at=NOW - 5 * _M),
            Step.REQUEUE,
        ),
        (
            # Reminded of an earlier absence.
            _human(status=AgentStatus.AWAY, status_since=NOW - 3 * _M, reminded_at=NOW - 50 * _M),
            Step.REMIND,
        ),
        (_human(answered_at=NOW - 29 * _M), None),
        (_human(answered_at=NOW - 30 * _M), Step.ASK),
        (_human(answered_at=NOW - 30 * _M, heard_at=NOW - 20 * _M), None),
        (_human(answered_at=NOW - 99 * _M, asked_at=NOW - 59 * _M), None),
        (_human(answered_at=NOW - 99 * _M, asked_at=NOW - 60 * _M), Step.RESOLVE),
        (_human(answered_at=NOW - 40 * _M, asked_at=NOW - 60 * _M), Step.ASK),
        (_human(answered_at=NOW - 99 * _M, since=NOW - _M), None),
        (State(owner=Owner.BOT, since=None), None),
        (State(owner=Owner.CLOSED, since=None, status=AgentStatus.AWAY), None),
    ],
)
def test_patience(state: State, wanted: Step | None) -> None:
    assert step(state, _LIMITS, NOW) is wanted


_people = st.builds(
    Waiting,
    conversation_id=st.uuids().map(str),
    since=st.integers(0, 7200).map(lambda s: NOW - timedelta(seconds=s)),
    due_at=st.integers(-7200, 7200).map(lambda s: NOW + timedelta(seconds=s)),
    mood=st.none() | st.floats(-1, 1),
    vip=st.booleans(),
    complaint=st.booleans(),
)


@given(st.lists(_people, unique_by=lambda one: one.conversation_id, max_size=12), st.randoms())
def test_the_queue_is_one_order_however_it_is_asked(people: list[Waiting], luck: object) -> None:
    turns = queue_order(people, NOW)
    assert sorted(t.conversation_id for t in turns) == sorted(p.conversation_id for p in people)
    assert [t.place for t in turns] == list(range(1, len(people) + 1))
    assert queue_order(list(reversed(people)), NOW) == turns
    # Time changes nothing between those who wait already.
    later = queue_order(people, NOW + timedelta(hours=1))
    assert [t.conversation_id for t in later] == [t.conversation_id for t in turns]


@given(st.lists(_people, min_size=1, max_size=8, unique_by=lambda one: one.conversation_id))
def test_nobody_falls_back_for_being_angrier_dearer_or_longer_there(people: list[Waiting]) -> None:
    first, *others = people
    place = _place(first, others)
    for worse in (
        {"mood": -1.0},
        {"vip": True},
        {"complaint": True},
        {"since": first.since - timedelta(hours=1), "due_at": first.due_at - timedelta(hours=1)},
    ):
        known = {name: getattr(first, name) for name in Waiting.__dataclass_fields__}
        assert _place(Waiting(**{**known, **worse}), others) <= place


def _place(one: Waiting, others: list[Waiting]) -> int:
    turns = queue_order([one, *others], NOW)
    return next(t.place for t in turns if t.conversation_id == one.conversation_id)


def test_why_is_said_in_words() -> None:
    angry = Waiting(
        conversation_id="a",
        since=NOW - 6 * _M,
        due_at=NOW - 2 * _M,
        mood=-0.8,
        vip=True,
        complaint=True,
    )
    (turn,) = queue_order([angry], NOW)
    assert turn.why == "waits 6 min, late by 2 min, angry, VIP, open complaint"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (200_000, "2 days"),
    ],
)
def test_times_in_words(seconds: int, words: str) -> None:
    assert spell(timedelta(seconds=seconds)) == words


_RULES = DeskRules.model_validate(
    {
        "channel": "main",
        "teams": {"refunds": {"channel": "money"}, "zh": {}},
        "routes": [
            {"topics": ["refund"], "languages": ["en"], "team": "refunds"},
            {"languages": ["zh"], "team": "zh"},
            {"channels": ["telegram"], "segments": ["vip", "premium"], "to": "stars"},
        ],
    }
)


@pytest.mark.parametrize(
    ("matter", "routed"),
    [
        ({"channel": "webchat"}, ("main", None)),
        ({"channel": "webchat", "topic": "refund"}, ("money", "refunds")),
        ({"channel": "webchat", "topic": "refund", "language": "zh"}, ("main", "zh")),
        ({"channel": "telegram"}, ("main", None)),
        ({"channel": "telegram", "segments": frozenset({"vip"})}, ("stars", None)),
        ({"channel": "webchat", "team": "refunds"}, ("money", "refunds")),
        ({"channel": "webchat", "team": "gone"}, ("main", None)),
    ],
)
def test_routes(matter: dict[str, object], routed: tuple[str, str | None]) -> None:
    channel, team = routed
    found = route(Matter(**matter), _RULES, "default")  # type: ignore[arg-type]
    assert found == Routed(channel=channel, team=team)


def test_without_rules_everything_goes_to_the_default_channel() -> None:
    matter = Matter(channel="webchat", topic="refund")
    assert route(matter, DeskRules(), "default") == Routed(channel="default", team=None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tiers: [{after: soon}]", "tiers.0.after"),
        ("routes: [{team: none}]", "the team none"),
        ("replies: {hi: {en: '{nobody}', zh: x}}", "{nobody}"),
        ("tiers: [{after: 5m}, {after: 2m}]", "order"),
        ("facts: [password]", "password"),
        ("hello: 1", "hello"),
        ("{", "cannot be read"),
    ],
)
def test_wrong_rules_are_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "desk.yml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert says in str(caught.value)


class _Always:
    def is_open(self, at: datetime) -> bool:
        return True

    def next_opening(self, at: datetime) -> datetime | None:
        return at


def test_rules_are_read_again_and_the_last_good_ones_stay(tmp_path: Path) -> None:
    path = tmp_path / "desk.yml"
    book = Rulebook(path, _Always(), default_channel="main")
    assert book.rules == DeskRules()
    path.write_text("history: 7")
    assert book.rules.history == 7
    path.write_text("history: none")
    assert book.rules.history == 7
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    week = ", ".join(f"{day}: []" for day in days)
    hours = f"{{zone: UTC, zone_name: {{en: u, zh: u}}, week: {{{week}}}}}"
    path.write_text(f"teams: {{night: {{opening_hours: {hours}}}}}")
    assert book.is_open(None, NOW)
    assert not book.is_open("night", NOW)
    assert book.next_opening(None, NOW) == NOW
    assert book.next_opening("night", NOW) is None


def test_a_team_has_holidays_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "desk.yml"
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    week = ", ".join(f'{day}: ["8:00-20:00"]' for day in days)
    path.write_text(
        f"""teams:
  berlin:
    opening_hours:
      zone: Europe/Berlin
      zone_name: {{en: b, zh: b}}
      public_holidays: DE-BE
      holidays: [{{date: "2027-10-04", name: {{en: outing, zh: 外出}}}}]
      week: {{{week}}}
"""
    )
    book = Rulebook(path, _Always())
    for day, there in (("2027-03-07", True), ("2027-03-08", False), ("2027-10-04", False)):
        at = datetime.fromisoformat(f"{day}T10:00:00+00:00")
        assert book.is_open("berlin", at) is there, day
        assert book.is_open(None, at)
    morning = datetime.fromisoformat("2027-03-08T10:00:00+00:00")
    assert book.next_opening("berlin", morning) == datetime.fromisoformat(
        "2027-03-09T07:00:00+00:00"
    )
    path.write_text(path.read_text().replace("DE-BE", "DE-XX"))
    assert book.is_open("berlin", morning) is False, (
        "wrong rules do not take the place of right ones"
    )


@pytest.mark.parametrize(
    ("known", "learnt", "kept"),
    [
        ({}, {"reason": "it broke", "contact_proof": "a@example.com"}, {"reason": "it broke"}),
        (
            {"reason": "it broke"},
            {"wish": "a new one"},
            {"reason": "it broke", "wish": "a new one"},
        ),
        ({"reason": "it broke"}, {"reason": None, "wish": "-"}, {}),
        ({"old": "x"}, {}, {}),
        ({}, {"reason": "x" * 400}, {"reason": "x" * 300}),
    ],
)
def test_collected(known: dict[str, Any], learnt: dict[str, Any], kept: dict[str, Any]) -> None:
    assert collected(known, learnt, ("reason", "wish")) == kept


_PLACE = Place(channel="C1", thread="12.5")


@pytest.mark.parametrize(
    "deed",
    [
        Pressed(button=Button.RESOLVE, conversation_id="c", epoch=3, outcome="solved", minutes=5),
        Wrote(
            place=_PLACE,
            message="1",
            text="hi",
            attachments=(Attachment(name="a", content_type="b", reference="r", size=3),),
        ),
        Changed(place=_PLACE, message="1", text=None),
        Held(place=_PLACE, message="1", choice=Choice.NOTE),
        Retried(message_id=7),
        Commanded(place=_PLACE, word="queue"),
        HomeOpened(),
        RootGone(place=_PLACE),
    ],
)
def test_actions_come_back_as_they_were(deed: Deed) -> None:
    person = Person(external_id="U1", name="Kim", email="kim@example.com")
    action = Action(external_id="a", person=person, at=NOW, deed=deed, place=_PLACE)
    assert codec.from_json(json.loads(json.dumps(codec.to_json(action)))) == action


def test_what_no_database_takes_is_left_out() -> None:
    deed = Wrote(place=_PLACE, message="1", text="a\x00b\ud800")
    action = Action(external_id="a", person=Person(external_id="U1"), at=NOW, deed=deed)
    assert codec.to_json(action)["deed"]["text"] == "ab?"


def test_the_rules_that_the_documentation_shows_are_right(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "howto" / "agents-desk-rules.md").read_text()
    path = tmp_path / "desk.yml"
    path.write_text(page.split("```yaml\n")[1].split("```")[0])
    rules = load(path)
    assert set(rules.model_fields_set) == set(DeskRules.model_fields), "every key is shown"
    assert (
        canned(rules, "thanks", "zh", agent="Kim", customer="Ana") == "Ana，让您久等了，我是Kim。"
    )
