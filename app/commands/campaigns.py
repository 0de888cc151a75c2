"""``frontdesk campaigns``: from files, checked, launched, watched, stopped."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from app.commands import campaigns_check, campaigns_restore, campaigns_results, campaigns_try
from app.commands.opened import Opened, run
from app.commands.output import AsJson, Limit, print_json, print_table, say
from app.commands.tickets import _login
from app.platforms import platforms
from channels.webchat.adapter import WebChat
from desk.channel import Channel
from desk.errors import InvalidError

if TYPE_CHECKING:
    from analytics.campaigns.estimate import Estimates
    from analytics.campaigns.estimate_model import Estimate
    from analytics.campaigns.model import Campaign, Run
    from analytics.campaigns.plan import Plan
    from analytics.campaigns.ranking import Ranking
    from analytics.campaigns.service import Campaigns

app = typer.Typer(
    help="Campaigns: what is sent to a segment, when, and what came of it.", no_args_is_help=True
)
app.command("confirm-restore", epilog="Example: frontdesk campaigns confirm-restore")(
    campaigns_restore.confirm_restore
)

Wanted = Annotated[int, typer.Argument(metavar="ID", help="The campaign's id.")]
File = Annotated[Path, typer.Argument(metavar="FILE.json", help="A campaign's plan.")]
By = Annotated[str | None, typer.Option(help="Your name in the record; your login otherwise.")]
Why = Annotated[str, typer.Option(help="The reason, for the record.")]


def opened_campaigns(opened: Opened) -> "Campaigns":
    """Return what commands about campaigns work with."""
    # Its arithmetic takes a second to be imported; no other command should wait for it.
    from analytics.campaigns.service import Campaigns  # noqa: PLC0415

    return Campaigns(opened.database, opened.clock, ranking=_ranking(opened))


def _ranking(opened: Opened) -> "Ranking":
    from analytics.campaigns.ranking import Ranking  # noqa: PLC0415
    from app.insight_desk import reading  # noqa: PLC0415

    return Ranking(reading(opened.settings))


def _plan(file: Path) -> "Plan":
    """Return a file's plan.

    Raises:
        InvalidError: it is none; the message says where and what.
    """
    from analytics.campaigns import plan  # noqa: PLC0415

    try:
        return plan.read(json.loads(file.read_text("utf-8")))
    except FileNotFoundError as error:
        raise InvalidError(f"there is no file {file}") from error
    except (OSError, ValueError) as error:
        raise InvalidError(f"{file} is no JSON: {error}") from error


campaigns_try.register(app, _plan)
campaigns_results.register(app)


@app.command("list", epilog="Example: frontdesk campaigns list")
def list_(limit: Limit = 50, as_json: AsJson = False) -> None:
    """List the campaigns, newest first."""

    async def work(opened: Opened) -> "Sequence[Campaign]":
        return await opened_campaigns(opened).list(limit=limit)

    found = run(work)
    if as_json:
        print_json([_shown(one) for one in found])
    elif not found:
        say("There are no campaigns; write one in a file, then: frontdesk campaigns create FILE")
    else:
        rows = [[one.id, one.name, one.state, one.wake_at, one.launched_by] for one in found]
        print_table("Campaigns", ("id", "campaign", "state", "next", "launched by"), rows)


@app.command(epilog="Example: frontdesk campaigns check spring.json")
def check(
    wanted: Annotated[
        str, typer.Argument(metavar="FILE.json|ID", help="A campaign's plan, or its id.")
    ],
    as_json: AsJson = False,
) -> None:
    """Say who would get a campaign now and who not, until when, what it costs, and what speaks against it.

    Nothing is kept or sent.
    """

    async def work(opened: Opened) -> "Estimate":
        estimates = _estimates(opened)
        if wanted.isdecimal():
            kept = await opened_campaigns(opened).get(int(wanted))
            return await estimates.of(kept.plan, campaign_id=kept.id)
        return await estimates.of(_plan(Path(wanted)))

    found = run(work)
    if as_json:
        print_json(campaigns_check.plain(found))
    else:
        campaigns_check.show(found)


def _estimates(opened: Opened) -> "Estimates":
    from app.campaign_desk import estimates  # noqa: PLC0415 - it needs every channel's library

    channels = platforms(opened.settings, opened.clock)
    prices = opened.settings.message_prices
    return estimates(
        opened.database,
        opened.clock,
        {WebChat.name: cast(Channel, WebChat), **channels},
        prices,
        _ranking(opened),
    )


@app.command(epilog="Example: frontdesk campaigns create Spring spring.json")
def create(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    file: File,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Keep a new campaign; nothing is sent before it is launched."""

    async def work(opened: Opened) -> "Campaign":
        return await opened_campaigns(opened).create(name, _plan(file), by=by or _login())

    made = run(work)
    if as_json:
        print_json(_shown(made))
    else:
        say(f"Campaign {made.id} was made. Send it: frontdesk campaigns launch {made.id}")


