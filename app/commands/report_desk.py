"""``frontdesk report desk``: how the desk does, from the event log."""

import sys
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated

import typer

from analytics.reports import rollup, shown, words
from analytics.reports.business import Business, business_of
from analytics.reports.charts import Charts
from analytics.reports.definitions import METRICS
from analytics.reports.export import as_csv
from analytics.reports.page import GROUPED, as_html, cells
from analytics.reports.periods import begin_of, step_of, zone_of
from analytics.reports.report import BY, Query, Report, as_json
from analytics.reports.service import Reports
from analytics.reports.table import by_group
from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, print_table, progress, say
from app.commands.report import app
from desk.calendars.model import Calendar
from desk.commerce.policies import Policies
from desk.errors import InvalidError
from desk.settings import Settings

__all__ = ["app"]

_DAYS = 30


@app.command(
    "desk",
    epilog="Example: frontdesk report desk --from 2026-03-01 --to 2026-03-31 --by agent",
)
def desk(
    from_: Annotated[
        str | None, typer.Option("--from", help="First day; 30 days before the last if not said.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="Last day; today if not said.")] = None,
    by: Annotated[str | None, typer.Option("--by", help=f"Group by {', '.join(BY)}.")] = None,
    zone: Annotated[
        str | None, typer.Option(help="Whose days, such as Asia/Shanghai; the shop's if not said.")
    ] = None,
    business: Annotated[bool, typer.Option("--business", help="Times in business hours.")] = False,
    as_json_: AsJson = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print one line for each figure.")] = False,
    html: Annotated[bool, typer.Option("--html", help="Print a page with charts.")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Compute every figure anew from the log first.")
    ] = False,
) -> None:
    """Report how the desk does: response and resolution times, containment, handoffs, SLA, satisfaction."""

    async def work(opened: Opened) -> None:
        if as_json_ + csv + html > 1:
            raise InvalidError("choose one of --json, --csv and --html")
        policies = Policies(opened.settings.policies)
        query = _query(opened, from_, to, by, zone or policies.zone)
        await _bring_up_to_date(opened, _business(policies), anew=rebuild)
        reports = Reports(opened.database)
        report = await reports.report(query)
        if as_json_:
            print_json(as_json(report))
        elif csv:
            sys.stdout.write(as_csv(report))
        elif html:
            typer.echo(await _page(reports, query, report, business=business))
        else:
            _print(report, business=business)

    run(work)


def business_hours(settings: Settings) -> Business:
    """Return the business time of the shop's opening hours."""
    return _business(Policies(settings.policies))


def _business(policies: Policies) -> Business:
    hours = policies.rules.opening_hours.hours()
    return business_of(Calendar(name="opening hours", hours=hours))


async def _bring_up_to_date(opened: Opened, business: Business, *, anew: bool) -> None:
    if anew:
        with progress("Reading the log", None) as tell:
            await rollup.rebuild(opened.database, opened.clock, business, tell)
        return
    reader = rollup.follower(opened.database, opened.clock, business)
    while await reader.step():
        pass


async def _page(reports: Reports, query: Query, report: Report, *, business: bool) -> str:
    charts = Charts()
    try:
        by_time = await reports.report(replace(query, by=step_of(query.since, query.until)))
        return await as_html(report, by_time, business=business, charts=charts)
    finally:
        await charts.close()


def _query(opened: Opened, from_: str | None, to: str | None, by: str | None, zone: str) -> Query:
    place = zone_of(zone)
    today = opened.clock().astimezone(place).date()
    last = _day("--to", to) or today
    first = _day("--from", from_) or last - timedelta(days=_DAYS - 1)
    if first > last:
        raise InvalidError(f"--from {first} is after --to {last}")
    try:
        since, until = begin_of(first, place), begin_of(last + timedelta(days=1), place)
    except OverflowError as error:
        raise InvalidError("--from and --to must be days of this era") from error
    return Query(since=since, until=until, by=by, zone=zone)


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidError(f"{option}: {text!r} is not a day such as 2026-03-01") from error


def _print(report: Report, *, business: bool) -> None:
    if report.is_empty:
        say("Nothing happened in this time.")
        return
    hours = ", business hours" if business else ""
    title = f"How the desk did{hours}"
    if report.by is None:
        _print_all(title, report, business=business)
        return
    found = by_group(report, GROUPED, business=business)
    columns = (report.by, *(words.short(name, "en") for name in found.columns))
    total = [shown.headline(name, report.total[name], business=business) for name in found.columns]
    print_table(title, columns, [*([name, *row] for name, row in found.rows), ["all", *total]])


def _print_all(title: str, report: Report, *, business: bool) -> None:
    rows: list[list[object]] = []
    for metric in METRICS:
        figure, still = report.total[metric.name], report.open.get(metric.name)
        if figure.n or still:
            value = cells(metric.name, figure, business=business)
            rows.append(
                [words.name(metric.name, "en"), figure.n, *value, still.n if still else None]
            )
    print_table(title, ("", "n", "value or median", "90% within", "mean", "still open"), rows)
    if report.reasons:
        found = [[words.reason(key, "en"), count] for key, count in report.reasons.items()]
        print_table(words.chart("reasons", "en"), ("reason", "handoffs"), found)
