"""``frontdesk campaigns preview | test``: how a campaign reads to contacts, and a copy for oneself."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from app import secret_key
from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, say
from app.commands.tickets import _login
from app.platforms import platforms
from channels.webchat.adapter import WebChat
from desk.channel import Channel, ClosingChannel
from desk.errors import NotFoundError, SettingsError
from desk.outbox.shape import Shape

if TYPE_CHECKING:
    from analytics.campaigns.model import Campaign
    from analytics.campaigns.plan import Plan
    from analytics.campaigns.trial import Trials
    from analytics.campaigns.trial_model import Reader, Wish
    from analytics.campaigns.trying import Noted, Sample, Trying

type ReadFile = Callable[[Path], Plan]


def preview(
    read_file: ReadFile,
) -> Callable[..., None]:
    """Return the command; ``read_file`` reads a plan."""

    def command(
        wanted: Annotated[
            str, typer.Argument(metavar="FILE.json|ID", help="A campaign's plan, or its id.")
        ],
        contact: Annotated[
            str | None, typer.Option(help="As this contact: an id, an e-mail address or a handle.")
        ] = None,
        step: Annotated[int, typer.Option(help="Which message of a sequence.", min=1)] = 1,
        as_json: AsJson = False,
    ) -> None:
        """Show how a campaign reads to some contacts of its segment, and what to look at before it goes out."""

        async def work(opened: Opened) -> "tuple[tuple[Sample, ...], tuple[Noted, ...]]":
            async with _channels(opened) as channels:
                trying = _trying(opened, channels)
                plan = await _plan(opened, wanted, read_file)
                whom = await trying.person(contact) if contact else None
                if contact and whom is None:
                    raise NotFoundError(f"nobody known is called {contact!r:.80}")
                samples = await trying.samples(plan.at_step(step), contact_id=whom)
                return samples, trying.noted(plan)

        samples, noted = run(work)
        if as_json:
            print_json({"samples": [_sample(one) for one in samples], "noted": _noted(noted)})
        else:
            _show(samples, noted)

    return command


def send_test(
    wanted: Annotated[int, typer.Argument(metavar="ID", help="The campaign's id.")],
    channel: Annotated[str, typer.Option(help="Over which channel.")],
    to: Annotated[
        str, typer.Option(help="Your address there; that of a contact who has written to us.")
    ],
    variant: Annotated[str | None, typer.Option(help="The first one otherwise.")] = None,
    step: Annotated[int, typer.Option(help="Which message of a sequence.", min=1)] = 1,
    language: Annotated[
        str | None, typer.Option(help="en or zh; the contact's otherwise.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Your name in the record; your login otherwise.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send one message of a campaign to yourself: marked as a test, in the record, counted nowhere."""
    from analytics.campaigns.trial_model import Myself, Wish  # noqa: PLC0415 - slow to be imported

    if language not in (None, "en", "zh"):
        raise typer.BadParameter("write en or zh", param_hint="--language")
    myself = Myself(name=by or _login())

    async def find(opened: Opened) -> "tuple[Wish, Reader]":
        async with _channels(opened) as channels:
            plan = (await _campaign(opened, wanted)).plan
            known = variant or plan.variants[0].name
            wish = Wish(channel=channel, to=to, variant=known, step=step, language=language)
            return wish, await _trials(opened, channels).find(wish, myself)

    wish, reader = run(find)
    if not yes:
        typer.confirm(f"Is {reader.name} ({reader.address}, {reader.channel}) you?", abort=True)

    async def send(opened: Opened) -> "Reader":
        async with _channels(opened) as channels:
            one = await _campaign(opened, wanted)
            return await _trials(opened, channels).send(one, wish, myself)

    sent = run(send)
    if as_json:
        print_json({"channel": sent.channel, "to": sent.address, "contact_id": sent.contact_id})
    else:
        say(f"The test is on its way to {sent.address} over {sent.channel}.")


