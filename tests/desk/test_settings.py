"""A wrong setting stops the start with one line that names the key."""

import re
from pathlib import Path

import pytest

from channels import registry
from channels.slack.desk.settings import SlackDeskSettings
from channels.slack.desk.spec import PREFIX as AGENTS_DESK
from desk import settings
from desk.errors import SettingsError
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("FRONTDESK_PORT", "abc", "integer"),
        ("FRONTDESK_PORT", "70000", "65535"),
        ("FRONTDESK_DATABASE_URL", "mysql://localhost/x", "postgresql://"),
        ("FRONTDESK_DATABASE_URL", "nonsense", "not a database URL"),
        ("FRONTDESK_DATABASE_URL", "sqlite://", "needs a file"),
        ("FRONTDESK_SECRET_KEY", "short", "32"),
        ("FRONTDESK_HANDOFF_PATIENCE", "soon", "duration"),
        ("FRONTDESK_CHAT_RATE_VISITOR", "fast", "120/minute"),
        ("FRONTDESK_LOG_LEVEL", "LOUD", "pattern"),
        ("FRONTDESK_RASA_URL", "127.0.0.1:5005", "http://127.0.0.1:5005"),
        ("FRONTDESK_RASA_URL", " , ", "http://127.0.0.1:5005"),
        ("FRONTDESK_RASA_URL", "http://a:1/,http://a:1", "twice"),
        ("FRONTDESK_RASA_PROCESSES", "0", "greater"),
        ("FRONTDESK_PROT", "8080", "FRONTDESK_PORT"),
    ],
)
def test_a_wrong_value_is_named(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str, says: str
) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    line = str(caught.value)
    assert line.startswith(f"{key}: ")
    assert says in line
    assert "\n" not in line


def test_a_misspelt_key_in_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FRONTDESK_HSOT=0.0.0.0\n")
    with pytest.raises(SettingsError, match=r"FRONTDESK_HSOT.*FRONTDESK_HOST"):
        settings.load()


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("FRONTDESK_PORT=1\nFRONTDESK_HOST=0.0.0.0\n")
    assert (settings.load().port, settings.load().host) == (1, "0.0.0.0")
    monkeypatch.setenv("FRONTDESK_PORT", "2")
    assert settings.load().port == 2
    assert settings.load(port=3, host=None).port == 3


def test_several_rasa_addresses_have_commas() -> None:
    assert settings.load().rasa_urls == ("http://127.0.0.1:5005",)
    two = settings.load(rasa_url="http://127.0.0.1:5005/, http://127.0.0.1:5006")
    assert two.rasa_urls == ("http://127.0.0.1:5005", "http://127.0.0.1:5006")


def test_durations_are_seconds_or_iso(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_HANDOFF_PATIENCE", "90")
    assert settings.load().handoff_patience.total_seconds() == 90
    monkeypatch.setenv("FRONTDESK_HANDOFF_PATIENCE", "PT2M")
    assert settings.load().handoff_patience.total_seconds() == 120


def test_the_example_lists_every_key() -> None:
    example = (ROOT / ".env.example").read_text()
    listed = set(re.findall(r"^# (FRONTDESK_[A-Z_]+)=", example, re.MULTILINE))
    own = {f"FRONTDESK_{name}".upper() for name in settings.Settings.model_fields}
    channels = {
        f"{spec.prefix}{name}".upper()
        for spec in registry.SPECS
        for name in spec.settings.model_fields
    }
    agents_desk = {f"{AGENTS_DESK}{name}".upper() for name in SlackDeskSettings.model_fields}
    assert listed == own | channels | agents_desk
