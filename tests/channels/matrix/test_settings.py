"""How Matrix is set up, and what stops the start."""

import pytest

from channels.matrix.adapter import Matrix
from channels.matrix.spec import SPEC
from channels.spec import Tools
from desk.channel import CheckedChannel, ClosingChannel, FetchingChannel, WebhookChannel
from desk.clock import StoppedClock
from desk.errors import SettingsError
from tests.conftest import NOON

GOOD = {
    "HOMESERVER": "https://matrix.example.com/",
    "USER": "@help:example.com",
    "AS_TOKEN": "a" * 32,
    "HS_TOKEN": "h" * 32,
}
TOOLS = Tools(clock=StoppedClock(NOON), secret="s" * 32, public_url="https://desk.example.com")


def give(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    """Put settings into the environment."""
    for name, value in settings.items():
        monkeypatch.setenv(f"FRONTDESK_MATRIX_{name}", value)


def test_without_settings_there_is_no_channel() -> None:
    assert SPEC.load(TOOLS) is None


async def test_with_settings_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, **GOOD)
    channel = SPEC.load(TOOLS)
    assert isinstance(channel, Matrix)
    assert channel.account == "@help:example.com"
    for port in (WebhookChannel, FetchingChannel, CheckedChannel, ClosingChannel):
        assert isinstance(channel, port)
    await channel.close()


@pytest.mark.parametrize("name", sorted(GOOD))
def test_half_a_set_up_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    give(monkeypatch, **{key: value for key, value in GOOD.items() if key != name})
    with pytest.raises(SettingsError, match=f"FRONTDESK_MATRIX_{name}: missing"):
        SPEC.load(TOOLS)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"HOMESERVER": "matrix.example.com"}, "HOMESERVER: must be an https:// address"),
        ({"USER": "help"}, "USER: must be a full user id"),
        ({"USER": "@Help Desk:example.com"}, "USER: must be a full user id"),
        ({"AS_TOKEN": "hunter2"}, "AS_TOKEN: must be at least 16"),
        ({"HS_TOKEN": "hunter2 hunter2 hunter2"}, "HS_TOKEN: must be at least 16"),
        ({"HSTOKEN": "x"}, "did you mean FRONTDESK_MATRIX_HS_TOKEN"),
    ],
)
def test_wrong_values_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], line: str
) -> None:
    give(monkeypatch, **GOOD | settings)
    with pytest.raises(SettingsError) as raised:
        SPEC.load(TOOLS)
    assert line in str(raised.value)
    assert "hunter2" not in str(raised.value)
