"""``frontdesk nlu evaluate``: the trained model on anybody's labelled texts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from app import rasa
from app.commands.opened import one_line
from app.commands.output import AsJson, print_json, print_table, progress, say, shortened, warn
from app.nlu import figures, model
from app.nlu.figures import Answer, Evaluation
from app.nlu.labelled import Columns, Labelled, labelled
from desk.errors import InvalidError

_WORST = 10
_MOST_NAMED = 5

TextColumn = Annotated[str, typer.Option("--text", help="The column with the texts.")]
IntentColumn = Annotated[str, typer.Option("--intent", help="The column with the intents.")]
Encoding = Annotated[str, typer.Option(help="How the file is encoded.")]


def evaluate(
    path: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Texts with their intents.")],
    text: TextColumn = "text",
    intent: IntentColumn = "intent",
    model_file: Annotated[
        Path | None, typer.Option("--model", help="Another model than the present one.")
    ] = None,
    encoding: Encoding = "utf-8-sig",
    as_json: AsJson = False,
) -> None:
    """Let the trained model read texts and compare what it understands with what they mean.

    The macro F1 is the mean over the intents in the file. A fallback counts as wrong. Rows without a text or an
    intent are left out and counted on standard error.
    """
    with one_line():
        found = labelled(path, Columns(text=text, intent=intent, encoding=encoding))
        texts = [said for said, _ in found.examples]
        with progress("Reading", len(texts)) as tell:
            answers = model.ask(model_file or rasa.model_path(), texts, tell)
        _compare(found.examples, answers.intents)
    warn_of_empty(path, found)
    result = figures.evaluate(
        [
            Answer(text=said, intent=meant, predicted=understood.intent, ms=understood.ms)
            for (said, meant), understood in zip(found.examples, answers.understood, strict=True)
        ]
    )
    if as_json:
        print_json(rounded(asdict(result)))
    else:
        _show(result)


def warn_of_empty(path: Path, found: Labelled) -> None:
    """Say which rows do not count."""
    if found.empty:
        where = _named(str(line) for line in found.empty)
        warn(
            f"{path.name}: left out without a text or an intent: {len(found.empty)} (line {where})"
        )


def _named(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - _MOST_NAMED
    return ", ".join(listed[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _compare(examples: list[tuple[str, str]], known: frozenset[str]) -> None:
    """Warn of intents that no model could have understood."""
    meant = Counter(intent for _, intent in examples)
    strange = sorted(meant.keys() - known)
    if len(strange) == len(meant):
        raise InvalidError(
            f"the model knows none of the intents in the file, such as {strange[0]!r}; is --intent right?"
        )
    if strange:
        n = sum(meant[intent] for intent in strange)
        warn(
            f"The model does not know {len(strange)} of the {len(meant)} intents "
            f"({n} of {len(examples)} texts, counted as wrong): {_named(strange)}"
        )


def rounded(value: Any) -> Any:
    """Return figures with four decimals, however deep they stand."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
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
