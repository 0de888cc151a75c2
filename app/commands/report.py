"""``frontdesk report``: figures."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

import typer

from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, print_table, say
from desk.errors import InvalidError
from desk.feedback.ces import CesFigures
from desk.feedback.csat import CsatReport, Figures
from desk.feedback.nps import NpsFigures
from desk.feedback.reports import GROUPINGS, Reports

app = typer.Typer(help="Figures.", no_args_is_help=True)


Since = Annotated[str | None, typer.Option(help="First day, or moment, such as 2026-03-01 (UTC).")]
Until = Annotated[str | None, typer.Option(help="Last day, or the moment before which it ends.")]
By = Annotated[str | None, typer.Option(help=f"Group by one of: {', '.join(GROUPINGS)}.")]


@app.callback()
def _group() -> None:
    """Keep every report a word of its own."""


@app.command(
    epilog="Example: frontdesk report csat --since 2026-03-01 --until 2026-03-31 --by agent"
)
def csat(since: Since = None, until: Until = None, by: By = None, as_json: AsJson = False) -> None:
    """Report customer satisfaction: the share of 4s and 5s among all answers."""
    found = _figures(lambda reports, start, end: reports.csat(start, end, by), since, until)
    if as_json:
        print_json(found)
    elif not found.surveyed and not found.answered:
        say(_NOTHING)
    else:
        _show(found, by)


@app.command(epilog="Example: frontdesk report nps --since 2026-01-01 --by segment")
def nps(since: Since = None, until: Until = None, by: By = None, as_json: AsJson = False) -> None:
    """Report recommendation: the share of 9s and 10s less that of 0s to 6s."""
    found = _figures(lambda reports, start, end: reports.nps(start, end, by), since, until)
    if as_json:
        print_json(found)
    elif not found.all.surveyed and not found.all.answered:
        say(_NOTHING)
    else:
        columns = (by or "", "asked", "answered", "NPS", "95% interval", "response", "+", "0", "-")
        named = [*found.groups.items(), ("all", found.all)]
        print_table("Recommendation", columns, [_nps_cells(*one) for one in named])


@app.command(epilog="Example: frontdesk report ces --by agent --json")
def ces(since: Since = None, until: Until = None, by: By = None, as_json: AsJson = False) -> None:
    """Report effort: the mean of the answers from 1 (very hard) to 7 (very easy)."""
    found = _figures(lambda reports, start, end: reports.ces(start, end, by), since, until)
    if as_json:
        print_json(found)
    elif not found.all.surveyed and not found.all.answered:
        say(_NOTHING)
    else:
        columns = (by or "", "asked", "answered", "mean", "response", "1 2 3 4 5 6 7")
        named = [*found.groups.items(), ("all", found.all)]
        print_table("Effort", columns, [_ces_cells(*one) for one in named])


_NOTHING = "Nobody was asked for a rating and nobody gave one in this time."


def _figures[T](
    ask: Callable[[Reports, datetime | None, datetime | None], Awaitable[T]],
    since: str | None,
    until: str | None,
) -> T:
    async def work(opened: Opened) -> T:
        start, end = moment("--since", since), moment("--until", until, end=True)
        if start is not None and end is not None and start >= end:
            raise InvalidError("--since must be before --until")
        return await ask(Reports(opened.database), start, end)

    return run(work)


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


def _nps_cells(name: str, figures: NpsFigures) -> list[object]:
    low, high = figures.nps_low, figures.nps_high
    interval = None if low is None or high is None else f"{100 * low:+.0f} to {100 * high:+.0f}"
    return [
        name,
        figures.surveyed,
        figures.answered,
        None if figures.nps is None else f"{100 * figures.nps:+.0f}",
        interval,
        _percent(figures.response_rate),
        figures.promoters,
        figures.passives,
        figures.detractors,
    ]


def _ces_cells(name: str, figures: CesFigures) -> list[object]:
    return [
        name,
        figures.surveyed,
        figures.answered,
        None if figures.mean is None else f"{figures.mean:.2f}",
        _percent(figures.response_rate),
        " ".join(str(figures.distribution[score]) for score in sorted(figures.distribution)),
    ]


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.1%}"
