"""``frontdesk nlu benchmark``: the assistant's classifier, trained and tested on any data set."""

from pathlib import Path
from typing import Annotated

import typer

from app.commands.nlu_evaluate import (
    Encoding,
    IntentColumn,
    TextColumn,
    rounded,
    warn_of_empty,
)
from app.commands.opened import one_line
from app.commands.output import AsJson, lines, print_json, print_table, warn
from app.nlu.benchmark import Benchmark, run
from app.nlu.labelled import Columns

_MOST_FINDINGS = 10
_TITLES = {
    "accuracy": ("accuracy", "{:.1%}"),
    "macro_f1": ("macro F1", "{:.3f}"),
    "train_seconds": ("training, seconds", "{:.1f}"),
    "p50_ms": ("one text, ms, in the middle", "{:.2f}"),
    "p95_ms": ("one text, ms, 95 of 100 within", "{:.2f}"),
    "rss_mb": ("memory, MB", "{:.0f}"),
    "oos_auroc": ("out of scope, area under ROC", "{:.3f}"),
    "oos_recall_at_95": ("out of scope found, keeping 95% of the rest", "{:.1%}"),
    "ece": ("expected calibration error", "{:.3f}"),
}


def benchmark(
    train: Annotated[Path, typer.Option(metavar="A.csv", help="Texts to learn from.")],
    test: Annotated[Path, typer.Option(metavar="B.csv", help="Texts to be tested on.")],
    text: TextColumn = "text",
    intent: IntentColumn = "intent",
    oos_label: Annotated[
        str, typer.Option(help="The intent of texts that mean none; never learnt.")
    ] = "oos",
    shots: Annotated[
        int | None, typer.Option(min=1, help="Learn from so many texts of each intent only.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=100, help="With --shots: trainings to average.")
    ] = 1,
    encoder: Annotated[str, typer.Option(help="use, minilm, none, or hub:NAME.")] = "use",
    encoding: Encoding = "utf-8-sig",
    as_json: AsJson = False,
) -> None:
    """Train the assistant's classifier on one file, test it on another, and show how good and how fast it is."""
    wanted = Benchmark(
        train=train,
        test=test,
        columns=Columns(text=text, intent=intent, encoding=encoding),
        oos_label=oos_label,
        shots=shots,
        seeds=seeds,
        encoder=encoder,
    )
    with one_line(), lines("Measuring") as tell:
        found = run(wanted, tell)
    warn_of_empty(train, found.train)
    warn_of_empty(test, found.test)
    for finding in found.findings[:_MOST_FINDINGS]:
        warn(finding)
    if len(found.findings) > _MOST_FINDINGS:
        warn(f"and {len(found.findings) - _MOST_FINDINGS} more")
    figures = rounded(found.figures)
    if as_json:
        print_json(figures)
        return
    rows = [(title, _cell(figures.get(name), form)) for name, (title, form) in _TITLES.items()]
    more = [(name, value) for name, value in figures.items() if name not in _TITLES]
    print_table(f"{encoder} on {test.name}", ("", "value"), [*rows, *more])


def _cell(value: object, form: str) -> str | None:
    return None if value is None else form.format(value)
