"""``frontdesk analyze ab`` and ``uplift``: which variant is better, and whom a treatment changes."""

from dataclasses import asdict
from math import isfinite
from typing import Annotated, Any

import typer

from app.commands.analyze_experiments_shown import show_ab, show_uplift, warn_of_uplift
from app.commands.analyze_options import Chart, File, Keep, check_chart, named, write_chart
from app.commands.output import AsJson, print_json
from desk.errors import InvalidError


def ab(
    file: File,
    variant: Annotated[str, typer.Option(help="Column that says which variant a row got.")],
    outcome: Annotated[
        str,
        typer.Option(
            help="Column with the outcome: 0 or 1, or an amount. Of several, with commas between, the first decides."
        ),
    ],
    control: Annotated[
        str | None,
        typer.Option(
            help="Variant that the others are compared with; the one named control or A."
        ),
    ] = None,
    before: Annotated[
        str | None,
        typer.Option(
            help="Columns known before the test, with commas between: they take noise out (CUPED)."
        ),
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="Column that names the user, if they have several rows.")
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="Column with the time of each row: show the test over time.")
    ] = None,
    planned: Annotated[
        int | None,
        typer.Option(
            min=1, help="Contacts planned for the whole test, all variants; without, 5,000 of two."
        ),
    ] = None,
    guard: Annotated[
        str | None,
        typer.Option(
            help="Columns that must not grow, each with what is tolerated: opted_out=0.002,minutes=0.1"
        ),
    ] = None,
    shares: Annotated[
        str | None,
        typer.Option(help="How the split was meant, as control=9,new=1; without, equal shares."),
    ] = None,
    alpha: Annotated[
        float, typer.Option(help="Chance of a false winner that is accepted.")
    ] = 0.05,
    chart: Chart = None,
    as_json: AsJson = False,
) -> None:
    """Compare variants: split, rates, lift with intervals that allow looking at any time, and what to do."""
    check_chart(chart)
    from analytics.analyses import ab as analysis  # noqa: PLC0415
    from analytics.analyses.ab_columns import AbAsked  # noqa: PLC0415

    asked = AbAsked(
        variant=variant,
        outcomes=named(outcome),
        control=control,
        before=named(before),
        user=user,
        time=time,
        guards=_pairs("--guard", guard, 0.0),
        shares=_pairs("--shares", shares),
        planned=planned,
        alpha=alpha,
    )
    found = analysis.report(file, asked)
    if chart is not None:
        from analytics.analyses import experiment_charts  # noqa: PLC0415

        write_chart(chart, lambda _: experiment_charts.ab(found))
    if as_json:
        print_json(_finite(asdict(found)))
        return
    show_ab(found)


def uplift(
    file: File,
    treatment: Annotated[
        str, typer.Option(help="Column that says who was treated, by chance: two values.")
    ],
    outcome: Annotated[str, typer.Option(help="Column with the outcome: two values.")],
    features: Annotated[
        str | None,
        typer.Option(help="Columns to learn from, with commas between; without, all."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(help="Column with the time of each row: learn from earlier, try on later."),
    ] = None,
    treated: Annotated[
        str | None, typer.Option(help="Value that means treated; the later of the two.")
    ] = None,
    positive: Annotated[
        str | None, typer.Option(help="Value of the outcome that is wanted; the later of the two.")
    ] = None,
    keep: Keep = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=50, help="How often the rows are dealt out anew.")
    ] = 5,
    chart: Chart = None,
    as_json: AsJson = False,
) -> None:
    """Learn whom a treatment changes, by two models, against response-only and random targeting."""
    check_chart(chart)
    from analytics.analyses import uplift as analysis  # noqa: PLC0415

    asked = analysis.UpliftAsked(
        treatment=treatment,
        outcome=outcome,
        features=named(features),
        time=time,
        keep=named(keep),
        treated=treated,
        positive=positive,
        seeds=seeds,
    )
    found = analysis.report(file, asked)
    if chart is not None:
        from analytics.analyses import experiment_charts  # noqa: PLC0415

        write_chart(chart, lambda _: experiment_charts.uplift(found))
    warn_of_uplift(found)
    if as_json:
        print_json(_finite(asdict(found)))
        return
    show_uplift(found)


def _pairs(
    option: str, text: str | None, without: float | None = None
) -> tuple[tuple[str, float], ...]:
    """Return names with numbers from ``name=0.1,other=2``; ``without`` is the number of a name alone."""
    found = []
    for part in named(text):
        name, equals, number = part.rpartition("=") if "=" in part else (part, "", "")
        try:
            value = float(number) if equals else without
        except ValueError:
            value = None
        if value is None or not name or not isfinite(value):
            raise InvalidError(f"{option}: {part!r} is not of the form name=number")
        found.append((name.strip(), value))
    return tuple(found)


def _finite(value: Any) -> Any:
    """Return a document in which numbers without end, which JSON has not, are missing."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value
