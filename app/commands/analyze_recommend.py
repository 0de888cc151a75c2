"""``frontdesk analyze recommend``: which way of recommending would have told what people took later."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.analyze_options import Chart, File, Seed, check_chart, write_chart
from app.commands.output import AsJson, print_json, print_table, say, warn

if TYPE_CHECKING:
    from analytics.analyses.recommend import RecommendReport


def recommend(
    file: File,
    user: Annotated[str, typer.Option(help="Column that says who.")],
    item: Annotated[str, typer.Option(help="Column that says what they took.")],
    value: Annotated[
        str | None, typer.Option(help="Column with how much of it, above 0; without, 1 each.")
    ] = None,
    text: Annotated[
        str | None, typer.Option(help="Column with words about the item, for TF-IDF.")
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(help="Column with the time; without, rows are taken as in order of time."),
    ] = None,
    seed: Seed = 0,
    chart: Chart = None,
    as_json: AsJson = False,
) -> None:
    """Learn what to recommend: popularity, co-occurrence, TF-IDF and ALS, tried on later time."""
    check_chart(chart)
    from analytics.analyses import recommend as analysis  # noqa: PLC0415

    asked = analysis.Asked(user=user, item=item, value=value, text=text, time=time, seed=seed)
    found = analysis.report(file, asked)
    pairs = [(way.name, way.ndcg) for way in found.ways]
    write_chart(chart, lambda charts: charts.bars(f"nDCG@{analysis.K}", pairs, ".3f"))
    if as_json:
        print_json(asdict(found))
        return
    _show(found)


def _show(found: "RecommendReport") -> None:
    say(
        f"{found.rows:,} rows of {found.people:,} people; {found.items:,} items were taken earlier"
    )
    order = "by time" if found.by_time else "in the file's order, taken as that of time"
    say(
        f"Learnt from the first {found.learnt_from:,} rows {order}, tried on {found.tried:,} later ones:"
    )
    say(
        f"{found.people_tried:,} people who took something new to them; not tried: {found.newcomers:,} "
        f"newcomers, {found.unreachable:,} rows with items that nobody had taken before"
    )
    for name, why in found.left_out.items():
        say(f"Not tried: {name}: {why}")
    print_table(
        "On later time, the first 10",
        ("", "nDCG", "MAP", "precision", "nDCG over popularity (95%)"),
        [
            (
                way.name,
                f"{way.ndcg:.4f}",
                f"{way.map:.4f}",
                f"{way.precision:.4f}",
                f"{way.over:+.4f} ({way.over_low:+.4f} to {way.over_high:+.4f})",
            )
            for way in found.ways
        ],
    )
    if found.is_better:
        say(f"Best: {found.winner}.")
    else:
        warn("No way is surely better than what is popular: recommend that.")
