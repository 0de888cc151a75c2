"""Slack calls: signatures, retries, presses, forms, commands, at one address."""

import json
from contextlib import nullcontext
from datetime import timedelta
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from desk.agentdesk.port import (
    AskPost,
    Button,
    CardPost,
    Choice,
    Commanded,
    Held,
    HomePost,
    Line,
    LinePost,
    Place,
    Pressed,
    Retried,
)
from desk.errors import ForbiddenError, InvalidError
from desk.message import WebhookRequest
from desk.tables.conversation import Author
from tests.channels.slack.desk.conftest import CONVERSATION, Desk, card, serving, texts
from tests.platforms.slack import payloads
from tests.platforms.slack.delivery import FORM, Signing, event_body, interaction_body
from tests.platforms.slack.server import SIGNING_SECRET

SECONDS = [(300, True), (-300, True), (301, False), (-301, False)]


def request(desk: Desk, body: bytes, **changed: Any) -> WebhookRequest:
    """Return a signed request."""
    secret, at = changed.get("secret", SIGNING_SECRET), changed.get("at", desk.clock())
    headers = Signing(secret, desk.clock).headers(body, seconds=at.timestamp())
    return WebhookRequest(method="POST", headers=headers, query={}, body=changed.get("sent", body))


@pytest.mark.parametrize(("seconds", "good"), SECONDS)
def test_five_minutes_either_way(desk: Desk, seconds: int, good: bool) -> None:
    assert desk.parts.ingress is not None
    asked = request(desk, b"{}", at=desk.clock() + timedelta(seconds=seconds))
    with nullcontext() if good else pytest.raises(ForbiddenError):
        desk.parts.ingress.verify(asked)


async def test_forged_requests_do_nothing(desk: Desk) -> None:
    place = await desk.begins()
    press = payloads.pressed(
        desk.slack.world, desk.room, desk.ann.user, desk.root(place), "desk",
        {"action_id": "desk.take_over", "value": f"{CONVERSATION}:3", "text": {}},
    )  # fmt: skip
    body = interaction_body(press)
    forged = [
        request(desk, body, secret="another"),
        request(desk, body, sent=body + b" "),
        request(desk, body, at=desk.clock() - timedelta(seconds=301)),
        WebhookRequest(method="POST", headers={}, query={}, body=body),
    ]
    async with serving(desk) as route, aiohttp.ClientSession() as session:
        for one in forged:
            headers = {**one.headers, "Content-Type": FORM}
            async with session.post(route._interactions, data=one.body, headers=headers) as reply:
                assert reply.status == 403
        async with session.post(route._events, data=BytesIO(b"x" * (2**20 + 1))) as reply:
            assert reply.status == 413
    assert desk.core.deeds == []


async def test_the_address_is_tried(desk: Desk) -> None:
    body = event_body({"type": "url_verification", "challenge": "abc", "token": "x"})
    async with serving(desk) as route:
        reply, _ = await route._post(route._events, body, "application/json", {})
        assert (reply.status, reply.body) == (200, "abc")
    assert desk.parts.ingress is not None
    for odd in (b"url_verification", b'{"url_verification": 1}', b"\xffurl_verification"):
        assert desk.parts.ingress.answer(request(desk, odd)) is None


async def test_only_what_is_durable_is_acknowledged(desk: Desk) -> None:
    place = await desk.begins()
    async with serving(desk) as route:
        desk.core.failures = 2
        await desk.ann.says(desk.room, "hello", thread=place.thread)
        await desk.slack.settled()
        assert [one.status for one in route.attempts if one.number or desk.core.struck] != []
        assert desk.core.struck == 2
        assert [one.text for one in desk.core.deeds] == ["hello"]
        statuses = [one.status for one in route.attempts]
        assert sorted(statuses) == [200, 503, 503]
        desk.core.failures = 1
        reply = await desk.ann.clicks(desk.room, place.thread, "Take over")
        assert (reply.status, desk.core.struck) == (503, 3)