def register(app: typer.Typer, read_file: ReadFile) -> None:
    """Add the commands."""
    app.command("preview", epilog="Example: frontdesk campaigns preview spring.json")(
        preview(read_file)
    )
    app.command(
        "test", epilog="Example: frontdesk campaigns test 3 --channel email --to me@example.com"
    )(send_test)


async def _plan(opened: Opened, wanted: str, read_file: ReadFile) -> "Plan":
    if wanted.isdecimal():
        return (await _campaign(opened, int(wanted))).plan
    return read_file(Path(wanted))


async def _campaign(opened: Opened, wanted: int) -> "Campaign":
    from analytics.campaigns.service import Campaigns  # noqa: PLC0415 - slow to be imported

    return await Campaigns(opened.database, opened.clock).get(wanted)


@asynccontextmanager
async def _channels(opened: Opened) -> AsyncIterator[Mapping[str, Channel]]:
    """Give the channels that are set up, and let go of them."""
    found = platforms(opened.settings, opened.clock)
    try:
        yield found
    finally:
        for channel in found.values():
            if isinstance(channel, ClosingChannel):
                await channel.close()


def _trying(opened: Opened, channels: Mapping[str, Channel]) -> "Trying":
    from analytics.campaigns.links import TrackedLinks  # noqa: PLC0415
    from analytics.campaigns.trying import Trying  # noqa: PLC0415
    from desk.contacts.unsubscribe_links import UnsubscribeLinks  # noqa: PLC0415

    secret, address = secret_key.known(opened.settings), opened.settings.public_url
    return Trying(
        opened.database,
        opened.clock,
        channels={WebChat.name: cast(Shape, WebChat), **channels},
        ways_out=UnsubscribeLinks(secret, public_url=address),
        links=TrackedLinks(secret, public_url=address),
    )


def _trials(opened: Opened, channels: Mapping[str, Channel]) -> "Trials":
    from analytics.campaigns.trial import Trials  # noqa: PLC0415
    from desk.contacts.suppressing import Suppressions  # noqa: PLC0415
    from desk.contacts.unsubscribe_links import UnsubscribeLinks  # noqa: PLC0415

    secret = secret_key.known(opened.settings)
    if not secret:
        # Without it nobody who said stop would be known again.
        raise SettingsError("FRONTDESK_SECRET_KEY is missing; frontdesk up makes one")
    return Trials(
        opened.database,
        opened.clock,
        channels=channels,
        ways_out=UnsubscribeLinks(secret, public_url=opened.settings.public_url),
        suppressions=Suppressions(opened.database, opened.clock, secret),
    )


def _show(samples: "tuple[Sample, ...]", noted: "tuple[Noted, ...]") -> None:
    if not samples:
        say("Nobody among the first people of the segment can be written to there now.")
    for one in samples:
        say(f"To {one.name} over {one.channel}, variant {one.variant}, {one.language}:")
        if one.reason:
            say(f"  would get nothing now: {one.reason}")
        text = one.message.text if one.message else f"cannot be written: {one.why}"
        say("\n".join(f"  {line}" for line in text.splitlines()))
        for choice in one.message.choices if one.message else ():
            say(f"  [{choice.title}]" + (f" {choice.url}" if choice.url else ""))
    for each in noted:
        where = f"variant {each.variant}, step {each.step}, {', '.join(each.channels)}"
        say(f"{each.finding.severity}: {each.finding.words()} ({where})")


def _sample(one: "Sample") -> dict[str, Any]:
    names = ("contact_id", "channel", "language", "variant", "why", "reason", "length", "longest")
    return {name: getattr(one, name) for name in names} | {
        "text": one.message.text if one.message else None
    }


def _noted(noted: "tuple[Noted, ...]") -> list[dict[str, Any]]:
    return [
        {
            "severity": one.finding.severity,
            "code": one.finding.code,
            "place": one.finding.place,
            "words": one.finding.words(),
            "variant": one.variant,
            "step": one.step,
            "channels": one.channels,
        }
        for one in noted
    ]
