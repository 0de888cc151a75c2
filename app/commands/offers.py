"""``frontdesk offers``: what the assistant offers to people who ask."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analytics.offers.model import Draft, Offer, Shown
from app.commands.opened import Opened, run
from app.commands.output import AsJson, Limit, print_json, print_table, say
from app.commands.report import moment
from app.commands.tickets import _login

if TYPE_CHECKING:
    from analytics.offers.service import Offers, Outcome

app = typer.Typer(
    help="Offers: what the assistant offers to people who ask.", no_args_is_help=True
)

Code = Annotated[str, typer.Argument(metavar="CODE", help="The offer's code.")]
By = Annotated[str | None, typer.Option(help="Your name in the record; your login otherwise.")]


def _opened(opened: Opened) -> "Offers":
    # NumPy takes long to be imported; no other command should wait for it.
    from analytics.offers.service import Offers  # noqa: PLC0415

    return Offers(opened.database, opened.clock)


@app.command("list", epilog="Example: frontdesk offers list")
def list_(as_json: AsJson = False) -> None:
    """List the offers with their state and what came of them."""

    async def work(opened: Opened) -> tuple[Sequence[Offer], datetime]:
        return await _opened(opened).list(), opened.clock()

    found, now = run(work)
    if as_json:
        print_json([_plain(one, now) for one in found])
    elif not found:
        say("There are no offers; make one in the console, or: frontdesk offers add --help")
    else:
        columns = ("code", "offer", "state", "shown", "clicked", "bought")
        print_table("Offers", columns, [_cells(one, now) for one in found])


@app.command(epilog="Example: frontdesk offers show tea-for-two")
def show(code: Code, limit: Limit = 20, as_json: AsJson = False) -> None:
    """Show an offer: what it says, what it would earn, and to whom it was shown last."""

    async def work(opened: Opened) -> "tuple[Outcome, Sequence[Shown], datetime]":
        offers = _opened(opened)
        wanted = await offers.named(code)
        shown = await offers.shown_to(wanted.id, limit=limit)
        return await offers.outcome(wanted.id), shown, opened.clock()

    found, shown, now = run(work)
    offer, always = found.offer, found.always
    if as_json:
        estimate = None if always is None else asdict(always)
        more = {"always": estimate, "log": [asdict(one) for one in shown]}
        print_json(_plain(offer, now) | more)
        return
    say(f"{offer.title_en} / {offer.title_zh}: {offer.state(now)}.")
    say(f"{offer.text_en}\n{offer.text_zh}")
    say(f"Shown {offer.shown}, clicked {offer.clicked}, bought {offer.converted} times.")
    if always is not None:
        interval = f"95%: {always.snips_low:.1%} to {always.snips_high:.1%}"
        say(f"Shown first to everybody, {always.snips:.1%} would click ({interval}).")
    columns = ("id", "person", "reason", "because", "chance", "shown", "clicked", "bought")
    print_table("Shown to", columns, [_log_cells(one) for one in shown])


@app.command(epilog="Example: frontdesk offers stop tea-for-two")
def stop(
    code: Code,
    resume: Annotated[bool, typer.Option("--resume", help="Show it again.")] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Show an offer to nobody from now on."""

    async def work(opened: Opened) -> tuple[Offer, datetime]:
        offers = _opened(opened)
        wanted = await offers.named(code)
        who = by or _login()
        return await offers.stop(wanted.id, by=who, stopped=not resume), opened.clock()

    found, now = run(work)
    if as_json:
        print_json(_plain(found, now))
    else:
        say(f"{found.code} is shown again." if resume else f"{found.code} is stopped.")


@app.command(
    epilog="Example: frontdesk offers add tea --title-en 'Tea for two' --title-zh 双人茶礼 "
    "--text-en 'A teapot with two cups, 15% off.' --text-zh 茶壶配两只茶杯，立减15%。 --sku TEAPOT"
)
def add(
    code: Code,
    title_en: Annotated[str, typer.Option(help="Name in English.")],
    title_zh: Annotated[str, typer.Option(help="Name in Chinese.")],
    text_en: Annotated[str, typer.Option(help="What it says in English.")],
    text_zh: Annotated[str, typer.Option(help="What it says in Chinese.")],
    sku: Annotated[str | None, typer.Option(help="The product that it is about.")] = None,
    url: Annotated[str | None, typer.Option(help="Where it leads.")] = None,
    starts: Annotated[str | None, typer.Option(help="Day or time when it begins, UTC.")] = None,
    ends: Annotated[str | None, typer.Option(help="Day or time when it ends, UTC.")] = None,
    segment: Annotated[int | None, typer.Option(help="Id of the segment that it is for.")] = None,
    most_shown: Annotated[int | None, typer.Option(help="Shown at most so often.")] = None,
    most_taken: Annotated[int | None, typer.Option(help="Bought at most so often.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Keep a new offer; it is shown from now on, or from when it begins."""
    draft = Draft(
        code=code,
        title_en=title_en,
        title_zh=title_zh,
        text_en=text_en,
        text_zh=text_zh,
        sku=sku,
        url=url,
        starts_at=moment("--starts", starts),
        ends_at=moment("--ends", ends),
        segment_id=segment,
        most_shown=most_shown,
        most_taken=most_taken,
    )

    async def work(opened: Opened) -> tuple[Offer, datetime]:
        return await _opened(opened).add(draft, by=by or _login()), opened.clock()

    made, now = run(work)
    if as_json:
        print_json(_plain(made, now))
    else:
        say(f"{made.code} is kept: {made.state(now)}.")


def _plain(one: Offer, now: datetime) -> dict[str, Any]:
    return asdict(one) | {"state": one.state(now)}


def _cells(one: Offer, now: datetime) -> list[object]:
    return [one.code, one.title_en, one.state(now), one.shown, one.clicked, one.converted]


def _log_cells(one: Shown) -> list[object]:
    chance = f"{one.propensity:.0%}"
    times = (one.shown_at, one.clicked_at, one.converted_at)
    return [one.id, one.person_id, one.reason, one.because, chance, *times]
