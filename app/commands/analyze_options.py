"""What the commands of ``frontdesk analyze`` share: options, and the chart."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands.output import warn
from app.commands.report import moment

File = Annotated[Path, typer.Argument(help="CSV, Parquet or JSON lines, with a header.")]
Chart = Annotated[
    Path | None, typer.Option(help="Write a chart to this file: .svg, .png or .html.")
]
Target = Annotated[str, typer.Option(help="Column that is to be told beforehand.")]
Time = Annotated[
    str | None,
    typer.Option(help="Column with the time of each row: learn from earlier, try on later ones."),
]
Features = Annotated[
    str | None, typer.Option(help="Columns to learn from, with commas between; without, all.")
]
Keep = Annotated[
    str | None,
    typer.Option(help="Columns to use although they seem to know too much, with commas between."),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same result.")]


def day(option: str, text: str | None) -> datetime | None:
    """Return a day or moment without a zone, as files have them."""
    found = moment(option, text)
    return found.replace(tzinfo=None) if found else None


def named(text: str | None) -> tuple[str, ...]:
    """Return names that were given with commas between."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def check_chart(path: Path | None) -> None:
    """Refuse a chart that could not be written, before any work."""
    if path is not None:
        from analytics.analyses import charts  # noqa: PLC0415

        charts.check(path)


def write_chart(path: Path | None, draw: Callable[[Any], Any]) -> None:
    """Write a chart if one was asked for; ``draw`` gets the module of charts, which takes long to import."""
    if path is not None:
        from analytics.analyses import charts  # noqa: PLC0415

        charts.write(path, draw(charts))
        warn(f"The chart is in {path}")
