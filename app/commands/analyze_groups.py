"""``frontdesk analyze profile`` and ``clusters``: what a file holds, and which groups are in it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.analyze_options import Chart, File, check_chart, named, write_chart
from app.commands.output import AsJson, print_json, print_table
from desk.errors import InvalidError

if TYPE_CHECKING:
    from analytics.analyses.profile import ColumnProfile

_SHOWN = 6


def clusters(
    file: File,
    features: Annotated[str, typer.Option(help="Columns to group by, with commas between.")],
    k: Annotated[
        int | None, typer.Option("--k", help="How many groups; the best of 2 to 8.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed finds the same groups.")] = 0,
    chart: Chart = None,
    as_json: AsJson = False,
) -> None:
    """Find groups of similar customers, and the rules that tell them apart."""
    from analytics.analyses import clusters as analysis  # noqa: PLC0415

    check_chart(chart)
    names = named(features)
    if not names:
        raise InvalidError("--features: name at least one column")
    found = analysis.report(file, names, groups=k, seed=seed)
    write_chart(chart, lambda charts: charts.clusters(found))
    if as_json:
        rules = [asdict(rule) | {"rule": str(rule)} for rule in found.rules]
        print_json(asdict(found) | {"rules": rules})
        return
    parts = list(found.groups[0].means)
    print_table(
        f"{found.customers:,} customers in {len(found.groups)} groups, silhouette {found.silhouette:.2f}"
        + (f"; {found.left_out:,} left out for missing values" if found.left_out else ""),
        ("group", "name", "customers", "share", *parts),
        [
            (
                group.label,
                group.name,
                f"{group.customers:,}",
                f"{group.share:.1%}",
                *(f"{group.means[part]:,.2f}" for part in parts),
            )
            for group in found.groups
        ],
    )
    print_table(
        "Rules",
        ("if", "then group", "of all", "right", "of the group"),
        [
            (
                str(rule),
                f"{rule.label} ({found.groups[rule.label].name})",
                f"{rule.coverage:.1%}",
                f"{rule.purity:.1%}",
                f"{rule.recall:.1%}",
            )
            for rule in found.rules
        ],
    )


def profile(
    file: File,
    features: Annotated[
        str | None, typer.Option(help="Columns to describe, with commas between; without, all.")
    ] = None,
    chart: Chart = None,
    as_json: AsJson = False,
) -> None:
    """Describe each column: how its numbers, words or dates are distributed, and what is missing."""
    check_chart(chart)
    from analytics.analyses import profile as analysis  # noqa: PLC0415

    found = analysis.report(file, named(features))
    write_chart(chart, lambda charts: charts.profile(found))
    if as_json:
        print_json(asdict(found))
        return
    print_table(
        f"{found.rows:,} rows, {len(found.columns)} columns",
        ("column", "holds", "missing", "different", "what"),
        [
            (
                one.name,
                one.kind,
                f"{one.missing:,} ({one.missing / found.rows:.1%})" if one.missing else "0",
                f"{one.different:,}",
                _told(one),
            )
            for one in found.columns
        ],
    )


def _told(column: "ColumnProfile") -> str:
    figures = column.figures
    if column.kind == "numbers" and figures:
        return (
            f"{figures['min']:,.6g} to {figures['max']:,.6g}, mean {figures['mean']:,.6g}, half from "
            f"{figures['q25']:,.6g} to {figures['q75']:,.6g}, middle {figures['q50']:,.6g}"
        )
    if column.kind == "dates" and figures:
        return f"{figures['first']} to {figures['last']}, in {len(column.counts)} months"
    told = [f"{one.name} {one.share:.1%}" for one in column.counts[:_SHOWN]]
    return ", ".join(told) + (", ..." if len(column.counts) > _SHOWN or column.others else "")
