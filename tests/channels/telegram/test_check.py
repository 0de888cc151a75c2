"""What an operator is told, what is set, and deep links."""

from datetime import timedelta

import pytest

from channels.spec import Tools
from channels.telegram.adapter import PollingTelegram, TelegramChannel, WebhookTelegram
from channels.telegram.client import HEARD
from channels.telegram.me import Me
from channels.telegram.settings import TelegramSettings
from channels.telegram.spec import SPEC
from desk.channel import (
    ChannelDownError,
    CheckedChannel,
    ClosingChannel,
    FetchingChannel,
)
from desk.clock import StoppedClock
from desk.errors import InvalidError, RetryableError, SettingsError
from tests.channels.telegram.subject import (
    SECRET,
    WEBHOOK,
    PollingSubject,
    TelegramSubject,
    WebhookSubject,
    client_of,
)
from tests.conftest import NOON
from tests.platforms.telegram import people
from tests.platforms.telegram.server import BOT_ID, TOKEN, USERNAME


async def test_the_protocols(either: TelegramSubject) -> None:
    for protocol in (CheckedChannel, ClosingChannel, FetchingChannel):
        assert isinstance(either.channel, protocol)


async def test_all_is_well_after_a_start(either: TelegramSubject) -> None:
    assert isinstance(either.channel, CheckedChannel)
    await either.channel.start()
    check = await either.channel.check()
    assert check.account == f"@{USERNAME} (Example Desk)"
    assert check.problems == ()
    assert "group privacy is on" in check.notes[0]
    either.platform.reads_groups = True
    assert "group privacy is off" in (await either.channel.check()).notes[0]


async def test_problems_of_a_webhook(webhook: WebhookSubject, clock: StoppedClock) -> None:
    assert isinstance(webhook.channel, WebhookTelegram)
    assert "no webhook is set" in (await webhook.channel.check()).problems[0]
    hook = webhook.platform.hook
    hook.url = "https://other.example.com/hook"
    assert "another installation" in (await webhook.channel.check()).problems[0]
    hook.url, hook.allowed = WEBHOOK, list(HEARD)
    assert (await webhook.channel.check()).problems == ()
    hook.last_error, hook.allowed = "Wrong response from the webhook: 503", ["message"]
    delivery, unheard = (await webhook.channel.check()).problems
    assert "could not deliver at 2026-03-02 12:00 UTC: Wrong response" in delivery
    assert "callback_query, edited_message, my_chat_member" in unheard


async def test_problems_of_polling(polling: PollingSubject) -> None:
    assert isinstance(polling.channel, PollingTelegram)
    polling.platform.hook.url = "https://other.example.com/hook"
    for n in range(100):
        polling.platform.pending.put(people.message(n, 1, text="x"))
    hooked, waiting = (await polling.channel.check()).problems
    assert "polling gets nothing" in hooked
    assert waiting.startswith("100 updates wait")


async def test_an_error_of_yesterday_is_no_problem(
    webhook: WebhookSubject, clock: StoppedClock
) -> None:
    assert isinstance(webhook.channel, WebhookTelegram)
    webhook.platform.hook.url = WEBHOOK
    webhook.platform.hook.last_error = "timed out"
    webhook.platform.last_error_at = int((NOON - timedelta(days=1)).timestamp())
    assert (await webhook.channel.check()).problems == ()


async def test_a_revoked_token_is_the_operators_matter(
    polling: PollingSubject, clock: StoppedClock
) -> None:
    client = client_of(polling.platform, token=f"{BOT_ID}:a-token-that-was-revoked-1234567")
    channel = PollingTelegram(client=client, me=Me(id=BOT_ID), clock=clock)
    with pytest.raises(ChannelDownError, match="@BotFather") as refused:
        await channel.check()
    assert "revoked-1234567" not in f"{refused.value}{refused.value.__cause__}"
    await channel.close()


async def test_deep_links(polling: PollingSubject, clock: StoppedClock) -> None:
    assert polling.channel.deep_link("AbC_1-2") == f"https://t.me/{USERNAME}?start=AbC_1-2"
    for token in ("", "a b", "x" * 65, "é"):
        with pytest.raises(InvalidError):
            polling.channel.deep_link(token)
    nameless = PollingTelegram(client=client_of(polling.platform), me=Me(id=BOT_ID), clock=clock)
    with pytest.raises(RetryableError, match="USERNAME"):
        nameless.deep_link("a")
    await nameless.start()
    assert nameless.deep_link("a") == f"https://t.me/{USERNAME}?start=a"
    await nameless.close()


def load(
    monkeypatch: pytest.MonkeyPatch, public_url: str | None = None, **settings: str
) -> TelegramChannel | None:
    for name, value in settings.items():
        monkeypatch.setenv(f"FRONTDESK_TELEGRAM_{name.upper()}", value)
    tools = Tools(clock=StoppedClock(NOON), secret="s", public_url=public_url)
    channel = SPEC.load(tools)
    assert channel is None or isinstance(channel, TelegramChannel)
    return channel


async def test_settings_choose_the_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch) is None
    polling = load(monkeypatch, token=TOKEN, mode="", username="@example_desk_bot")
    assert isinstance(polling, PollingTelegram)
    assert polling.account == str(BOT_ID)
    assert polling.deep_link("x") == "https://t.me/example_desk_bot?start=x"
    webhook = load(monkeypatch, "https://desk.example.com/", mode="webhook", webhook_secret=SECRET)
    assert isinstance(webhook, WebhookTelegram)
    await polling.close()
    await webhook.close()


@pytest.mark.parametrize(
    ("settings", "public_url", "words"),
    [
        ({"mode": "polling"}, None, "FRONTDESK_TELEGRAM_TOKEN: missing"),
        ({"token": "secret-nonsense"}, None, "FRONTDESK_TELEGRAM_TOKEN: is not a bot token"),
        ({"token": TOKEN, "mode": "push"}, None, "FRONTDESK_TELEGRAM_MODE: .*'polling' or"),
        (
            {"token": TOKEN, "mode": "webhook"},
            "https://desk.example.com",
            "FRONTDESK_TELEGRAM_WEBHOOK_SECRET: .*16 to 256",
        ),
        (
            {"token": TOKEN, "mode": "webhook", "webhook_secret": "short"},
            "https://desk.example.com",
            "FRONTDESK_TELEGRAM_WEBHOOK_SECRET",
        ),
        (
            {"token": TOKEN, "mode": "webhook", "webhook_secret": SECRET},
            None,
            "FRONTDESK_PUBLIC_URL",
        ),
        (
            {"token": TOKEN, "mode": "webhook", "webhook_secret": SECRET},
            "http://desk.example.com",
            "FRONTDESK_PUBLIC_URL: must be the https:// address",
        ),
        ({"token": TOKEN, "username": "a b"}, None, "FRONTDESK_TELEGRAM_USERNAME"),
        ({"token": TOKEN, "api_url": "ftp://x"}, None, "FRONTDESK_TELEGRAM_API_URL"),
        ({"token": TOKEN, "tokn": "x"}, None, "did you mean FRONTDESK_TELEGRAM_TOKEN"),
    ],
)
def test_what_is_set_wrong_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], public_url: str | None, words: str
) -> None:
    with pytest.raises(SettingsError, match=words) as refused:
        load(monkeypatch, public_url, **settings)
    assert "nonsense" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_TELEGRAM_TOKEN", TOKEN)
    assert TOKEN.partition(":")[2] not in repr(TelegramSettings.load())