@app.command(epilog="Example: frontdesk campaigns change 3 spring.json")
def change(
    wanted: Wanted,
    file: File,
    name: Annotated[str | None, typer.Option(help="What it is called from now on.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Change what is to be sent; what was scheduled or approved is a draft again."""

    async def work(opened: Opened) -> "Campaign":
        campaigns = opened_campaigns(opened)
        edition = (await campaigns.get(wanted)).edition
        return await campaigns.change(
            wanted, _plan(file), edition=edition, by=by or _login(), name=name
        )

    run(work)
    _say(wanted, f"was changed. Send it: frontdesk campaigns launch {wanted}", as_json)


@app.command(epilog="Example: frontdesk campaigns show 3")
def show(wanted: Wanted, limit: Limit = 50, as_json: AsJson = False) -> None:
    """Show where a campaign stands: each time it went out, newest first, and how many are where."""

    async def work(opened: Opened) -> "tuple[Campaign, Sequence[Run], Mapping[str, int]]":
        campaigns = opened_campaigns(opened)
        runs = await campaigns.runs(wanted, limit=limit)
        return await campaigns.get(wanted), runs, await campaigns.journeys(wanted)

    found, runs, ways = run(work)
    if as_json:
        print_json(_shown(found) | {"runs": runs, "journeys": ways})
        return
    say(f"{found.name}: {found.state}" + (f" ({found.reason})" if found.reason else "") + ".")
    if ways:
        say(f"On their way, through it, or out of it and why: {_counted(ways)}.")
    rows = [[one.occurrence, one.state, one.audience, _counted(one.counts)] for one in runs]
    print_table("Runs", ("occurrence", "state", "people", "where they are"), rows)
    for one in runs:
        if one.skipped:
            say(f"Not written to in {one.occurrence}: {_counted(one.skipped)}.")


@app.command(epilog="Example: frontdesk campaigns launch 3")
def launch(wanted: Wanted, by: By = None, as_json: AsJson = False) -> None:
    """Let a campaign go out at its times."""
    _do(lambda campaigns, who: campaigns.launch(wanted, by=who), by)
    _say(wanted, f"was launched. Watch it: frontdesk campaigns show {wanted}", as_json)


@app.command(epilog="Example: frontdesk campaigns approve 3")
def approve(wanted: Wanted, by: By = None, as_json: AsJson = False) -> None:
    """Be the second person that a large campaign needs."""
    _do(lambda campaigns, who: campaigns.approve(wanted, by=who), by)
    _say(wanted, "was approved.", as_json)


@app.command(epilog="Example: frontdesk campaigns pause 3 --why 'a typo'")
def pause(wanted: Wanted, why: Why = "", by: By = None, as_json: AsJson = False) -> None:
    """Send nothing more for now."""
    _do(lambda campaigns, who: campaigns.pause(wanted, by=who, reason=why), by)
    _say(wanted, f"stands still. Go on: frontdesk campaigns resume {wanted}", as_json)


@app.command(epilog="Example: frontdesk campaigns resume 3")
def resume(wanted: Wanted, by: By = None, as_json: AsJson = False) -> None:
    """Go on; who has got it does not get it again."""
    _do(lambda campaigns, who: campaigns.resume(wanted, by=who), by)
    _say(wanted, "goes on.", as_json)


@app.command(epilog="Example: frontdesk campaigns cancel 3 --yes")
def cancel(
    wanted: Wanted,
    why: Why = "",
    by: By = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """End a campaign for good."""
    if not yes:
        typer.confirm(f"End campaign {wanted} for good?", abort=True)
    waiting = _do(lambda campaigns, who: campaigns.cancel(wanted, by=who, reason=why), by)
    _say(wanted, f"was ended; {waiting} people were still waiting.", as_json)


def _do[T](step: "Callable[[Campaigns, str], Awaitable[T]]", by: str | None) -> T:
    async def work(opened: Opened) -> T:
        return await step(opened_campaigns(opened), by or _login())

    return run(work)


def _say(wanted: int, words: str, as_json: bool) -> None:
    """Tell what was done: in words, or as the campaign is now."""
    if not as_json:
        say(f"Campaign {wanted} {words}")
        return

    async def work(opened: Opened) -> "Campaign":
        return await opened_campaigns(opened).get(wanted)

    print_json(_shown(run(work)))


def _shown(one: "Campaign") -> dict[str, Any]:
    names = ("id", "name", "state", "edition", "wake_at", "created_by", "launched_at", "reason")
    return {name: getattr(one, name) for name in names} | {"plan": one.plan.written()}


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "nobody"
