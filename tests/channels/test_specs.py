"""A channel without settings is not there, one with half of them stops the start with a clear line."""

from pathlib import Path

import pytest
from pydantic_settings import SettingsConfigDict

from channels import registry
from channels.memory.adapter import MemoryChannel
from channels.spec import ChannelSettings, Spec, Tools
from desk import settings as settings_module
from desk.clock import now
from desk.errors import SettingsError

TOOLS = Tools(clock=now, secret="x" * 32, public_url="https://desk.example.com")


class _Settings(ChannelSettings):
    model_config = SettingsConfigDict(
        env_prefix="FRONTDESK_TWIN_", env_file=".env", extra="ignore", frozen=True
    )
    needs = ("token", "secret")

    token: str = ""
    secret: str = ""
    port: int = 1


TWIN = Spec(name="twin", settings=_Settings, build=lambda s, tools: MemoryChannel(s.token))


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("spec", registry.SPECS, ids=lambda spec: spec.name)
def test_a_channel_without_settings_is_not_there(spec: Spec[ChannelSettings]) -> None:
    assert spec.load(TOOLS) is None
    assert spec.settings.needs


@pytest.mark.parametrize("spec", registry.SPECS, ids=lambda spec: spec.name)
def test_every_channel_that_is_set_up_by_half_says_what_is_missing(
    spec: Spec[ChannelSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{spec.prefix}SOMETHING", "x")
    with pytest.raises(SettingsError, match=f"{spec.prefix}SOMETHING: there is no such setting"):
        registry.load(TOOLS)
    monkeypatch.delenv(f"{spec.prefix}SOMETHING")
    optional = sorted(set(spec.settings.model_fields) - set(spec.settings.needs))
    first = optional[0] if len(spec.settings.needs) == 1 else spec.settings.needs[0]
    monkeypatch.setenv(f"{spec.prefix}{first}".upper(), "x")
    with pytest.raises(
        SettingsError, match=rf"{spec.prefix}\w+: missing; set (it|them), or remove"
    ):
        registry.load(TOOLS)


def test_settings_come_from_the_environment_and_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert TWIN.load(TOOLS) is None
    (tmp_path / ".env").write_text("FRONTDESK_TWIN_TOKEN=from-file\nFRONTDESK_TWIN_SECRET=s\n")
    channel = TWIN.load(TOOLS)
    assert channel is not None
    assert channel.name == "from-file"
    monkeypatch.setenv("FRONTDESK_TWIN_TOKEN", "from-environment")
    channel = TWIN.load(TOOLS)
    assert channel is not None
    assert channel.name == "from-environment"


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        (
            {"FRONTDESK_TWIN_TOKEN": "t"},
            "FRONTDESK_TWIN_SECRET: missing; set it, or remove FRONTDESK_TWIN_TOKEN",
        ),
        (
            {"FRONTDESK_TWIN_TOKEN": "t", "FRONTDESK_TWIN_SECERT": "s"},
            "FRONTDESK_TWIN_SECERT: there is no such setting; did you mean FRONTDESK_TWIN_SECRET?",
        ),
        (
            {
                "FRONTDESK_TWIN_TOKEN": "t",
                "FRONTDESK_TWIN_SECRET": "s",
                "FRONTDESK_TWIN_PORT": "many",
            },
            "FRONTDESK_TWIN_PORT: Input should be a valid integer, unable to parse string as an integer",
        ),
    ],
)
def test_wrong_settings_are_one_line(
    environment: dict[str, str], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError) as caught:
        TWIN.load(TOOLS)
    assert str(caught.value) == line


def test_an_empty_key_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_TWIN_TOKEN", "")
    assert TWIN.load(TOOLS) is None


def test_the_desks_own_settings_leave_channels_keys_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_TWIN_TOKEN", "t")
    settings_module.load(elsewhere=("FRONTDESK_TWIN_",))
    with pytest.raises(SettingsError, match="FRONTDESK_TWIN_TOKEN: there is no such setting"):
        settings_module.load(elsewhere=())
