"""How the signed webhook is set up, and what stops the start."""

from datetime import UTC, datetime

import pytest

from channels.spec import Tools
from channels.webhook.adapter import SignedWebhook
from channels.webhook.spec import SPEC
from desk.channel import (
    CheckedChannel,
    ClosingChannel,
    FetchingChannel,
    WebhookChannel,
)
from desk.clock import StoppedClock
from desk.errors import SettingsError
from tests.channels.webhook.subject import OTHER_SECRET, SECRET

GOOD = {"URL": "https://bridge.example.com/events", "SECRET": SECRET}
TOOLS = Tools(
    clock=StoppedClock(datetime(2026, 3, 2, tzinfo=UTC)), secret="s" * 32, public_url=None
)


def give(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    """Put settings into the environment."""
    for name, value in settings.items():
        monkeypatch.setenv(f"FRONTDESK_WEBHOOK_{name}", value)


def test_without_settings_there_is_no_channel() -> None:
    assert SPEC.load(TOOLS) is None


async def test_with_settings_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, **GOOD | {"SECRET": f"{SECRET}, {OTHER_SECRET}"})
    channel = SPEC.load(TOOLS)
    assert isinstance(channel, SignedWebhook)
    for port in (WebhookChannel, FetchingChannel, CheckedChannel, ClosingChannel):
        assert isinstance(channel, port)
    await channel.close()


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"URL": GOOD["URL"]}, "FRONTDESK_WEBHOOK_SECRET: missing"),
        ({"SECRET": SECRET}, "FRONTDESK_WEBHOOK_URL: missing"),
        (GOOD | {"SECRETS": "x"}, "did you mean FRONTDESK_WEBHOOK_SECRET"),
        (GOOD | {"URL": "http://bridge.example.com/"}, "URL: must be an https:// address"),
        (GOOD | {"URL": "https://"}, "URL: must be an https:// address"),
        (GOOD | {"URL": "https://x:port/"}, "URL: must be an https:// address"),
        (GOOD | {"SECRET": "hunter2"}, "SECRET: must be whsec_"),
    ],
)
def test_half_a_set_up_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], line: str
) -> None:
    give(monkeypatch, **settings)
    with pytest.raises(SettingsError) as raised:
        SPEC.load(TOOLS)
    assert line in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]:9/"])
async def test_this_machine_needs_no_tls(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    give(monkeypatch, **GOOD | {"URL": url})
    channel = SPEC.load(TOOLS)
    assert isinstance(channel, SignedWebhook)
    await channel.close()
