"""``frontdesk nlu``: how well the assistant understands, and what it should learn."""

import typer

from app.commands.nlu_benchmark import benchmark
from app.commands.nlu_evaluate import evaluate
from app.commands.nlu_review import approve, suggest

app = typer.Typer(
    help="How well the assistant understands, and what it should learn.", no_args_is_help=True
)

app.command(epilog="Example: frontdesk nlu evaluate tests.csv --text text --intent intent")(
    evaluate
)
app.command(
    epilog="Example: frontdesk nlu benchmark --train train.csv --test test.csv --shots 10"
)(benchmark)
app.command(epilog="Example: frontdesk nlu suggest --since 14 --out review.yml")(suggest)
app.command(epilog="Example: frontdesk nlu approve review.yml --dry-run")(approve)
