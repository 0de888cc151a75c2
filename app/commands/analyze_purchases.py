"""``frontdesk analyze rfm`` and ``clv``: what customers bought, and what they will."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from app.commands.analyze_options import Chart, File, check_chart, day, write_chart
from app.commands.output import AsJson, print_json, print_table, say
from desk.errors import InvalidError

Customer = Annotated[str, typer.Option(help="Column that names the customer.")]
Date = Annotated[str, typer.Option(help="Column with the day or time of a purchase.")]
Amount = Annotated[str, typer.Option(help="Column with the money of a purchase.")]


def rfm(
    file: File,
    customer: Customer = "customer",
    date: Date = "date",
    amount: Amount = "amount",
    as_of: Annotated[
        str | None, typer.Option(help="Day from which recency counts; the last purchase's.")
    ] = None,
    chart: Chart = None,
    as_json: AsJson = False,
) -> None:
    """Score customers by recency, frequency and money, and name them."""
    check_chart(chart)
    # The engine takes a second or two to be imported; no other command should wait for it.
    from analytics.analyses import rfm as analysis  # noqa: PLC0415
    from analytics.insight.rfm import Columns  # noqa: PLC0415

    columns = Columns(customer=customer, date=date, amount=amount)
    found = analysis.report(file, columns, day("--as-of", as_of))
    write_chart(chart, lambda charts: charts.rfm(found))
    if as_json:
        rows = found.scored.to_pylist()
        print_json(asdict(found) | {"scored": rows})
        return
    print_table(
        f"{found.customers:,} customers, {found.money:,.2f} in all",
        ("name", "customers", "share", "days since", "purchases", "money each"),
        [
            (
                group.name,
                f"{group.customers:,}",
                f"{group.share:.1%}",
                f"{group.recency:,.0f}",
                f"{group.frequency:,.1f}",
                f"{group.money:,.2f}",
            )
            for group in found.groups
        ],
    )
    say("Scores are fifths by the middle of equal values: equal customers have equal scores.")


def clv(
    file: File,
    customer: Customer = "customer",
    date: Date = "date",
    amount: Amount = "amount",
    calibrate_until: Annotated[
        str | None,
        typer.Option(help="Learn until this day; what comes after is used to try the model."),
    ] = None,
    horizon: Annotated[float, typer.Option(help="How far to look ahead, in units.")] = 52,
    unit: Annotated[str, typer.Option(help="Unit of time: day, week or month.")] = "week",
    discount: Annotated[float, typer.Option(help="Taken off for each unit, such as 0.002.")] = 0,
    margin: Annotated[float, typer.Option(help="Share of revenue that stays, up to 1.")] = 1,
    top: Annotated[int, typer.Option(min=0, help="Customers to show.")] = 10,
    chart: Chart = None,
    as_json: AsJson = False,
) -> None:
    """Estimate purchases to come and value, by BG/NBD and Gamma-Gamma."""
    from analytics.analyses import clv as analysis  # noqa: PLC0415
    from analytics.insight.histories import UNITS  # noqa: PLC0415
    from analytics.insight.rfm import Columns  # noqa: PLC0415
    from analytics.insight.value import Terms  # noqa: PLC0415

    check_chart(chart)
    if unit not in UNITS:
        raise InvalidError(f"--unit: {unit!r} is none of: {', '.join(UNITS)}")
    found = analysis.report(
        file,
        Columns(customer=customer, date=date, amount=amount),
        terms=Terms(horizon=horizon, step=1, discount=discount, margin=margin),
        unit=UNITS[unit],
        calibrate_until=day("--calibrate-until", calibrate_until),
    )
    write_chart(chart, lambda charts: charts.clv(found))
    if as_json:
        print_json(asdict(found))
        return
    _show_models(found, horizon)
    print_table(
        f"The {min(top, found.customers)} most valuable customers, {horizon:g} {unit}s ahead",
        ("customer", "repeats", f"{unit} of last", "alive", "purchases to come", "value"),
        [
            (
                row["customer"],
                f"{row['frequency']:.0f}",
                f"{row['recency']:.1f} of {row['age']:.1f}",
                f"{row['alive']:.0%}",
                f"{row['expected_purchases']:.2f}",
                f"{row['value']:,.2f}",
            )
            for row in found.rows[:top]
        ],
    )


def _show_models(found: Any, horizon: float) -> None:
    buying, spending = found.purchases, found.spending
    expected = found.expected
    rows = [
        ("customers", f"{found.customers:,}, of whom {found.repeaters:,} bought again"),
        (
            "BG/NBD",
            f"r {buying.r:.3f}, alpha {buying.alpha:.3f}, a {buying.a:.3f}, b {buying.b:.3f}, "
            f"log-likelihood {found.log_likelihood:,.1f}",
        ),
        ("Gamma-Gamma", f"p {spending.p:.2f}, q {spending.q:.2f}, v {spending.v:.2f}"),
        (
            f"next {horizon:g} {found.unit}s",
            f"{expected.value:,.0f} purchases ({expected.level:.0%}: {expected.low:,.0f} to {expected.high:,.0f}), "
            f"worth {found.money:,.2f}",
        ),
    ]
    if tried := found.tried:
        rows.append(
            (
                "tried on what came",
                f"{tried.actual:,.0f} came, {tried.expected:,.0f} expected, correlation {tried.correlation:.3f}, "
                f"error {tried.mean_absolute_error:.3f} a customer (same rate as before: "
                f"{tried.naive_expected:,.0f}, {tried.naive_mean_absolute_error:.3f})",
            )
        )
    print_table("Models", ("", ""), rows)
