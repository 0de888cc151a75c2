"""The intent classifier against Rasa's own, on labelled CSV files, one after the other in one run.

Run it from the repository's root, DATA being a folder with ``train.csv`` and ``test.csv``:
``uv run python -m bench.nlu --data DATA --intent category``. Ours is timed without Rasa around it, Rasa's with it.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import rasa
from bench.figures import deliver, table
from bench.training import environment

SHOTS = 10


@dataclass(frozen=True, kw_only=True)
class Side:
    """A classifier, and the command that measures it."""

    name: str
    command: Sequence[str]


def main() -> None:
    """Measure every side with all examples and with few, and print a table."""
    asked = _arguments()
    rows: dict[str, dict[str, Any]] = {}
    for side in _sides(asked.diet_epochs):
        if asked.only and side.name not in asked.only:
            continue
        rows[side.name] = {
            "full": _measure(side, asked, []),
            "few": _measure(side, asked, ["--shots", str(SHOTS), "--seeds", str(asked.seeds)]),
        }
    deliver(_text(rows, asked.seeds), rows, as_json=asked.json, out=asked.out)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="with train.csv and test.csv")
    parser.add_argument("--text", default="text")
    parser.add_argument("--intent", default="intent")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--diet-epochs", type=int, default=0, help="0: DIET is left out")
    parser.add_argument("--only", action="append", help="a side's name; may be repeated")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def _sides(diet_epochs: int) -> list[Side]:
    ours = ["bot.benchmark", "--encoder"]
    sides = [
        Side(name="fast", command=[*ours, "none"]),
        Side(name="default", command=[*ours, "use", "--no-cascade"]),
        Side(name="default, cascade", command=[*ours, "use"]),
        Side(name="English", command=[*ours, "minilm", "--no-cascade"]),
        Side(name="English, cascade", command=[*ours, "minilm"]),
        Side(name="Rasa, logistic regression", command=["bench.stock_nlu"]),
    ]
    if diet_epochs:
        stock = ["bench.stock_nlu", "--diet-epochs", str(diet_epochs)]
        sides.append(Side(name=f"Rasa, DIET, {diet_epochs} epochs", command=stock))
    return sides


def _measure(side: Side, asked: argparse.Namespace, more: Sequence[str]) -> dict[str, Any]:
    print(f"{side.name} {' '.join(more)}", file=sys.stderr, flush=True)
    columns = ["--text", asked.text, "--intent", asked.intent]
    files = ["--train", str(asked.data / "train.csv"), "--test", str(asked.data / "test.csv")]
    done = subprocess.run(
        [str(rasa.PYTHON), "-m", *side.command, *files, *columns, *more],
        cwd=rasa.ROOT,
        env={**environment(), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{side.name} failed: {done.stderr.strip().splitlines()[-1]}")
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _text(rows: dict[str, dict[str, Any]], seeds: int) -> str:
    head = (
        *("", "accuracy", f"{SHOTS}-shot, {seeds} seeds", "calibration error", "training s"),
        *("p50 ms", "p95 ms", "mean ms", "encoded", "resident MB"),
    )
    return table(head, [_row(name, both["full"], both["few"]) for name, both in rows.items()])


def _row(name: str, full: dict[str, Any], few: dict[str, Any]) -> Sequence[str]:
    shown = {"train_seconds": 1, "p50_ms": 2, "p95_ms": 2, "mean_ms": 2}
    return (
        name,
        f"{full['accuracy']:.4f}",
        f"{few['accuracy']:.4f}",
        f"{full['ece']:.3f}" if "ece" in full else "-",
        *(f"{full[key]:.{digits}f}" for key, digits in shown.items()),
        f"{full['encoded_rate']:.0%}" if "encoded_rate" in full else "-",
        f"{full['rss_mb']:.0f}",
    )


if __name__ == "__main__":
    main()
