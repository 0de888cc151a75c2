"""``frontdesk nlu``: how well the assistant understands."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from app import intake, rasa
from app.commands.opened import one_line
from app.commands.output import AsJson, print_json, print_table, progress, say, shortened, warn
from app.nlu import figures, model
from app.nlu.figures import Answer, Evaluation
from desk.commerce.table_file import MALFORMED, read
from desk.errors import InvalidError

app = typer.Typer(help="How well the assistant understands.", no_args_is_help=True)

_WORST = 10


@app.callback()
def _group() -> None:
    """Keep ``evaluate`` a word of its own while it is the only command."""


@app.command(epilog="Example: frontdesk nlu evaluate tests.csv --text text --intent intent")
def evaluate(
    path: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Texts with their intents.")],
    text: Annotated[str, typer.Option(help="The column with the texts.")] = "text",
    intent: Annotated[str, typer.Option(help="The column with the intents.")] = "intent",
    model_file: Annotated[
        Path | None, typer.Option("--model", help="Another model than the present one.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="How the file is encoded.")] = "utf-8-sig",
    as_json: AsJson = False,
) -> None:
    """Let the trained model read texts and compare what it understands with what they mean.

    The macro F1 is the mean over the intents in the file. A fallback counts as wrong.
    """
    with one_line():
        examples = _examples(path, text.strip().lower(), intent.strip().lower(), encoding)
        texts = [example for example, _ in examples]
        with progress("Reading", len(texts)) as tell:
            answers = model.ask(model_file or rasa.model_path(), texts, tell)
        _compare(examples, answers.intents)
    found = figures.evaluate(
        [
            Answer(text=said, intent=meant, predicted=understood.intent, ms=understood.ms)
            for (said, meant), understood in zip(examples, answers.understood, strict=True)
        ]
    )
    if as_json:
        print_json(_rounded(asdict(found)))
    else:
        _show(found)


def _examples(path: Path, text: str, intent: str, encoding: str) -> list[tuple[str, str]]:
    """Return texts with their intents; both must stand in every row."""
    names = intake.header(path, encoding)
    missing = (
        [] if names is None or not any(names) else [c for c in (text, intent) if c not in names]
    )
    if missing and names is not None:
        raise InvalidError(
            f"{path.name} has no column {' or '.join(missing)}; it has: {', '.join(names)}; "
            "wanted: a column with texts (--text) and one with intents (--intent)"
        )
    examples = []
    for row in read(path, encoding=encoding):
        values = [str(row.values.get(column, "")).strip() for column in (text, intent)]
        if not all(values) or MALFORMED in row.values:
            raise InvalidError(
                f"{path.name} line {row.line}: both {text} and {intent} must be filled"
            )
        examples.append((values[0], values[1]))
    if not examples:
        raise InvalidError(f"{path.name} has a header and no rows: there is nothing to evaluate")
    return examples


def _compare(examples: list[tuple[str, str]], known: frozenset[str]) -> None:
    """Warn of intents that no model could have understood."""
    strange = sorted({meant for _, meant in examples} - known)
    if len(strange) == len({meant for _, meant in examples}):
        raise InvalidError(
            f"the model knows none of the intents in the file, such as {strange[0]!r}; is --intent right?"
        )
    if strange:
        warn(f"The model does not know these intents: {', '.join(strange)}")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value


def _show(found: Evaluation) -> None:
    say(
        f"{found.n} texts: accuracy {found.accuracy:.1%}, macro F1 {found.macro_f1:.3f}, "
        f"fallback {found.fallback_rate:.1%}, {found.p50_ms:.1f} ms in the middle"
    )
    ranked = sorted(found.per_intent.items(), key=lambda item: (item[1].f1, item[0]))
    rows = [
        (name, f.n, f"{f.precision:.3f}", f"{f.recall:.3f}", f"{f.f1:.3f}") for name, f in ranked
    ]
    print_table("Intents, the worst first", ("intent", "n", "precision", "recall", "F1"), rows)
    if not found.confusions:
        say("Nothing was misunderstood.")
        return
    wrong = [
        (c.n, c.intent, c.predicted, "\n".join(shortened(text) for text in c.examples))
        for c in found.confusions[:_WORST]
    ]
    print_table("Misunderstood most often", ("n", "meant", "understood", "such as"), wrong)
