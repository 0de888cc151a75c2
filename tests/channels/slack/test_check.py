"""What an operator is told."""

import pytest

from channels.slack.adapter import SlackSocket, SlackWebhook
from channels.slack.settings import SlackSettings
from channels.slack.socket_mode import Listener
from channels.slack.spec import SPEC
from channels.spec import Tools
from desk.channel import ChannelDownError
from desk.clock import StoppedClock
from desk.errors import SettingsError
from tests.channels.slack.conftest import BOT, Office
from tests.channels.slack.subject import client_of, socket_of
from tests.platforms.slack.server import SlackPlatform

TOKEN = "xoxb-1"


async def test_everything_is_there(office: Office) -> None:
    check = await office.channel.check()
    assert check.account == f"Home (T0HOME) as @desk ({BOT})"
    assert (check.problems, check.notes) == ((), ())


async def test_what_is_missing_is_said_with_what_to_do(office: Office) -> None:
    office.slack.scopes -= {"files:read"}
    office.customers.members.remove(BOT)
    problems = (await office.channel.check()).problems
    assert problems == (
        "the bot lacks the scope files:read, to fetch customers' files: add it under OAuth & Permissions, "
        "then install the app again",
        "the bot is not in CCUSTOMERS: write /invite and its name there, or remove it from the setting",
    )


async def test_a_revoked_token_raises(office: Office) -> None:
    office.slack.will("token_revoked", method="auth.test")
    with pytest.raises(ChannelDownError):
        await office.channel.check()
    assert office.slack.struck["token_revoked"] == 1


async def test_socket_mode_is_tried(slack: SlackPlatform, clock: StoppedClock) -> None:
    good = socket_of(slack, clock)
    slack.channel("customers")
    assert (await good.check()).problems == ()
    client = client_of(slack)
    wrong = SlackSocket(client, frozenset(), clock, Listener(client, "xapp-wrong"))
    check = await wrong.check()
    (problem,) = check.problems
    assert "FRONTDESK_SLACK_APP_TOKEN" in problem
    assert check.notes == ("answers in direct messages, and in channels when mentioned",)
    await good.close()
    await wrong.close()


async def test_start_learns_who_we_are(office: Office) -> None:
    await office.ann.says(office.lounge, f"hi <@{BOT}> there")
    raw = {**office.slack.events[0], "authorizations": None}
    (before,) = office.channel.read(raw)
    await office.channel.start()
    (after,) = office.channel.read(raw)
    assert (type(before).__name__, type(after).__name__) == ("Ignored", "InboundMessage")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"SIGNING_SECRET": "s"}, "FRONTDESK_SLACK_BOT_TOKEN: missing"),
        ({"BOT_TOKEN": "xoxp-1"}, "FRONTDESK_SLACK_BOT_TOKEN: must be the bot user's token"),
        ({"BOT_TOKEN": TOKEN}, "FRONTDESK_SLACK_SIGNING_SECRET: missing; copy it"),
        ({"BOT_TOKEN": TOKEN, "MODE": "socket"}, "FRONTDESK_SLACK_APP_TOKEN: Socket Mode needs"),
        ({"BOT_TOKEN": TOKEN, "MODE": "rtm"}, "FRONTDESK_SLACK_MODE: "),
        (
            {"BOT_TOKEN": TOKEN, "SIGNING_SECRET": "s", "CHANNELS": "#general"},
            "FRONTDESK_SLACK_CHANNELS: #general is no channel id",
        ),
        ({"BOT_TOKEN": TOKEN, "SIGNING_SECRET": "s", "CHANEL": "C1"}, "did you mean"),
    ],
)
def test_half_a_set_up_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], words: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"FRONTDESK_SLACK_{name}", value)
    with pytest.raises(SettingsError, match=words) as caught:
        SlackSettings.load()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("mode", "secret", "kind"),
    [
        ("http", ("SIGNING_SECRET", "s"), SlackWebhook),
        ("socket", ("APP_TOKEN", "xapp-1"), SlackSocket),
    ],
)
def test_the_mode_chooses_the_adapter(
    monkeypatch: pytest.MonkeyPatch,
    clock: StoppedClock,
    mode: str,
    secret: tuple[str, str],
    kind: type,
) -> None:
    given = {"BOT_TOKEN": TOKEN, "MODE": mode, "CHANNELS": "C1A, G2B", secret[0]: secret[1]}
    for name, value in given.items():
        monkeypatch.setenv(f"FRONTDESK_SLACK_{name}", value)
    channel = SPEC.load(Tools(clock=clock, secret="s", public_url=None))
    assert type(channel) is kind
    assert channel is not None
    assert channel.account == "default"
    loaded = SlackSettings.load()
    assert loaded is not None
    assert loaded.customer_channels == {"C1A", "G2B"}


def test_without_a_setting_there_is_no_channel(clock: StoppedClock) -> None:
    assert SPEC.load(Tools(clock=clock, secret="s", public_url=None)) is None
