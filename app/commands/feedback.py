"""``frontdesk feedback``: what customers think, and whom to ask."""

from typing import Annotated, cast

import typer

from app.commands.opened import Opened, run
from app.commands.output import AsJson, Limit, print_json, print_table, say, shortened
from app.commands.report import moment
from app.platforms import platforms
from channels.webchat.adapter import WebChat
from desk.agentdesk.rules import Rulebook
from desk.commerce.policies import Policies
from desk.errors import InvalidError
from desk.feedback.doors import Doors
from desk.feedback.gate import Gate
from desk.feedback.hours import Hours
from desk.feedback.listing import Item, Listed, Listing, Wanted
from desk.feedback.nps_plan import Candidate, NpsPlan
from desk.tables.feedback import FeedbackKind
from desk.tickets.words import one_of

app = typer.Typer(help="What customers think.", no_args_is_help=True)

Kind = Annotated[str | None, typer.Option(help=f"One of: {', '.join(FeedbackKind)}.")]


@app.command("list", epilog="Example: frontdesk feedback list --kind nps --low --since 2026-03-01")
def list_(
    kind: Kind = None,
    score: Annotated[int | None, typer.Option(help="This score only.")] = None,
    low: Annotated[bool, typer.Option("--low", help="Low scores only.")] = False,
    to_follow_up: Annotated[
        bool, typer.Option("--to-follow-up", help="Low scores whose ticket is not settled.")
    ] = False,
    agent: Annotated[str | None, typer.Option(help="Who was rated.")] = None,
    channel: Annotated[str | None, typer.Option(help="Such as email.")] = None,
    since: Annotated[str | None, typer.Option(help="First day, such as 2026-03-01 (UTC).")] = None,
    until: Annotated[str | None, typer.Option(help="Last day.")] = None,
    before: Annotated[int | None, typer.Option(help="The last id of the page before.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List what was asked and answered, the newest first."""

    async def work(opened: Opened) -> Listed:
        wanted = Wanted(
            kind=one_of(FeedbackKind, kind) if kind else None,
            score=score,
            low=low,
            to_follow_up=to_follow_up,
            agent=agent,
            channel=channel,
            since=moment("--since", since),
            until=moment("--until", until, end=True),
            before=before,
            limit=limit,
            rules=_rulebook(opened).rules.feedback,
        )
        return await Listing(opened.database).page(wanted)

    found = run(work)
    if as_json:
        print_json(found)
    elif not found.items:
        say("There is no such feedback.")
    else:
        columns = ("id", "kind", "score", "comment", "agent", "channel", "ticket", "at")
        print_table("Feedback", columns, [_cells(item) for item in found.items])


@app.command("send-nps", epilog="Example: frontdesk feedback send-nps --dry-run")
def send_nps(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say who would be asked, and write nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Plan whom to ask whether they recommend the shop; a running clock asks them at decent hours."""

    async def look(opened: Opened) -> list[Candidate]:
        return await _plan(opened).candidates()

    async def plan(opened: Opened) -> int:
        if not _rulebook(opened).rules.feedback.nps.enabled:
            raise InvalidError("feedback.nps.enabled is not set in the desk's rules")
        return await _plan(opened).step()

    if not dry_run:
        planned = run(plan)
        if as_json:
            print_json({"planned": planned})
        else:
            say(f"Planned: {planned}.")
        return
    found = run(look)
    if as_json:
        print_json(found)
    elif not found:
        say("Nobody of the sample has talked with us lately.")
    else:
        rows = [(one.contact_id, one.conversation_id, one.due_at, one.why) for one in found]
        print_table("Sample", ("id", "conversation", "asked from", "not asked because"), rows)


def _rulebook(opened: Opened) -> Rulebook:
    return Rulebook(opened.settings.desk_rules, Policies(opened.settings.policies))


def _plan(opened: Opened) -> NpsPlan:
    policies, rulebook = Policies(opened.settings.policies), _rulebook(opened)
    channels = {WebChat.name: cast(object, WebChat), **platforms(opened.settings, opened.clock)}
    return NpsPlan(
        database=opened.database,
        gate=Gate(Doors(channels)),
        rules=lambda: rulebook.rules.feedback,
        hours=Hours(lambda: policies.zone),
        clock=opened.clock,
    )


def _cells(item: Item) -> list[object]:
    return [
        item.id,
        item.kind,
        item.score,
        shortened(item.comment or ""),
        item.agent,
        item.channel,
        item.ticket,
        item.answered_at or item.surveyed_at,
    ]