async def test_a_first_delivery_that_was_lost(desk: Desk) -> None:
    place = await desk.begins()
    await desk.ann.says(desk.room, "while we were down", thread=place.thread)
    raw = desk.slack.events[-1]
    async with serving(desk) as route:
        retry = {"X-Slack-Retry-Num": "3", "X-Slack-Retry-Reason": "http_timeout"}
        await route._post(route._events, event_body(raw), "application/json", retry)
    assert [one.text for one in desk.core.deeds] == ["while we were down"]


async def test_take_over_once_for_a_double_click(desk: Desk) -> None:
    place = await desk.begins()
    async with serving(desk):
        for person in (desk.ann, desk.ann, desk.bob):
            reply = await person.clicks(desk.room, place.thread, "Take over")
            assert (reply.status, reply.body) == (200, None)
        deed = Pressed(button=Button.TAKE_OVER, conversation_id=CONVERSATION, epoch=3)
        assert desk.core.deeds == [deed, deed]
        people = [one.person.external_id for one in desk.core.actions.values()]
        assert people == ["UANN", "UBOB"]
        assert {one.place for one in desk.core.actions.values()} == {place}
        assert desk.core.taken == 3
        desk.clock.advance(timedelta(seconds=10))  # once more, after a refusal
        await desk.ann.clicks(desk.room, place.thread, "Take over")
        await desk.show(CardPost(card=card(epoch=4)), place)
        await desk.ann.clicks(desk.room, place.thread, "Take over")
        assert [one.epoch for one in desk.core.deeds] == [3, 3, 3, 4]


def value(text: str) -> dict[str, Any]:
    return {"value": {"type": "plain_text_input", "value": text}}


def option(word: str) -> dict[str, Any]:
    return {"value": {"type": "static_select", "selected_option": {"value": word}}}


FILLED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Send once": ({"text": value(" hi ")}, {"text": "hi"}),
    "Note": ({"text": value("vip")}, {"text": "vip"}),
    "Transfer": (
        {
            "agent": {"value": {"selected_user": "UBOB"}},
            "team": option("billing"),
            "text": value(""),
        },
        {"to": "UBOB"},
    ),
    "Snooze": (
        {"minutes": option("240"), "text": value("lunch")},
        {"minutes": 240, "text": "lunch"},
    ),
    "Resolve": (
        {"outcome": option("solved"), "topic": option("refund"), "text": value("paid")},
        {"outcome": "solved", "topic": "refund", "text": "paid"},
    ),
    "Return to bot": (
        {
            "text": value("sent twice"),
            "follow_on": {"value": {"selected_options": [{"value": "yes"}]}},
        },
        {"text": "sent twice", "follow_on": True},
    ),
}


@pytest.mark.parametrize("title", FILLED)
async def test_a_form_opens_and_says_what_was_filled_in(desk: Desk, title: str) -> None:
    values, said = FILLED[title]
    place = await desk.begins()
    async with serving(desk):
        assert (await desk.ann.clicks(desk.room, place.thread, title)).status == 200
        assert desk.core.deeds == []  # an open form is no deed
        ((view_id, view),) = desk.slack.world.views.items()
        assert "A. B." in texts(view["blocks"])
        assert set(values) == {b["block_id"] for b in view["blocks"] if b["type"] == "input"}
        reply = await desk.ann.submits(view_id, values)
        assert (reply.status, reply.body) == (200, {"response_action": "clear"})
    button = Button({"Return to bot": "release"}.get(title, title.lower().replace(" ", "_")))
    expected = Pressed(button=button, conversation_id=CONVERSATION, epoch=3, **said)
    assert desk.core.deeds == [expected]
    (action,) = desk.core.actions.values()
    assert (action.person.external_id, action.place) == ("UANN", place)
    assert desk.slack.world.views == {}


@pytest.mark.parametrize(
    ("title", "values", "at"),
    [
        ("Note", {"text": value("  ")}, "text"),
        ("Send once", {}, "text"),
        ("Transfer", {}, "agent"),
    ],
)
async def test_a_form_that_lacks_something_stays(
    desk: Desk, title: str, values: dict[str, Any], at: str
) -> None:
    place = await desk.begins()
    async with serving(desk):
        await desk.ann.clicks(desk.room, place.thread, title)
        (view_id,) = desk.slack.world.views
        reply = await desk.ann.submits(view_id, values)
    assert reply.body["response_action"] == "errors"
    assert list(reply.body["errors"]) == [at]
    assert desk.core.deeds == []
    assert list(desk.slack.world.views) == [view_id]


