"""Turns per second of the whole product against stock Rasa, side by side, in alternating rounds.

Run it from the repository's root: ``uv run python -m bench.turns --stock-epochs 5``.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from app import rasa
from bench import training
from bench.dialogues import DIALOGUES
from bench.figures import deliver, percentile, spread, table
from bench.ours import Ours
from bench.side import Side, Talk
from bench.stock_side import Stock

CUSTOMERS = (1, 8)

type Expected = list[list[int]]
"""Replies to each message of each dialogue, as they were counted the first time."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """What one side did in one round."""

    side: str
    customers: int
    turns: int
    replies: int
    seconds: float
    p50_ms: float
    p95_ms: float
    cpu_ms_per_turn: Mapping[str, float]
    rss_mb: Mapping[str, float]

    @property
    def rate(self) -> float:
        """Turns per second."""
        return self.turns / self.seconds


async def rehearse(side: Side) -> Expected:
    """Run every dialogue once, to count the replies and to warm everything up."""
    expected = []
    for dialogue, talk in zip(DIALOGUES, await side.talks(len(DIALOGUES)), strict=True):
        expected.append([await talk.say(text, None) for text in dialogue.messages])
        await talk.close()
    if not any(map(any, expected)):
        raise RuntimeError(f"{side.name} answers nothing; see its log")
    return expected


async def measure(side: Side, expected: Expected, *, customers: int, dialogues: int) -> Round:
    """Let ``customers`` hold ``dialogues`` dialogues each, one after the other, without thinking time."""
    talks = await side.talks(customers * dialogues)
    before = side.costs()
    waits: list[float] = []
    begun = time.perf_counter()
    await asyncio.gather(
        *(
            _customer(
                talks[number * dialogues : (number + 1) * dialogues], number, expected, waits
            )
            for number in range(customers)
        )
    )
    seconds = time.perf_counter() - begun
    after = side.costs()
    for talk in talks:
        await talk.close()
    played = [
        (number + n) % len(DIALOGUES) for number in range(customers) for n in range(dialogues)
    ]
    return Round(
        side=side.name,
        customers=customers,
        turns=len(waits),
        replies=sum(sum(expected[which]) for which in played),
        seconds=seconds,
        p50_ms=percentile(waits, 50) * 1000,
        p95_ms=percentile(waits, 95) * 1000,
        cpu_ms_per_turn={
            name: (after[name].cpu_seconds - before[name].cpu_seconds) / len(waits) * 1000
            for name in after
        },
        rss_mb={name: one.rss_bytes / 1e6 for name, one in after.items()},
    )


async def _customer(
    talks: Sequence[Talk], number: int, expected: Expected, waits: list[float]
) -> None:
    for n, talk in enumerate(talks):
        which = (number + n) % len(DIALOGUES)
        for text, count in zip(DIALOGUES[which].messages, expected[which], strict=True):
            begun = time.perf_counter()
            await talk.say(text, count)
            waits.append(time.perf_counter() - begun)


async def compare(sides: Sequence[Side], *, rounds: int, dialogues: int) -> list[Round]:
    """Measure the sides in turn, each first as often as last."""
    expected = {side.name: await rehearse(side) for side in sides}
    found = []
    for number in range(rounds):
        for customers in CUSTOMERS:
            for side in sides if number % 2 == 0 else reversed(sides):
                each = dialogues if customers == 1 else max(1, dialogues // 2)
                found.append(
                    await measure(side, expected[side.name], customers=customers, dialogues=each)
                )
    return found


def report(sides: Sequence[Side], found: Sequence[Round]) -> str:
    """Return the tables."""
    ours, stock = (side.name for side in sides)
    rows = []
    for customers in CUSTOMERS:
        a, b = _of(found, ours, customers), _of(found, stock, customers)
        rows += [
            _row(f"turns a second, {customers} at once", _each(a, "rate"), _each(b, "rate")),
            _row(f"p50 ms, {customers} at once", _each(a, "p50_ms"), _each(b, "p50_ms")),
            _row(f"p95 ms, {customers} at once", _each(a, "p95_ms"), _each(b, "p95_ms")),
            _row(f"processor ms a turn, {customers} at once", _cpu(a), _cpu(b)),
        ]
    last = [[one for one in found if one.side == name][-1] for name in (ours, stock)]
    rows.append(_row("memory, MB, all processes", *([sum(one.rss_mb.values())] for one in last)))
    rows.append(_row("start, seconds", *([side.started_seconds] for side in sides)))
    rows.append(_row("training, seconds", *([side.trained_seconds] for side in sides)))
    parts = [
        [
            one.side,
            str(one.customers),
            *(f"{name} {value:.2f}" for name, value in one.cpu_ms_per_turn.items()),
            *(f"{name} {value:.0f}" for name, value in one.rss_mb.items()),
        ]
        for one in found[-2 * len(CUSTOMERS) :]
    ]
    counts = {name: _of(found, name, 1)[0] for name in (ours, stock)}
    notes = [
        f"Trained with: {side.name}, {side.trained_with}; "
        f"{counts[side.name].replies / counts[side.name].turns:.2f} replies a turn."
        for side in sides
    ]
    p95, p50 = (
        median(_each(_of(found, ours, 1), "p95_ms")),
        median(_each(_of(found, stock, 1), "p50_ms")),
    )
    notes.append(f"p95 of {ours} over p50 of {stock}, 1 at once: {p95 / p50:.2f}.")
    return "\n\n".join(
        [
            table(["", ours, stock, f"{ours} / {stock}"], rows),
            *notes,
            table(
                ["last round", "at once", "processor ms a turn", "", "memory MB", ""],
                parts,
            ),
        ]
    )


def _of(found: Sequence[Round], side: str, customers: int) -> list[Round]:
    return [one for one in found if one.side == side and one.customers == customers]


def _each(rounds: Sequence[Round], figure: str) -> list[float]:
    return [float(getattr(one, figure)) for one in rounds]


def _cpu(rounds: Sequence[Round]) -> list[float]:
    return [sum(one.cpu_ms_per_turn.values()) for one in rounds]


def _row(name: str, ours: Sequence[float], stock: Sequence[float]) -> list[str]:
    # A ratio is made inside a round: what slows the machine down slows both sides down.
    ratios = [a / b for a, b in zip(ours, stock, strict=True) if b]
    return [name, spread(ours), spread(stock), spread(ratios, 2) if ratios else "-"]


def main() -> None:
    """Read the options, train, start both sides, measure, end everything."""
    options = _options()
    with ExitStack() as stack:
        work = options.work or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        work.mkdir(parents=True, exist_ok=True)
        runs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="frontdesk-bench-")))
        if not rasa.model_path().exists():
            raise SystemExit("train first: uv run frontdesk train")
        trained = training.ours(work)
        stock_trained = training.stock(
            work, epochs=options.stock_epochs, examples_per_intent=options.examples_per_intent
        )
        ours = Ours.start(runs / "ours", trained, options.processes)
        stack.callback(ours.stop)
        stock = Stock.start(runs / "stock", stock_trained, options.processes)
        stack.callback(stock.stop)
        sides: list[Side] = [ours, stock]
        found = asyncio.run(compare(sides, rounds=options.rounds, dialogues=options.dialogues))
        data = {
            "processes": options.processes,
            "rounds": [{**asdict(one), "rate": one.rate} for one in found],
            "sides": [
                {
                    "name": side.name,
                    "started_seconds": side.started_seconds,
                    "trained_seconds": side.trained_seconds,
                    "trained_with": side.trained_with,
                }
                for side in sides
            ],
        }
        for side in sides:
            side.stop()  # what comes next wants the cores for itself
        alone = [] if options.whole_product_only else [_alone(count) for count in (1, 2)]
        text = "\n\n".join([report(sides, found), *alone])
        deliver(text, data, as_json=options.json, out=options.out)


def _alone(processes: int) -> str:
    """Return the table of Rasa's side alone, on Rasa's own sample assistant."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.rasa_turns", "--processes", str(processes)],
        cwd=rasa.ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return f"Rasa's side alone, {processes} process(es):\n\n{done.stdout.strip()}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=1, help="Rasa processes of each side (1)")
    parser.add_argument("--rounds", type=int, default=3, help="alternating rounds (3)")
    parser.add_argument(
        "--dialogues", type=int, default=20, help="dialogues of six messages a customer (20)"
    )
    parser.add_argument(
        "--stock-epochs",
        type=int,
        default=100,
        help="epochs of the stock model; the speed of serving does not depend on them",
    )
    parser.add_argument(
        "--examples-per-intent",
        type=int,
        help="train the stock model on the first examples only, to try the bench",
    )
    parser.add_argument(
        "--whole-product-only",
        action="store_true",
        help="leave out Rasa's side alone (bench.rasa_turns), which comes at the end",
    )
    parser.add_argument("--work", type=Path, help="folder that keeps trained models")
    parser.add_argument("--json", action="store_true", help="print every round as JSON")
    parser.add_argument("--out", type=Path, help="write the tables to this Markdown file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
