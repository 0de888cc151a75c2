"""``frontdesk analyze``: insights into a file, without a database."""

from collections.abc import Callable

import typer

from app.commands.analyze_experiments import ab, uplift
from app.commands.analyze_groups import clusters, profile
from app.commands.analyze_models import respond, value
from app.commands.analyze_purchases import clv, rfm
from app.commands.analyze_recommend import recommend

_ANALYSES: dict[Callable[..., None], str] = {
    profile: "profile customers.csv --chart customers.html",
    rfm: "rfm orders.csv --customer email --date day --amount total",
    clv: "clv orders.csv --customer id --calibrate-until 2025-09-30 --horizon 39",
    clusters: "clusters customers.csv --features age,visits,spent --k 4",
    respond: "respond mailing.csv --target answered --time sent_at",
    value: "value customers.csv --target spent_next_year --features age,visits,spent",
    ab: "ab test.csv --variant variant --outcome bought --time seen_at --chart test.html",
    recommend: "recommend orders.csv --user customer --item sku --text name --time day",
    uplift: "uplift mailing.csv --treatment mailed --outcome bought --features age,visits,spent",
}
"""Each analysis with an example."""

app = typer.Typer(
    help="Insights into a file of yours, without a database.",
    epilog="Examples:\n\n"
    + "\n\n".join(f"frontdesk analyze {example}" for example in _ANALYSES.values()),
    no_args_is_help=True,
)
for _analysis, _example in _ANALYSES.items():
    app.command(epilog=f"Example: frontdesk analyze {_example}")(_analysis)
