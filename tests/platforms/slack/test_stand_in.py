"""The stand-in keeps Slack's rules: driven by slack_sdk, as the agents' desk will drive it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import Clock as SdkClock
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from desk.clock import StoppedClock
from tests.platforms.slack.delivery import Reply
from tests.platforms.slack.server import BOT_TOKEN, SIGNING_SECRET, SlackPlatform

BUTTON = {
    "type": "button",
    "text": {"type": "plain_text", "text": "Take over"},
    "action_id": "desk.take",
    "value": "c-1:3",
}
CARD = [{"type": "actions", "block_id": "card", "elements": [BUTTON]}]
MODAL: dict[str, Any] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Resolve"},
    "submit": {"type": "plain_text", "text": "Done"},
    "blocks": [
        {
            "type": "input",
            "block_id": "note",
            "label": {"type": "plain_text", "text": "Note"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}


@pytest.fixture
async def slack(clock: StoppedClock) -> AsyncIterator[SlackPlatform]:
    """Serve the stand-in."""
    async with SlackPlatform.open(clock) as platform:
        yield platform


@pytest.fixture
def client(slack: SlackPlatform) -> AsyncWebClient:
    """Return the SDK's client."""
    return AsyncWebClient(BOT_TOKEN, base_url=slack.api_url, retry_handlers=[])


async def refusal(call: Any) -> str:
    """Return the code with which a call is refused."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_a_card_is_posted_changed_and_deleted(
    slack: SlackPlatform, client: AsyncWebClient
) -> None:
    agent = slack.person("agent")
    desk = slack.channel("desk", agent)
    posted = await client.chat_postMessage(channel=desk.id, text="card", blocks=CARD)
    ts = posted["ts"]
    await client.chat_update(channel=desk.id, ts=ts, text="taken", blocks=[])
    await client.reactions_add(channel=desk.id, name="eyes", timestamp=ts)
    assert await refusal(client.reactions_add(channel=desk.id, name="eyes", timestamp=ts)) == (
        "already_reacted"
    )
    reply = await agent.says(desk, "hello", thread=ts)
    await client.chat_postEphemeral(channel=desk.id, user=agent.id, text="psst", thread_ts=ts)
    (ephemeral,) = slack.world.ephemerals
    assert (ephemeral.user, ephemeral.thread_ts) == (agent.id, ts)
    thread = await client.conversations_replies(channel=desk.id, ts=ts)
    assert [one["text"] for one in thread["messages"]] == ["taken", "hello"]
    assert thread["messages"][1]["parent_user_id"] == thread["messages"][0]["user"]
    assert await refusal(client.chat_delete(channel=desk.id, ts=reply)) == "cant_delete_message"
    await client.chat_delete(channel=desk.id, ts=ts)
    assert [raw["event"].get("subtype") for raw in slack.events] == [
        *(None, "message_changed", None, "message_deleted")
    ]
    assert slack.violations == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"text": "x", "colour": "red"}, "invalid_arguments"),
        ({"text": "x", "thread_ts": "yesterday"}, "invalid_arguments"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "blocks": [{"type": "marquee"}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [*CARD, *CARD]}, "invalid_blocks"),
        (
            {"text": "x", "blocks": [{"type": "actions", "elements": [BUTTON] * 2}]},
            "invalid_blocks",
        ),
        ({"text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
    ],
)
async def test_mistakes_are_refused_and_noted(
    slack: SlackPlatform, client: AsyncWebClient, arguments: dict[str, Any], code: str
) -> None:
    room = slack.channel("desk")
    given = {"channel": room.id, **arguments}
    assert await refusal(client.api_call("chat.postMessage", json=given)) == code
    assert len(slack.violations) == 1


async def test_who_may_not_is_refused(slack: SlackPlatform, client: AsyncWebClient) -> None:
    away = slack.channel("away", bot=False)
    hidden = slack.channel("hidden", kind="group", bot=False)
    closed = slack.channel("closed")
    closed.archived = True
    for room, code in (
        (away, "not_in_channel"),
        (hidden, "channel_not_found"),
        (closed, "is_archived"),
    ):
        assert await refusal(client.chat_postMessage(channel=room.id, text="x")) == code
    slack.scopes.clear()
    assert await refusal(client.users_info(user="U0DESK")) == "missing_scope"
    wrong = AsyncWebClient("xoxb-wrong", base_url=slack.api_url)
    assert await refusal(wrong.auth_test()) == "invalid_auth"
    assert slack.violations == []


class App:
    """The app's side: checks signatures and opens a modal when a button is pressed."""

    def __init__(self, clock: StoppedClock) -> None:
        class Seconds(SdkClock):
            def now(self) -> float:
                return clock().timestamp()

        self._verifier = SignatureVerifier(SIGNING_SECRET, Seconds())
        self.forms: list[dict[str, str]] = []
        self.answer: Any = None

    async def take(self, request: web.Request) -> web.Response:
        """Answer one signed request."""
        body = await request.read()
        assert self._verifier.is_valid_request(body, dict(request.headers))
        self.forms.append({k: str(v) for k, v in (await request.post()).items()})
        return web.json_response(self.answer) if self.answer else web.Response()


