"""``frontdesk channels``: which platforms are set up, how they are, and whether a message gets through."""

import asyncio
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import uuid4

import typer

from app.commands.opened import Opened, one_line, run
from app.commands.output import AsJson, print_json, print_table, say
from app.platforms import tools
from channels import registry
from channels.spec import Spec, Tools
from channels.webchat.adapter import WebChat
from desk import settings as settings_module
from desk.channel import (
    Channel,
    ChannelDownError,
    CheckedChannel,
    ClosingChannel,
    ListeningChannel,
    PollingChannel,
    WebhookChannel,
)
from desk.errors import (
    FrontdeskError,
    InvalidError,
    NotFoundError,
    RejectedError,
    RetryableError,
    SettingsError,
)
from desk.inbox import cursors
from desk.message import OutboundMessage
from desk.outbox import costs
from desk.outbox.repository import Lane
from desk.settings import Settings
from desk.tables.channel import ChannelStateRow
from desk.tables.conversation import Author

app = typer.Typer(help="The platforms on which customers write.", no_args_is_help=True)

_WAYS = {WebhookChannel: "webhook", PollingChannel: "polling", ListeningChannel: "connection"}
_COLUMNS = {
    "channel": "channel",
    "state": "state",
    "account": "account",
    "way": "gets news by",
    "since": "since",
    "last_read_at": "last read",
    "cost_today": "today in $",
    "detail": "what to know",
}
"""What the list shows of a channel and how that is called; a column that says nothing is left out."""
_TEST = "This is a test message of your front desk. 这是一条测试消息。"
_LONGEST_CHECK = 30


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A channel in the list."""

    channel: str
    state: str
    account: str | None = None
    way: str | None = None
    since: datetime | None = None
    last_read_at: datetime | None = None
    cost_today: float | None = None
    detail: str | None = None


@app.command("list", epilog="Example: frontdesk channels list")
def list_(as_json: AsJson = False) -> None:
    """List every channel: up, down, not set up, or set up by half, and what to do about it."""
    found = run(_listed)
    if as_json:
        print_json(found)
        return
    filled = [name for name in _COLUMNS if any(getattr(one, name) is not None for one in found)]
    rows = [[getattr(one, name) for name in filled] for one in found]
    print_table("Channels", [_COLUMNS[name] for name in filled], rows)
    say("How each is set up: docs/howto/connect-*.md. Whether it works: frontdesk channels check")


async def _listed(opened: Opened) -> list[Listed]:
    states = {(row.channel, row.account): row for row in await opened.states.all()}
    found = [Listed(channel=WebChat.name, account=WebChat.account, state="up")]
    for spec in registry.SPECS:
        try:
            channel = spec.load(tools(opened.settings))
        except SettingsError as error:
            found.append(Listed(channel=spec.name, state="wrong", detail=str(error)))
            continue
        if channel is None:
            found.append(_absent(spec))
        else:
            state = states.get((channel.name, channel.account))
            found.append(await _present(opened, channel, state))
    return found


def _absent(spec: Spec[Any]) -> Listed:
    keys = ", ".join(f"{spec.prefix}{name}".upper() for name in spec.settings.needs)
    return Listed(channel=spec.name, state="not set up", detail=f"needs {keys}")


async def _present(opened: Opened, channel: Channel, state: ChannelStateRow | None) -> Listed:
    now = opened.clock()
    lane = Lane(channel.name, channel.account)
    async with opened.database.read() as session:
        last_read = await cursors.last_read(session, *lane)
        micros = await costs.of_day(session, lane, now.date())
    return Listed(
        channel=channel.name,
        account=channel.account,
        state=state.state if state else "not started yet",
        way=_way(channel),
        since=state.since if state else None,
        last_read_at=last_read,
        cost_today=micros / 1_000_000 if micros else None,
        detail=state.reason if state else None,
    )


def _way(channel: Channel) -> str | None:
    return next((way for kind, way in _WAYS.items() if isinstance(channel, kind)), None)


@app.command("check", epilog="Example: frontdesk channels check telegram")
def check(
    name: Annotated[str | None, typer.Argument(help="Only this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask every platform that is set up who we are there and what is missing; exit code 1 if something is."""
    with one_line():
        answers = asyncio.run(_check(_load(), name))
    if as_json:
        print_json(answers)
    elif not answers:
        say(
            "No channel is set up besides the web chat; frontdesk channels list says what each needs."
        )
    for answer in [] if as_json else answers:
        _tell(answer)
    if any(answer["problems"] for answer in answers):
        raise typer.Exit(1)