async def test_a_form_told_twice_is_one_deed(desk: Desk) -> None:
    place = await desk.begins()
    async with serving(desk):
        await desk.ann.clicks(desk.room, place.thread, "Note")
        ((view_id, view),) = desk.slack.world.views.items()
        for _ in range(2):
            await desk.ann.submits(view_id, {"text": value("x")})
            desk.slack.world.views[view_id] = view
        await desk.ann.clicks(desk.room, place.thread, "Note")
        second = next(one for one in desk.slack.world.views if one != view_id)
        await desk.ann.submits(second, {"text": value("x")})
    assert (desk.core.taken, len(desk.core.deeds)) == (3, 2)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("expired_trigger_id", "took too long"),
        ("invalid_trigger_id", "took too long"),
        ("internal_error", "press the button again"),
        ("429", "press the button again"),
        ("missing_scope", "tell your operator"),
    ],
)
async def test_a_form_that_did_not_open_is_told(desk: Desk, fault: str, words: str) -> None:
    place = await desk.begins()
    async with serving(desk):
        desk.slack.will(fault, method="views.open")
        reply = await desk.ann.clicks(desk.room, place.thread, "Note")
        assert reply.status == 200
        (whisper,) = desk.whispers(desk.ann)
        assert words in whisper
        assert desk.slack.world.ephemerals[0].thread_ts == place.thread
        assert desk.slack.struck[fault] == 1
        await desk.ann.clicks(desk.room, place.thread, "Note")
    assert len(desk.slack.world.views) == 1


async def test_nothing_keeps_slack_waiting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.slack.desk.ingress._FORM_SECONDS", 0.1)
    monkeypatch.setattr("channels.slack.desk.ingress._TELLING_SECONDS", 0.1)
    place = await desk.begins()
    async with serving(desk):
        desk.slack.will("timeout", method="views.open")
        desk.slack.will("timeout", method="chat.postEphemeral")
        assert (await desk.ann.clicks(desk.room, place.thread, "Note")).status == 200
    assert desk.slack.struck["timeout"] == 2


@pytest.mark.parametrize(
    ("title", "choice"),
    [
        ("Take over and send", Choice.TAKE_OVER),
        ("Send once", Choice.SEND_ONCE),
        ("Keep as note", Choice.NOTE),
        ("Forget it", Choice.FORGET),
    ],
)
async def test_held_words_are_answered_once(desk: Desk, title: str, choice: Choice) -> None:
    place = await desk.begins()
    ts = await desk.bob.says(desk.room, "let me", thread=place.thread)
    await desk.show(AskPost(person="UBOB", held=ts, why="Ann has this one."), place, key="p|1")
    (shown,) = desk.slack.world.ephemerals
    assert (shown.user, shown.thread_ts) == ("UBOB", place.thread)
    async with serving(desk):
        assert (await desk.bob.answers(title)).status == 200
        assert desk.core.only() == Held(place=place, message=ts, choice=choice)
        assert desk.slack.world.ephemerals == []  # it was put away
        desk.slack.world.ephemerals.append(shown)
        await desk.bob.answers("Send once")
        assert (desk.core.taken, len(desk.core.deeds)) == (2, 1)
        await desk.show(AskPost(person="UBOB", held=ts, why="Again."), place, key="p|2")
        await desk.bob.answers("Send once")
        assert len(desk.core.deeds) == 2


async def test_retry(desk: Desk) -> None:
    place = await desk.begins()
    failed = Line(author=Author.AGENT, text="hi", name="ann")
    ts = await desk.show(LinePost(line=failed, retry=77), place)
    async with serving(desk):
        for _ in range(2):
            await desk.ann.clicks(desk.room, str(ts), "Retry")
    assert desk.core.only() == Retried(message_id=77)
    assert desk.core.taken == 2


