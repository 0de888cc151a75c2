"""``frontdesk channels`` and ``frontdesk updates``, against platforms that stand in for the real ones."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from app.commands import channels as commands
from app.wiring import Desk
from channels import registry
from desk.channel import ChannelDownError
from desk.clock import StoppedClock, now
from desk.inbox import cursors
from desk.message import Unread
from desk.outbox import costs
from desk.outbox.repository import Lane
from desk.tables.channel import UnreadRow, UnreadState
from tests.channels.webhook.subject import SECRET
from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure
from tests.platforms.telegram import people
from tests.platforms.telegram.server import BOT_ID, TOKEN, TelegramPlatform
from tests.platforms.webhook.receiver import Receiver
from tests.talk import rows

LANE = Lane("telegram", str(BOT_ID))


@pytest.fixture
async def telegram(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TelegramPlatform]:
    """Set Telegram up, as an operator does."""
    async with TelegramPlatform(now) as platform:
        monkeypatch.setenv("FRONTDESK_TELEGRAM_TOKEN", TOKEN)
        monkeypatch.setenv("FRONTDESK_TELEGRAM_API_URL", platform.url)
        yield platform
        assert platform.violations == []


@pytest.fixture
async def receiver(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    """Set the signed webhook up."""
    async with Receiver.open(SECRET, now) as one:
        monkeypatch.setenv("FRONTDESK_WEBHOOK_URL", one.url)
        monkeypatch.setenv("FRONTDESK_WEBHOOK_SECRET", SECRET)
        yield one
        assert one.violations == []


async def listed(frontdesk: Frontdesk) -> dict[str, Any]:
    """Return the list by channel."""
    result = await frontdesk("channels", "list", "--json")
    assert result.exit_code == 0, result.output
    return {row["channel"]: row for row in json.loads(result.stdout)}


# -- list


@SQLITE_ONLY
async def test_what_is_not_set_up_says_what_it_needs(frontdesk: Frontdesk) -> None:
    found = await listed(frontdesk)
    assert [*found] == ["webchat", *(spec.name for spec in registry.SPECS)]
    assert found["webchat"]["state"] == "up"
    for spec in registry.SPECS:
        assert found[spec.name]["state"] == "not set up"
        for key in spec.settings.needs:
            assert f"{spec.prefix}{key}".upper() in found[spec.name]["detail"]
    table = (await frontdesk("channels", "list")).stdout
    assert "needs FRONTDESK_TELEGRAM_TOKEN" in table
    assert "docs/howto/connect-" in table
    # Nothing is known of when and how much yet, so the table does not ask to be read about it.
    assert "last read" not in table


@SQLITE_ONLY
@pytest.mark.parametrize(
    ("name", "settings", "line"),
    [
        (
            "slack",
            {"BOT_TOKEN": "xoxb-1"},
            "FRONTDESK_SLACK_SIGNING_SECRET: missing; copy it from the app's Basic Information,"
            " or set FRONTDESK_SLACK_MODE=socket",
        ),
        (
            "email",
            {"ADDRESS": "a@example.com"},
            "FRONTDESK_EMAIL_IMAP_HOST, FRONTDESK_EMAIL_IMAP_PASSWORD, FRONTDESK_EMAIL_SMTP_HOST: missing; "
            "set them, or remove FRONTDESK_EMAIL_ADDRESS",
        ),
        (
            "telegram",
            {"TOKN": TOKEN},
            "FRONTDESK_TELEGRAM_TOKN: there is no such setting; did you mean FRONTDESK_TELEGRAM_TOKEN?",
        ),
        (
            "telegram",
            {"TOKEN": TOKEN, "MODE": "webhook", "WEBHOOK_SECRET": "s" * 20},
            "FRONTDESK_PUBLIC_URL: must be the https:// address at which Telegram reaches this machine,"
            " or set FRONTDESK_TELEGRAM_MODE=polling",
        ),
    ],
)
async def test_what_is_set_up_by_half_is_wrong_and_hides_no_other(
    frontdesk: Frontdesk,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    settings: dict[str, str],
    line: str,
) -> None:
    for key, value in settings.items():
        monkeypatch.setenv(f"FRONTDESK_{name.upper()}_{key}", value)
    found = await listed(frontdesk)
    assert (found[name]["state"], found[name]["detail"]) == ("wrong", line)
    assert (found["webhook"]["state"], found["webhook"]["way"]) == ("not started yet", "webhook")
    result = await frontdesk("channels", "check", "--json")
    assert result.exit_code == 1
    wrong, good = json.loads(result.stdout)
    assert (wrong["channel"], wrong["problems"]) == (name, [line])
    assert (good["channel"], good["problems"], receiver.pings) == ("webhook", [], 1)
    # Nor does it keep an operator from trying the one that is fine.
    assert (await frontdesk("channels", "check", "webhook")).exit_code == 0
    assert (await frontdesk("channels", "send-test", "webhook", "chat-1")).exit_code == 0
    assert failure(await frontdesk("channels", "send-test", name, "1")) == line


async def test_what_is_set_up_is_shown_as_it_is(
    frontdesk: Frontdesk, desk: Desk, telegram: TelegramPlatform, clock: StoppedClock
) -> None:
    assert (await listed(frontdesk))["telegram"]["state"] == "not started yet"
    await desk.states.tell(*LANE, None)
    async with desk.database.write() as session:
        await costs.add(session, LANE, 1_250_000, clock() - timedelta(days=1))
        await costs.add(session, LANE, 30_000, clock())
        await costs.add(session, LANE, 15_000, clock())
    reading = await cursors.take(desk.database, *LANE, owner="o", now=clock())
    assert reading is not None
    async with desk.database.write() as session:
        await cursors.move(session, reading, "1", clock())
    assert (await listed(frontdesk))["telegram"] == {
        "channel": "telegram",
        "state": "up",
        "account": str(BOT_ID),
        "way": "polling",
        "since": "2026-03-02T12:00:00+00:00",
        "last_read_at": "2026-03-02T12:00:00+00:00",
        "cost_today": 0.045,
        "detail": None,
    }
    await desk.states.tell(*LANE, ChannelDownError("the token was revoked; set TOKEN"))
    table = (await frontdesk("channels", "list")).stdout
    (line,) = [one for one in table.splitlines() if "telegram" in one]
    for cell in ("down", "polling", "0.045", "2026-03-02 12:00 UTC", "the token was revoked"):
        assert cell in line


# -- check


async def test_a_check_asks_the_platform_who_we_are(
    invoke: Frontdesk, telegram: TelegramPlatform, receiver: Receiver
) -> None:
    result = await invoke("channels", "check")  # no database is needed
    assert result.exit_code == 0
    assert "telegram (@example_desk_bot (Example Desk)): works" in result.stdout
    assert "webhook (127.0.0.1): works" in result.stdout
    assert [method for method, _ in telegram.calls] == ["getMe", "getWebhookInfo"]
    only = json.loads((await invoke("channels", "check", "webhook", "--json")).stdout)
    assert [answer["channel"] for answer in only] == ["webhook"]
    assert receiver.pings == 2


async def test_a_check_that_finds_something_says_what_to_do(
    invoke: Frontdesk, telegram: TelegramPlatform, receiver: Receiver
) -> None:
    telegram.is_revoked = True
    receiver.will("503")
    result = await invoke("channels", "check")
    assert result.exit_code == 1
    assert f"telegram ({BOT_ID}): needs your attention" in result.stdout
    assert "problem: Telegram refuses the bot's token" in result.stdout
    assert "set FRONTDESK_TELEGRAM_TOKEN" in result.stdout
    assert "problem: no answer that helps (" in result.stdout
    assert "try again later" in result.stdout
    assert receiver.struck["503"] == 1
    assert (await invoke("channels", "check", "webhook")).exit_code == 0


async def test_a_platform_that_is_silent_is_not_waited_for(
    invoke: Frontdesk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_LONGEST_CHECK", 0.2)
    receiver.will("timeout")
    result = await invoke("channels", "check")
    assert result.exit_code == 1
    assert "problem: no answer within 0.2 seconds" in result.stdout
    assert receiver.struck["timeout"] == 1


async def test_nothing_to_check_is_said(invoke: Frontdesk) -> None:
    result = await invoke("channels", "check")
    assert result.exit_code == 0
    assert "No channel is set up besides the web chat" in result.stdout
    assert json.loads((await invoke("channels", "check", "--json")).stdout) == []
    line = failure(await invoke("channels", "check", "x"))
    assert line.startswith("x is not set up: it needs FRONTDESK_X_API_KEY, FRONTDESK_X_API_SECRET")
    line = failure(await invoke("channels", "check", "fax"))
    assert line == "there is no channel 'fax'; there are: " + ", ".join(
        spec.name for spec in registry.SPECS
    )


# -- send-test


async def test_a_test_message_arrives(invoke: Frontdesk, telegram: TelegramPlatform) -> None:
    chat = str(people.user_of(1))
    result = await invoke("channels", "send-test", "telegram", chat)
    assert result.exit_code == 0
    (sent,) = telegram.accepted
    assert (str(sent.chat), sent.text) == (chat, commands._TEST)
    assert result.stdout.startswith("telegram accepted it as ")
    words = ("channels", "send-test", "telegram", chat, "--text", "你好 <b>", "--json")
    answer = json.loads((await invoke(*words)).stdout)
    assert (answer["channel"], bool(answer["external_id"])) == ("telegram", True)
    assert telegram.accepted[-1].text == "你好 <b>"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("blocked", "blocked"),
        ("revoked", "set FRONTDESK_TELEGRAM_TOKEN"),
        ("500", "try again later"),
    ],
)
async def test_a_refused_test_message_is_one_line(
    invoke: Frontdesk, telegram: TelegramPlatform, fault: str, reason: str
) -> None:
    telegram.will(fault)
    line = failure(await invoke("channels", "send-test", "telegram", str(people.user_of(1))))
    assert line.startswith("telegram: ")
    assert reason in line
    assert telegram.struck[fault] == 1
    assert telegram.accepted == []


async def test_bad_input_to_send_test(invoke: Frontdesk, telegram: TelegramPlatform) -> None:
    line = failure(await invoke("channels", "send-test", "telegram", "5", "--text", "  "))
    assert line == "--text: nothing to send"
    assert "there is no channel" in failure(await invoke("channels", "send-test", "fax", "5"))
    assert "matrix is not set up" in failure(await invoke("channels", "send-test", "matrix", "!r"))
    assert telegram.calls == []


# -- updates


async def set_aside(desk: Desk, *raws: dict[str, Any], state: UnreadState) -> list[int]:
    """Put updates aside in a state; return their ids."""
    found = [
        Unread(channel="telegram", account="1", raw=raw, error="KeyError: 'a'") for raw in raws
    ]
    async with desk.database.write() as session:
        await desk.ingest.store(session, found)
    kept = await rows(desk, UnreadRow)
    async with desk.database.write() as session:
        for row in kept[-len(raws) :]:
            (await session.get_one(UnreadRow, row.id)).state = state
    return [row.id for row in kept[-len(raws) :]]


async def test_updates_are_listed_newest_first(frontdesk: Frontdesk, desk: Desk) -> None:
    assert "Every update could be read." in (await frontdesk("updates", "list")).stdout
    (old,) = await set_aside(desk, {"text": "\x1b[31m" + "x" * 500}, state=UnreadState.DEAD)
    (new,) = await set_aside(desk, {"b": 1}, state=UnreadState.WAITING)
    found = json.loads((await frontdesk("updates", "list", "--json")).stdout)
    assert [row["id"] for row in found] == [new, old]
    assert json.loads(found[0]["raw"]) == {"b": 1}
    assert len(found[1]["raw"]) > 500
    table = (await frontdesk("updates", "list", "--state", "dead")).stdout
    assert "KeyError: 'a'" in table
    assert '{"b": 1}' not in table
    assert "\x1b" not in table
    assert "No update is done." in (await frontdesk("updates", "list", "--state", "done")).stdout
    line = failure(await frontdesk("updates", "list", "--state", "lost"))
    assert line == "'lost' is none of: waiting, dead, done."


async def test_dead_updates_are_replayed(frontdesk: Frontdesk, desk: Desk) -> None:
    first, *more = await set_aside(desk, {"a": 1}, {"a": 2}, {"a": 3}, state=UnreadState.DEAD)
    (waiting,) = await set_aside(desk, {"a": 4}, state=UnreadState.WAITING)
    assert (await frontdesk("updates", "replay", str(first))).exit_code == 0
    line = failure(await frontdesk("updates", "replay", str(waiting)))
    assert line == f"update {waiting} is waiting; only dead ones are replayed"
    assert failure(await frontdesk("updates", "replay", "999")) == "there is no update 999"
    result = await frontdesk("updates", "replay", "--all-dead", "--json")
    assert json.loads(result.stdout) == {"replayed": len(more)}
    assert {row.state for row in await rows(desk, UnreadRow)} == {UnreadState.WAITING}