def _tell(answer: dict[str, Any]) -> None:
    verdict = "needs your attention" if answer["problems"] else "works"
    account = f" ({answer['account']})" if answer["account"] else ""
    say(f"{answer['channel']}{account}: {verdict}")
    for problem in answer["problems"]:
        say(f"  problem: {problem}")
    for note in answer["notes"]:
        say(f"  note: {note}")


async def _check(settings: Settings, name: str | None) -> list[dict[str, Any]]:
    known = tools(settings)
    specs = registry.SPECS if name is None else [_spec(name)]
    answers = await asyncio.gather(*(_ask(spec, known) for spec in specs))
    found = [answer for answer in answers if answer is not None]
    if name is not None and not found:
        raise _missing(_spec(name))
    return found


async def _ask(spec: Spec[Any], known: Tools) -> dict[str, Any] | None:
    """Return what a channel's platform says; None when it is not set up. No channel keeps another from its answer."""
    found: dict[str, Any] = {"channel": spec.name, "account": None, "problems": [], "notes": []}
    try:
        channel = spec.load(known)
    except SettingsError as error:
        return found | {"problems": [str(error)]}
    if channel is None:
        return None
    found["account"] = channel.account
    try:
        async with asyncio.timeout(_LONGEST_CHECK):
            if isinstance(channel, CheckedChannel):
                found |= asdict(await channel.check())
    except TimeoutError:
        found["problems"] = [f"no answer within {_LONGEST_CHECK} seconds"]
    except FrontdeskError as error:
        found["problems"] = [_words(error)]
    finally:
        await _close(channel)
    return found


@app.command(
    "send-test", epilog="Example: frontdesk channels send-test email somebody@example.com"
)
def send_test(
    name: Annotated[str, typer.Argument(help="The channel.")],
    to: Annotated[str, typer.Argument(help="A thread of the channel, such as a chat's id.")],
    text: Annotated[str, typer.Option(help="What to send.")] = _TEST,
    as_json: AsJson = False,
) -> None:
    """Send one message at once, without the outbox, and say what the platform made of it."""
    with one_line():
        sent = asyncio.run(_send(_load(), name, to, text))
    if as_json:
        print_json({"channel": name, "external_id": sent})
    else:
        say(f"{name} accepted it" + (f" as {sent}." if sent else "."))


async def _send(settings: Settings, name: str, to: str, text: str) -> str | None:
    if not text.strip():
        raise InvalidError("--text: nothing to send")
    spec = _spec(name)
    channel = spec.load(tools(settings))
    if channel is None:
        raise _missing(spec)
    message = OutboundMessage(
        id=f"test-{uuid4().hex}",
        conversation_id="test",
        channel=channel.name,
        account=channel.account,
        thread=to,
        recipient=to,
        text=text,
        author=Author.SYSTEM,
    )
    try:
        return (await channel.send(message)).external_id
    except FrontdeskError as error:
        raise RejectedError(f"{name}: {_words(error)}") from error
    finally:
        await _close(channel)


def _words(error: FrontdeskError) -> str:
    """Return an error as an operator needs it: what may pass by itself is often a wrong address."""
    if isinstance(error, ChannelDownError) or not isinstance(error, RetryableError):
        return str(error)
    return (
        f"no answer that helps ({error}); look at the address in the settings, or try again later"
    )


def _spec(name: str) -> Spec[Any]:
    for spec in registry.SPECS:
        if spec.name == name:
            return spec
    known = ", ".join(spec.name for spec in registry.SPECS)
    raise NotFoundError(f"there is no channel {name!r}; there are: {known}")


def _missing(spec: Spec[Any]) -> SettingsError:
    return SettingsError(f"{spec.name} is not set up: it {_absent(spec).detail}")


async def _close(channel: Channel) -> None:
    if isinstance(channel, ClosingChannel):
        await channel.close()


def _load() -> Settings:
    return settings_module.load(elsewhere=registry.PREFIXES)
