"""``frontdesk analytics``: the tables that segments, values and forecasts are computed from."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, print_table, say, warn

app = typer.Typer(help="The tables that insights are computed from.", no_args_is_help=True)


_DAY = timedelta(hours=23)
"""A little less, or a daily round would come later every day."""


@app.callback()
def _group() -> None:
    """Keep every command a word of its own."""


@app.command(epilog="Example: frontdesk analytics refresh")
def refresh(
    full: Annotated[
        bool, typer.Option("--full", help="Read everything, not only what has changed.")
    ] = False,
    daily_scores: Annotated[
        bool, typer.Option("--daily-scores", help="Compute scores only if they are a day old.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the tables up to date with the desk, and score everybody: value, groups, forecasts.

    All of it is read the first time, later what has changed. The tables are in analytics.duckdb in FRONTDESK_DATA_DIR,
    or where FRONTDESK_ANALYTICS_URL says.
    """
    # The engine takes a second or two to be imported; no other command should wait for it.
    from analytics.campaigns import ranking_learn, ranking_past  # noqa: PLC0415
    from analytics.insight.scoring.everybody import (  # noqa: PLC0415
        COMPUTED,
        Scored,
        score_everybody,
        scored_at,
    )
    from analytics.offers.build import build_index  # noqa: PLC0415
    from analytics.warehouse.place import Warehouse  # noqa: PLC0415
    from analytics.warehouse.refresh import Refreshed  # noqa: PLC0415
    from analytics.warehouse.service import refresh_warehouse  # noqa: PLC0415
    from app import offers_desk  # noqa: PLC0415

    async def work(opened: Opened) -> tuple[Refreshed, Scored | None]:
        where = Warehouse(opened.settings.data_dir, opened.settings.analytics_url)
        done = await refresh_warehouse(opened.database, where, full=full)
        now, last = opened.clock(), scored_at(where)
        is_due = not daily_scores or last is None or now - last >= _DAY
        # What was shown and is bought is told apart every hour, so that an offer's limit holds.
        await offers_desk.build(opened.settings, opened.database, opened.clock).offers.convert()
        if not is_due:
            return done, None
        past = await ranking_past.past(opened.database, now)
        scored = score_everybody(where, now, computed={**COMPUTED, **ranking_learn.computed(past)})
        build_index(where, now, offers_desk.index_file(opened.settings))
        return done, scored

    done, scored = run(work)
    touched = None if done.touched is None else len(done.touched)
    if as_json:
        print_json(
            {
                "full": done.full,
                "rows": done.rows,
                "touched": touched,
                "seconds": round(done.seconds, 3),
                "scores": None if scored is None else asdict(scored),
            }
        )
        return
    if done.rows:
        rows = [(name, f"{count:,}") for name, count in done.rows.items()]
        print_table("Rows loaded", ("table", "rows"), rows)
    whom = "everybody" if touched is None else f"{touched:,} people"
    say(f"Read {whom}: {sum(done.rows.values()):,} rows in {done.seconds:.1f} s.")
    if scored is not None:
        people = [(name, f"{count:,}") for name, count in scored.people.items()]
        if people:
            print_table("Scores", ("score", "people"), people)
        say(f"Scored in {scored.seconds:.1f} s.")
        for name, why in scored.left_out.items():
            warn(f"Not computed, {name}: {why}")
