"""``frontdesk report``: figures."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

import typer

from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, print_table, say
from desk.errors import InvalidError
from desk.feedback.csat import CsatReport, Figures
from desk.feedback.service import Feedback

app = typer.Typer(help="Figures.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``csat`` a word of its own while it is the only report."""


@app.command(
    epilog="Example: frontdesk report csat --since 2026-03-01 --until 2026-03-31 --by agent"
)
def csat(
    since: Annotated[
        str | None, typer.Option(help="First day, or moment, such as 2026-03-01 (UTC).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Last day, or the moment before which it ends.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Group by owner, agent, channel or language.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Report customer satisfaction: the share of 4s and 5s among all answers."""

    async def work(opened: Opened) -> CsatReport:
        start, end = moment("--since", since), moment("--until", until, end=True)
        if start is not None and end is not None and start >= end:
            raise InvalidError("--since must be before --until")
        feedback = Feedback(opened.database, opened.clock, opened.tickets)
        return await feedback.csat(since=start, until=end, by=by)

    found = run(work)
    if as_json:
        print_json(found)
    elif not found.surveyed and not found.answered:
        say("Nobody was asked for a rating and nobody gave one in this time.")
    else:
        _show(found, by)


def moment(option: str, text: str | None, *, end: bool = False) -> datetime | None:
    """Read a time; a day without a time is its beginning, or with ``end`` the beginning of the next.

    Raises:
        InvalidError: it is no time.
    """
    if text is None:
        return None
    try:
        if len(text) == len("2026-03-01"):
            day = date.fromisoformat(text) + timedelta(days=end)
            return datetime.combine(day, time(), UTC)
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidError(
            f"{option}: {text!r} is not a time such as 2026-03-01 or 2026-03-01T09:30+08:00"
        ) from error


def _show(found: CsatReport, by: str | None) -> None:
    columns = (
        by or "",
        "asked",
        "answered",
        "CSAT",
        "95% interval",
        "response",
        "mean",
        "1 2 3 4 5",
    )
    rows = [_cells(name, group) for name, group in found.groups.items()]
    print_table("Customer satisfaction", columns, [*rows, _cells("all", found)])


def _cells(name: str, figures: Figures) -> list[object]:
    interval = (
        f"{_percent(figures.csat_low)} to {_percent(figures.csat_high)}"
        if figures.answered
        else None
    )
    return [
        name,
        figures.surveyed,
        figures.answered,
        _percent(figures.csat),
        interval,
        _percent(figures.response_rate),
        None if figures.mean is None else f"{figures.mean:.2f}",
        " ".join(str(figures.distribution[score]) for score in sorted(figures.distribution)),
    ]


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.1%}"