async def test_buttons_modals_and_commands_over_http(
    slack: SlackPlatform, client: AsyncWebClient, clock: StoppedClock
) -> None:
    app = App(clock)
    server = web.Application()
    server.router.add_post("/slack", app.take)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    url = f"http://{host}:{port}/slack"
    slack.over_http(url, url, url)
    try:
        agent = slack.person("agent")
        desk = slack.channel("desk", agent)
        card = await client.chat_postMessage(channel=desk.id, text="card", blocks=CARD)
        assert (await agent.clicks(desk, card["ts"], "Take over")).status == 200
        trigger = slack.events[-1]["trigger_id"]
        opened = await client.views_open(trigger_id=trigger, view=MODAL)
        assert await refusal(client.views_open(trigger_id=trigger, view=MODAL)) == (
            "invalid_trigger_id"
        )
        view = opened["view"]["id"]
        app.answer = {"response_action": "errors", "errors": {"note": "too short"}}
        values = {"note": {"text": {"type": "plain_text_input", "value": "x"}}}
        assert await agent.submits(view, values) == Reply(200, app.answer)
        app.answer = None
        await agent.submits(view, values)
        assert view not in slack.world.views
        app.answer = {"text": "nobody waits"}
        assert (await agent.runs(desk, "/frontdesk", "queue")).body == app.answer
        assert app.forms[-1]["text"] == "queue"
        clock.advance(timedelta(seconds=4))
        late = slack.events[-1]["trigger_id"]
        assert await refusal(client.views_open(trigger_id=late, view=MODAL)) == (
            "expired_trigger_id"
        )
        assert slack.violations == []
        await slack.settled()
    finally:
        await runner.cleanup()


async def test_what_the_desk_relies_on(slack: SlackPlatform, client: AsyncWebClient) -> None:
    agent = slack.person("agent", email="agent@example.com")
    room = slack.channel("desk", agent)
    direct = await client.chat_postMessage(channel=agent.id, text="hi")
    assert direct["channel"] == "DUAGENT"
    assert await refusal(client.chat_postMessage(channel="UNOBODY", text="hi")) == "user_not_found"
    root = await client.chat_postMessage(channel=room.id, text="card", blocks=CARD)
    await client.chat_postMessage(channel=room.id, text="reply", thread_ts=root["ts"])
    await agent.removes(room, root["ts"])
    gone = client.chat_update(channel=room.id, ts=root["ts"], text="again")
    assert await refusal(gone) == "message_not_found"
    assert (await client.users_info(user=agent.id))["user"]["profile"]["email"] == agent.user.email
    slack.scopes -= {"users:read.email"}
    assert "email" not in (await client.users_info(user=agent.id))["user"]["profile"]
    piece = {"type": "section", "text": {"type": "plain_text", "text": "x" * 3_000}}
    long = client.chat_postMessage(channel=room.id, text="x", blocks=[piece] * 4)
    assert await refusal(long) == "msg_blocks_too_long"
    assert slack.violations.pop() == "chat.postMessage: msg_blocks_too_long: 12000 characters"
    assert slack.violations == []