@pytest.mark.parametrize(
    ("text", "word", "argument"),
    [
        ("queue", "queue", ""),
        (" Find  <A. B.> order ", "find", "<A. B.> order"),
        ("", "help", ""),
    ],
)
async def test_commands(desk: Desk, text: str, word: str, argument: str) -> None:
    async with serving(desk):
        reply = await desk.ann.runs(desk.room, "/frontdesk", text)
        assert (reply.status, reply.body) == (200, None)
        deed = Commanded(place=desk.place, word=word, argument=argument)
        assert desk.core.only() == deed
        await desk.ann.runs(desk.room, "/frontdesk", text)
        assert desk.core.deeds == [deed, deed]


async def test_the_home_tab_has_buttons_too(desk: Desk) -> None:
    await desk.show(HomePost(person="UANN", status="here", waiting=(card(),)), Place(channel=""))
    async with serving(desk):
        await desk.ann.clicks_at_home("Take over")
        (action,) = desk.core.actions.values()
        assert action.deed == Pressed(
            button=Button.TAKE_OVER, conversation_id=CONVERSATION, epoch=3
        )
        assert action.place == Place(channel="")
        desk.slack.will("expired_trigger_id", method="views.open")
        await desk.ann.clicks_at_home("Note")
        direct = desk.slack.world.rooms["DUANN"]
        assert "too long" in desk.written(direct)[0].text
        await desk.ann.clicks_at_home("Note")
        (view_id,) = (n for n, v in desk.slack.world.views.items() if v["type"] == "modal")
        await desk.ann.submits(view_id, {"text": value("n")})
    assert list(desk.core.actions.values())[-1].place == Place(channel="")


async def test_links_and_strange_buttons_say_nothing(desk: Desk) -> None:
    place = await desk.begins(console_url="https://desk.example.com/c/1")
    world = desk.slack.world
    async with serving(desk):
        await desk.ann.clicks(desk.room, place.thread, "Open in the console")
        for name in ("desk.explode", "choice:0", "x"):
            odd: dict[str, Any] = {"action_id": name, "value": "1", "text": {}}
            press = payloads.pressed(world, desk.room, desk.ann.user, desk.root(place), "b", odd)
            assert (await desk.slack.interact(press)).status == 200
        view = {"id": "V1", "type": "modal", "callback_id": "other", "blocks": []}
        world.views["V1"] = view
        assert (await desk.ann.submits("V1", {})).body is None
    assert desk.core.deeds == []


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (event_body({"type": "event_callback", "event": 5}), "application/json", 200),
        (event_body({"type": "event_callback"}), "application/json", 200),
        (b"{", "application/json", 200),
        (b"[" * 100_000, "application/json", 200),
        (interaction_body({"type": "block_actions"}), FORM, 422),
        (b"payload=%7B", FORM, 422),
        (b"payload=5", FORM, 422),
        (b"command=%2Ffrontdesk", FORM, 422),
        (b"ssl_check=1&token=x", FORM, 200),
        (b"\xff\xfe", FORM, 403),
    ],
)
async def test_what_cannot_be_read(
    desk: Desk, body: bytes, content_type: str, status: int
) -> None:
    async with serving(desk) as route:
        reply, _ = await route._post(route._events, body, content_type, {})
    assert (reply.status, desk.core.deeds) == (status, [])


async def test_after_never_raises(desk: Desk) -> None:
    assert desk.parts.ingress is not None
    bodies = [
        b"nonsense", b"{}", b"\xff", b'{"type":"block_actions"}', b'{"type":"view_submission"}',
        json.dumps({"type": "view_submission", "view": {"callback_id": "desk.form"}}).encode(),
        json.dumps({"type": "block_actions", "actions": [{"action_id": "desk.note"}]}).encode(),
    ]  # fmt: skip
    for body in bodies:
        assert await desk.parts.ingress.after(request(desk, body)) is None
    with pytest.raises(InvalidError):
        desk.parts.ingress.parse(request(desk, b'{"type":"view_submission"}'))
