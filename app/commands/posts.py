"""``frontdesk posts``: what is published for everybody, drafted, approved, scheduled, watched."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from app.commands.opened import Opened, run
from app.commands.output import AsJson, Limit, print_json, print_table, say, shortened
from app.commands.report import moment
from app.commands.tickets import _login
from app.platforms import platforms
from desk.commerce.policies import Policies
from desk.errors import InvalidError
from desk.tables.post import PostState

if TYPE_CHECKING:
    from analytics.posts.model import Metric, SocialPost
    from analytics.posts.service import Posts
    from analytics.posts.week import Week

app = typer.Typer(
    help="Social posts: what is published for everybody, and what came of it.",
    no_args_is_help=True,
)

Wanted = Annotated[int, typer.Argument(metavar="ID", help="The post's id.")]
By = Annotated[str | None, typer.Option(help="Your name in the record; your login otherwise.")]
On = Annotated[str, typer.Option("--channel", help="Where it is published: x, webhook, ...")]
_FIGURES = ("likes", "reposts", "replies", "quotes", "bookmarks", "views", "clicks")


def _posts(opened: Opened) -> "Posts":
    # What campaigns check links with takes long to be imported; no other command should wait for it.
    from analytics.posts.places import Places  # noqa: PLC0415
    from analytics.posts.service import Posts  # noqa: PLC0415

    places = Places(platforms(opened.settings, opened.clock))
    return Posts(opened.database, opened.clock, places, zone=_zone(opened))


def _week(opened: Opened) -> "Week":
    from analytics.posts.week import Week  # noqa: PLC0415 - as for _posts

    return Week(opened.database, opened.clock, zone=_zone(opened))


def _zone(opened: Opened) -> ZoneInfo:
    return ZoneInfo(Policies(opened.settings.policies).zone)


@app.command("list", epilog="Example: frontdesk posts list --state unknown")
def list_(
    state: Annotated[PostState | None, typer.Option(help="Only those in this state.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the posts, newest first; those of which nobody knows need you: frontdesk posts settle --help."""

    async def work(opened: Opened) -> "Sequence[SocialPost]":
        wanted = (state,) if state else ()
        return await _posts(opened).list(*wanted, limit=limit)

    found = run(work)
    if as_json:
        print_json([_plain(one) for one in found])
    elif not found:
        say("There are no posts; write one: frontdesk posts draft --help")
    else:
        columns = ("id", "channel", "post", "state", "due", "by", "why")
        print_table("Posts", columns, [_cells(one) for one in found])


