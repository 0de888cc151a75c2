"""The settings of X."""

import pytest

from channels.spec import Tools
from channels.x.adapter import WebhookX, X
from channels.x.spec import SPEC
from desk import clock
from desk.errors import SettingsError
from tests.channels.x.subject import TOOLS_SECRET

KEYS = {
    "API_KEY": "k" * 25,
    "API_SECRET": "s",
    "ACCESS_TOKEN": "42-token",
    "ACCESS_SECRET": "t",
}


def load(monkeypatch: pytest.MonkeyPatch, tmp_path: object, **given: str) -> X | None:
    monkeypatch.chdir(str(tmp_path))
    for name, value in given.items():
        monkeypatch.setenv(f"FRONTDESK_X_{name}", value)
    channel = SPEC.load(Tools(clock=clock.now, secret=TOOLS_SECRET, public_url=None))
    assert channel is None or isinstance(channel, X)
    return channel


def test_without_settings_there_is_no_channel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    assert load(monkeypatch, tmp_path) is None


async def test_the_access_token_tells_the_account(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    channel = load(monkeypatch, tmp_path, **KEYS)
    assert channel is not None
    assert (channel.account, type(channel)) == ("42", X)
    await channel.close()


async def test_all_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    more = {
        "BEARER_TOKEN": "b",
        "CLIENT_SECRET": "c",
        "USER_ID": "7",
        "API_URL": "http://127.0.0.1:1/gateway",
        "MODE": "webhook",
        "DAILY_BUDGET": "1.50",
        "MENTIONS": "off",
        "DMS": "on",
    }
    channel = load(monkeypatch, tmp_path, **KEYS, **more)
    assert isinstance(channel, WebhookX)
    assert channel.account == "7"
    await channel.close()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"API_SECRET": ""}, "FRONTDESK_X_API_SECRET: missing"),
        ({"ACCESS_TOKEN": "token"}, "USER_ID"),
        ({"MODE": "stream"}, "FRONTDESK_X_MODE"),
        ({"DAILY_BUDGET": "-1"}, "FRONTDESK_X_DAILY_BUDGET"),
        ({"MENTIONS": "off", "DMS": "off"}, "both off"),
        ({"APIKEY": "x"}, "did you mean FRONTDESK_X_API_KEY"),
    ],
)
def test_a_wrong_setting_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object, wrong: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        load(monkeypatch, tmp_path, **{**KEYS, **wrong})
