"""Settings, the manifest, and what an operator is told."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from app.commands import slack as slack_command
from channels.slack.app_settings import Mode
from channels.slack.desk.checking import SCOPES
from channels.slack.desk.events import _READERS
from channels.slack.desk.ingress import _ALARMS
from channels.slack.desk.routes import PATH
from channels.slack.desk.settings import SlackDeskSettings
from desk.channel import ChannelDownError
from desk.clock import StoppedClock
from desk.errors import SettingsError
from tests.channels.slack.desk.conftest import BOT, Desk, parts_of
from tests.platforms.slack.server import BOT_TOKEN, SlackPlatform

ROOT = Path(__file__).parents[4]
GOOD = {"BOT_TOKEN": "xoxb-1", "CHANNEL": "C0123", "SIGNING_SECRET": "s"}


@pytest.fixture
def manifest() -> Any:
    """Return the manifest at the root."""
    return yaml.safe_load((ROOT / "slack-manifest.yml").read_text())


def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **values: str) -> None:
    """Set what the environment says."""
    monkeypatch.chdir(tmp_path)
    for name, value in values.items():
        monkeypatch.setenv(f"FRONTDESK_DESK_SLACK_{name}", value)


def test_the_manifest_asks_for_what_is_used_and_no_more(manifest: Any) -> None:
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == set(SCOPES)
    assert set(manifest["oauth_config"]["scopes"]) == {"bot"}
    events = {one.replace("message.channels", "message").replace("message.groups", "message")
              for one in manifest["settings"]["event_subscriptions"]["bot_events"]}  # fmt: skip
    assert events == set(_READERS) | (set(_ALARMS) - {"app_rate_limited"})


def test_the_manifest_has_one_address(manifest: Any) -> None:
    settings = manifest["settings"]
    (command,) = manifest["features"]["slash_commands"]
    urls = {
        command["url"],
        settings["event_subscriptions"]["request_url"],
        settings["interactivity"]["request_url"],
    }
    assert urls == {f"https://YOUR-FRONTDESK{PATH}"}
    assert command["command"] == "/frontdesk"


def test_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(monkeypatch, tmp_path)
    assert SlackDeskSettings.load() is None
    given(monkeypatch, tmp_path, **GOOD)
    loaded = SlackDeskSettings.load()
    assert loaded is not None
    assert (loaded.channel, loaded.mode, loaded.group) == ("C0123", Mode.HTTP, "")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"BOT_TOKEN": "xoxp-1"}, "BOT_TOKEN: must be the bot user's token"),
        ({"BOT_TOKEN": ""}, "BOT_TOKEN: missing"),
        ({"CHANNEL": ""}, "CHANNEL: missing"),
        ({"CHANNEL": "#desk"}, "CHANNEL: must be a channel's id"),
        ({"GROUP": "@agents"}, "GROUP: must be a user group's id"),
        ({"SIGNING_SECRET": ""}, "SIGNING_SECRET: missing"),
        ({"MODE": "socket"}, "APP_TOKEN: Socket Mode needs"),
        ({"MODE": "socket", "APP_TOKEN": "xoxb-2"}, "APP_TOKEN: Socket Mode needs"),
        ({"CHANEL": "C1"}, "did you mean FRONTDESK_DESK_SLACK_CHANNEL"),
    ],
)
def test_wrong_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changed: dict[str, str], words: str
) -> None:
    given(monkeypatch, tmp_path, **{**GOOD, **changed})
    with pytest.raises(SettingsError, match=words):
        SlackDeskSettings.load()


async def test_everything_is_there(desk: Desk) -> None:
    check = await desk.parts.check()
    assert check.account == f"Home (T0HOME) as @desk ({BOT})"
    assert check.problems == ()
    unseen, everybody = check.notes
    assert "https://desk.example.com/slack/desk" in unseen
    assert "Interactivity" in unseen
    assert "every member" in everybody


async def test_what_is_missing_is_said(slack: SlackPlatform, clock: StoppedClock) -> None:
    parts = parts_of(slack, clock, group="S0AGENTS")
    stranger = slack.person("x", team="T0OTHER")
    slack.scopes -= {"reactions:write"}
    problems = (await parts.check()).problems
    assert "lacks the scope reactions:write, to mark what was delivered" in problems[0]
    assert "CDESK is not there" in problems[1]
    assert "S0AGENTS cannot be read" in problems[2]
    room = slack.channel("desk", stranger, bot=False)
    slack.world.groups["S0AGENTS"] = []
    check = await parts.check()
    assert "the bot is not in #desk (CDESK)" in check.problems[1]
    assert "S0AGENTS is empty" in check.problems[2]
    assert "shared with another company" in check.notes[1]
    room.archived = True
    assert "archived" in (await parts.check()).problems[1]
    slack.scopes -= {"channels:read", "groups:read", "im:read", "mpim:read", "usergroups:read"}
    problems = (await parts.check()).problems
    assert len(problems) == 4
    assert all("lacks the scope" in one for one in problems)
    await parts.close()


async def test_a_workspace_without_any_scope(slack: SlackPlatform, clock: StoppedClock) -> None:
    parts = parts_of(slack, clock)
    slack.scopes.clear()
    assert len((await parts.check()).problems) == len(SCOPES)
    slack.will("token_revoked", method="auth.test")
    with pytest.raises(ChannelDownError, match="revoked"):
        await parts.check()
    await parts.close()


async def test_socket_mode_is_tried(slack: SlackPlatform, clock: StoppedClock) -> None:
    slack.channel("desk")
    good = parts_of(slack, clock, Mode.SOCKET)
    assert (await good.check()).problems == ()
    wrong = parts_of(slack, clock, Mode.SOCKET, app_token="xapp-wrong")
    (problem,) = (await wrong.check()).problems
    assert "Socket Mode is refused" in problem
    assert "FRONTDESK_DESK_SLACK_APP_TOKEN" in problem
    await good.close()
    await wrong.close()


def test_the_command_says_what_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(monkeypatch, tmp_path)
    parent = typer.Typer()
    parent.add_typer(slack_command.app, name="slack")
    result = CliRunner().invoke(parent, ["slack", "check"])
    assert result.exit_code == 2
    assert "FRONTDESK_DESK_SLACK_BOT_TOKEN, FRONTDESK_DESK_SLACK_CHANNEL" in result.stderr


@pytest.mark.parametrize("complete", [True, False])
async def test_the_command_asks_slack(
    slack: SlackPlatform,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    complete: bool,
) -> None:
    slack.channel("desk")
    slack.scopes -= set() if complete else {"commands"}
    here = {**GOOD, "BOT_TOKEN": BOT_TOKEN, "CHANNEL": "CDESK", "API_URL": slack.api_url}
    given(monkeypatch, tmp_path, **here)
    parent = typer.Typer()
    parent.add_typer(slack_command.app, name="slack")
    result = await asyncio.to_thread(CliRunner().invoke, parent, ["slack", "check"])
    assert result.exit_code == (0 if complete else 1)
    assert ("works" in result.output, "scope commands" in result.output) == (
        complete,
        not complete,
    )