@app.command(
    epilog="Example: frontdesk posts draft 'Our teapots are back.' --channel x "
    "--link https://shop.example.com/teapots --image pot.png --at 2026-12-01T09:00+01:00"
)
def draft(
    text: Annotated[str, typer.Argument(help="What it says.")],
    channel: On,
    link: Annotated[str | None, typer.Option(help="Where it leads; stands below it.")] = None,
    image: Annotated[Path | None, typer.Option(help="A picture to show with it.")] = None,
    at: Annotated[str | None, typer.Option(help="When it is due, if that is known.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Keep a new post; it waits for somebody else's approval."""

    async def work(opened: Opened) -> "SocialPost":
        from analytics.posts.model import Draft  # noqa: PLC0415 - as for _posts

        posts, due_at = _posts(opened), moment("--at", at)
        place = posts.places.of(channel)
        written = Draft(
            channel=channel,
            account=place.account,
            text=text,
            link=link,
            image=await _image(opened, posts, channel, image) if image else None,
        )
        return await posts.draft(written, by=by or _login(), due_at=due_at)

    made = run(work)
    _tell(
        made,
        f"was kept. Somebody else approves it: frontdesk posts approve {made.id} --by NAME",
        as_json,
    )


@app.command(epilog="Example: frontdesk posts show 3")
def show(wanted: Wanted, as_json: AsJson = False) -> None:
    """Show a post: what it says, where it stands, and what people did with it."""

    async def work(opened: Opened) -> "tuple[SocialPost, Sequence[Metric]]":
        posts = _posts(opened)
        return await posts.get(wanted), (await posts.metrics([wanted])).get(wanted, ())

    found, figures = run(work)
    if as_json:
        print_json(_plain(found) | {"figures": [asdict(one) for one in figures]})
        return
    say(f"Post {found.id} on {found.channel}: {found.state}. {found.why()}".rstrip())
    say(found.words)
    approved = f", approved by {found.approved_by}" if found.approved_by else ""
    say(f"Written by {found.updated_by}{approved}.")
    if found.url:
        say(found.url)
    rows = [[one.hours, *(getattr(one, name) for name in _FIGURES)] for one in figures]
    print_table("What people did", ("hours after", *_FIGURES), rows)


@app.command(epilog="Example: frontdesk posts approve 3 --by Ben")
def approve(wanted: Wanted, by: By = None, as_json: AsJson = False) -> None:
    """Be the second person: who wrote a post cannot approve it. With a time it is scheduled."""

    async def step(posts: "Posts", who: str) -> "SocialPost":
        seen = await posts.get(wanted)
        return await posts.approve(wanted, edition=seen.edition, by=who)

    done = _do(step, by)
    hint = "is scheduled" if done.due_at else f"frontdesk posts schedule {wanted} --next"
    _tell(done, f"was approved: {hint}.", as_json)


@app.command(epilog="Example: frontdesk posts schedule 3 --at 2026-12-01T09:00+01:00")
def schedule(
    wanted: Wanted,
    at: Annotated[str | None, typer.Option(help="A time; UTC without a zone.")] = None,
    next_: Annotated[bool, typer.Option("--next", help="The next free slot.")] = False,
    now: Annotated[bool, typer.Option("--now", help="At once.")] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Set when a post is published; a draft keeps the time until it is approved."""

    async def work(opened: Opened) -> "SocialPost":
        if sum((at is not None, next_, now)) != 1:
            raise InvalidError("say when: --at TIME, --next or --now")
        posts, who, wished = _posts(opened), by or _login(), moment("--at", at)
        if next_:
            return await posts.enqueue(wanted, by=who)
        return await posts.schedule(wanted, wished or opened.clock(), by=who)

    done = run(work)
    words = f"is due {done.due_at:%Y-%m-%d %H:%M} UTC" if done.due_at else "has no time"
    waits = "; it waits for approval" if done.state is PostState.DRAFT else ""
    _tell(done, f"{words}{waits}.", as_json)


@app.command(epilog="Example: frontdesk posts cancel 3")
def cancel(wanted: Wanted, by: By = None, as_json: AsJson = False) -> None:
    """Never publish a post."""
    done = _do(lambda posts, who: posts.cancel(wanted, by=who), by)
    _tell(done, "is cancelled.", as_json)


@app.command(
    epilog="Example: frontdesk posts settle 3 --published https://x.com/i/web/status/1993 "
    "(or: frontdesk posts settle 3 --not)"
)
def settle(
    wanted: Wanted,
    published: Annotated[str | None, typer.Option(metavar="URL", help="It is there.")] = None,
    not_: Annotated[bool, typer.Option("--not", help="It is not there.")] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Say what became of a post of which nobody knows; nothing publishes it again by itself."""

    async def step(posts: "Posts", who: str) -> "SocialPost":
        if (published is None) is not not_:
            raise InvalidError("look at the account, then say --published URL or --not")
        return await posts.settle(wanted, url=published, by=who)

    done = _do(step, by)
    again = f"; schedule it again: frontdesk posts schedule {wanted} --next" if not_ else ""
    _tell(done, f"is {done.state}{again}.", as_json)


@app.command(epilog="Example: frontdesk posts slots --channel x --add 'mon 09:30'")
def slots(
    channel: On,
    add: Annotated[str | None, typer.Option(help="A time of the week, as 'mon 09:30'.")] = None,
    remove: Annotated[str | None, typer.Option(help="A time to take out.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Show the week of a channel, and at which hours its posts did well; on the shop's clock."""

    async def work(opened: Opened) -> tuple[list[str], Any]:
        from analytics.posts import slots as slot  # noqa: PLC0415 - as for _posts

        place, week, who = _posts(opened).places.of(channel), _week(opened), by or _login()
        if add:
            await week.add(place, slot.read(add), by=who)
        if remove:
            await week.remove(place, slot.read(remove), by=who)
        found = [str(one) for one in await week.slots(place)]
        return found, await week.suggestion(place)

    found, best = run(work)
    if as_json:
        print_json({"slots": found, "best_times": asdict(best)})
        return
    say(f"The week of {channel}: {', '.join(found) or 'no slots yet'}.")
    said = {
        "too_few": f"Too little is known to suggest times: {best.posts} posts with figures, 30 are needed.",
        "alike": f"{best.posts} posts show no hour that does better than others.",
        "found": f"Of {best.posts} posts, those of these hours did better than usual:",
    }
    say(said[best.verdict])
    if best.hours:
        rows = [[_hour(one.hour), f"{one.gain:+.0%}", one.posts] for one in best.hours[:5]]
        print_table("Best times", ("hour", "more reactions", "posts"), rows)


async def _image(opened: Opened, posts: "Posts", channel: str, file: Path) -> Any:
    from analytics.posts.pictures import kept  # noqa: PLC0415 - as for _posts
    from desk.media.service import Media  # noqa: PLC0415 - a store is needed with an image alone
    from desk.media.store import MediaStore  # noqa: PLC0415

    try:
        content = await asyncio.to_thread(file.read_bytes)
    except OSError as error:
        raise InvalidError(f"--image: {file} cannot be read: {error.strerror}") from error
    media = Media(
        database=opened.database,
        store=MediaStore(opened.settings.media_place),
        clock=opened.clock,
        largest=opened.settings.media_largest,
    )
    return await kept(media, posts.places.of(channel), file.name, content)


def _do(step: "Callable[[Posts, str], Awaitable[SocialPost]]", by: str | None) -> "SocialPost":
    async def work(opened: Opened) -> "SocialPost":
        return await step(_posts(opened), by or _login())

    return run(work)


def _tell(done: "SocialPost", words: str, as_json: bool) -> None:
    if as_json:
        print_json(_plain(done))
    else:
        say(f"Post {done.id} {words}")


def _plain(one: "SocialPost") -> dict[str, Any]:
    return asdict(one) | {"why": one.why() or None}


def _cells(one: "SocialPost") -> list[object]:
    due: datetime | None = one.published_at or one.due_at
    return [one.id, one.channel, shortened(one.text), one.state, due, one.updated_by, one.why()]


def _hour(hour: int) -> str:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return f"{days[hour // 24]} {hour % 24:02}:00"
