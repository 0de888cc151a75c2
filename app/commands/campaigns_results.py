"""``frontdesk campaigns results | compare | export``: what came of campaigns."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, print_table, say
from desk.commerce.money import decimals, format_money
from desk.errors import InvalidError

if TYPE_CHECKING:
    from analytics.campaigns.results import Results
    from analytics.campaigns.results_model import Added, Counts, Findings, Line

_SHOWN = ("delivered", "read", "clicked", "replied", "converted", "opted_out", "complained")
_BY = "variant, channel, language, day, hour, run or part (test and rest)."

Wanted = Annotated[int, typer.Argument(metavar="ID", help="The campaign's id.")]
Run = Annotated[int | None, typer.Option("--run", help="One time it went out, by its id.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        epilog="Example: frontdesk campaigns results 3, or: frontdesk campaigns results 3 --by channel --run 7"
    )(results)
    app.command(epilog="Example: frontdesk campaigns compare 3 5")(compare)
    app.command("export", epilog="Example: frontdesk campaigns export 3 > spring.csv")(export)


def results(
    wanted: Wanted,
    run_id: Run = None,
    by: Annotated[str, typer.Option(help=f"Told apart by {_BY}")] = "variant",
    how: Annotated[bool, typer.Option("--how", help="Say how each figure is counted.")] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print lines of CSV, nothing else.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what came of a campaign: who read, clicked, replied and bought, and what that adds to the holdout."""
    from analytics.campaigns.results_model import By  # noqa: PLC0415 - its arithmetic is slow to import
    from analytics.campaigns.results_words import HOW, written  # noqa: PLC0415

    wrong = None if by in list(By) else f"--by: say one of: {', '.join(By)}"
    found = _asked(lambda service: service.of(wanted, run_id), wrong)
    if as_json:
        print_json(written(found))
    elif as_csv:
        _print_csv([found])
    else:
        _show(found, found.by[By(by)], by)
    if how and not as_json and not as_csv:
        print_table("How it is counted", ("figure", "meaning"), [list(one) for one in HOW.items()])


def compare(
    wanted: Annotated[list[int], typer.Argument(metavar="ID ID", help="Two campaigns, or more.")],
    as_json: AsJson = False,
) -> None:
    """Show the figures of several campaigns side by side."""
    from analytics.campaigns.results_words import written  # noqa: PLC0415

    wrong = "name at least two campaigns" if len(set(wanted)) < 2 else None
    found = _asked(lambda service: service.compare(wanted), wrong)
    if as_json:
        print_json([written(one) for one in found])
        return
    rows: list[Sequence[object]] = [
        [name, *(_figure(one.total, name) for one in found)] for name in ("sent", *_SHOWN)
    ]
    rows.append(["revenue", *(_money(one.total) for one in found)])
    rows.append(["minutes for 1,000", *(f"{one.load.minutes:.1f}" for one in found)])
    rows.append(["success", *(f"{one.goal} in {_days(one)}" for one in found)])
    rows.append(["added", *(_added(one) for one in found)])
    print_table("Campaigns", ("figure", *(f"{one.campaign_id} {one.name}" for one in found)), rows)
    if len({(one.goal, one.within) for one in found}) > 1:
        say("They count another success, or another time after the message: compare with care.")


def export(wanted: Wanted, run_id: Run = None) -> None:
    """Print all figures of a campaign as CSV, a line for each."""
    _print_csv([_asked(lambda service: service.of(wanted, run_id))])


def _asked[T](question: "Callable[[Results], Awaitable[T]]", wrong: str | None = None) -> T:
    """Return the answer; raises InvalidError for what is ``wrong`` with the question."""

    async def work(opened: Opened) -> T:
        if wrong:
            raise InvalidError(wrong)
        from analytics.campaigns.results import Results  # noqa: PLC0415

        return await question(Results(opened.database, opened.clock))

    return run(work)


def _print_csv(found: "Sequence[Findings]") -> None:
    from console.campaign_file import as_csv  # noqa: PLC0415

    typer.echo(as_csv(found).lstrip("\ufeff"), nl=False)


def _show(found: "Findings", lines: "Sequence[Line]", by: str) -> None:
    total = found.total
    say(f"{found.name}: sent to {total.sent} of {total.audience} people.")
    say(f"Success is {found.goal} within {_days(found)} of the message.")
    if total.still_open:
        say(f"Still open for {total.still_open} people: their figures may grow.")
    _table(found, lines, by)
    _say_lift(found)
    _say_support(found)
    for one in found.winners:
        won = f"{one.variant} won ({one.why})" if one.variant else "nothing is decided"
        say(f"Test of {one.occurrence}, by {one.by}: {won}; {one.waiting} people wait.")


def _table(found: "Findings", lines: "Sequence[Line]", by: str) -> None:
    rows = [
        [
            line.key or "(none)",
            line.counts.sent,
            *(_figure(line.counts, name) for name in _SHOWN),
            _money(line.counts),
        ]
        for line in lines
    ]
    head = (by, "sent", *(name.replace("_", " ") for name in _SHOWN), "revenue")
    print_table(found.name, head, rows)


def _say_lift(found: "Findings") -> None:
    if not found.lifts:
        say("There is no holdout, so nobody can say what would have happened without it.")
        return
    if not found.sound:
        say(
            f"The arms are not as large as they should be (p = {found.ratio_p:.2g}): do not trust this."
        )
    if found.later_step:
        say(
            "This is a later step: who gets so far depends on what the first messages did to them."
            " Only the whole campaign, without --run, compares like with like."
        )
    for lift in found.lifts:
        whose = lift.variant or "All together"
        one = lift.converted
        say(
            f"{whose}: {one.mean:.2%} of {one.people} against {one.base:.2%} of {one.base_people} in the holdout,"
            f" {_interval(one, 100, ' points')}."
        )
    for money in found.money:
        best, unit = money.adjusted or money.plain, 10.0 ** -decimals(money.currency)
        note = f", {money.reduction:.0%} of the noise taken out" if money.adjusted else ""
        whose = money.variant or "All together"
        say(f"{whose}: {_interval(best, unit, f' {money.currency}')} a person{note}.")


def _say_support(found: "Findings") -> None:
    load = found.load
    say(f"For 1,000 people: {load.minutes:.1f} minutes of ours, {load.handoffs:.1f} handoffs.")
    if load.caused_minutes is None:
        say("Not compared with a holdout: they may have come anyway.")
    else:
        say(f"Against the holdout: {_interval(load.caused_minutes, 1, ' minutes')}.")
    for one in found.guarded:
        if one.health == "harmed":
            say(f"Harm: {one.variant} has more {one.guardrail.name} by {one.estimate:.1%}.")


def _interval(one: "Added", times: float, unit: str) -> str:
    if one.low is None or one.high is None:
        return "nothing can be said yet"
    ends = f"{one.low * times:+.2f} to {one.high * times:+.2f}"
    proved = "" if one.proved else ", not proved"
    return f"{one.estimate * times:+.2f}{unit} ({ends}{proved})"


def _added(found: "Findings") -> str:
    return _interval(found.lifts[0].converted, 100, " points") if found.lifts else "no holdout"


def _figure(counts: "Counts", name: str) -> object:
    from analytics.campaigns.results_words import percent  # noqa: PLC0415

    return counts.sent if name == "sent" else percent(counts, name)


def _money(counts: "Counts") -> str:
    return ", ".join(
        format_money(cents, currency, "en") for currency, cents in sorted(counts.revenue.items())
    )


def _days(found: "Findings") -> str:
    from analytics.campaigns.schedule import span_text  # noqa: PLC0415

    return span_text(found.within)
