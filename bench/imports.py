"""From a CSV file of orders to segments with names and rules, by the command line; beside it the usual recipe.

Run: ``uv run python -m bench.imports --orders 1000000 --customers 200000``. Both sides start with the same file and an
empty database in SQLite, take turns in processes of their own, and must keep the same orders. The recipe (pandas:
``read_csv``, ``to_sql``, ``groupby``, then k-means) checks nothing, can neither be cut nor repeated, and has no rules.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any, NamedTuple

import numpy as np

from app import migrate
from bench.figures import deliver, spread, table
from bench.processes import peak_mib

_ROOT = Path(__file__).parent.parent
_SEED = 5
_MINUTE = 60.0
_GOODS = ("TEA,Green tea,绿茶", "CUP,Cup,杯子", "POT,Tea pot,茶壶")
_HEAD = (
    "number,customer_id,status,placed_at,total,currency,ship_name,ship_address,email,"
    "sku,name_en,name_zh,quantity,price"
)
_RECIPE = "import sys; from bench.imports_recipe import main; main(*sys.argv[1:])"


class Took(NamedTuple):
    """What one side took once: by the clock, of the processor, memory at most, and what it found."""

    seconds: float
    cpu: float
    peak_mib: float
    found: Mapping[str, Any]


def orders_file(folder: Path, orders: int, customers: int) -> Path:
    """Return a file of orders in the order of time; make it if it is not there."""
    path = folder / f"orders-{orders}-{customers}.csv"
    if path.is_file():
        return path
    chance = np.random.default_rng(_SEED)
    weight = chance.gamma(0.8, size=customers)
    counts = chance.multinomial(orders - customers, weight / weight.sum()) + 1
    came = chance.uniform(0, 700, customers)
    stayed = np.minimum(chance.exponential(300, customers), 730 - came)
    who = np.repeat(np.arange(customers), counts)
    days = came[who] + stayed[who] * chance.random(orders)
    order = np.argsort(days, kind="stable")
    spent = chance.lognormal(3, 0.7, customers)[who] * chance.lognormal(0, 0.4, orders)
    began = np.datetime64("2024-01-01T00:00:00")
    at = (began + (days * 86_400).astype("timedelta64[s]"))[order].astype(str).tolist()
    columns = zip(who[order].tolist(), at, np.maximum(spent, 1)[order].tolist(), strict=True)
    unready = path.with_suffix(".next")
    with unready.open("w", encoding="utf-8") as file:
        print(_HEAD, file=file)
        for n, (one, placed, money) in enumerate(columns):
            status = "delivered" if n % 20 else "cancelled"
            price = f"{money:.2f}"
            print(
                f"{10_000 + n},k{one},{status},{placed}Z,{price},EUR,N. {one},"
                f'"{one % 90} Example Street, Springfield",n{one}@example.com,{_GOODS[n % 3]},1,{price}',
                file=file,
            )
    unready.replace(path)
    return path


def ours(path: Path, folder: Path) -> Took:
    """Import with the command that people use, to the segments that it suggests."""
    url = f"sqlite:///{folder}/desk.sqlite"
    migrate.upgrade(url)
    own = {"FRONTDESK_DATABASE_URL": url, "FRONTDESK_DATA_DIR": str(folder)}
    code = "from app.cli import app; app()"
    words = ("shop", "import", "orders", str(path), "--new-customers", "--segments", "--json")
    took = _timed([sys.executable, "-c", code, *words], own)
    told = took.found
    if told["rejected_count"] or not told["segments"]:
        raise AssertionError({name: told[name] for name in ("rejected_count", "segments")})
    found = {"orders": told["created"], "segments": len(told["segments"])}
    return took._replace(found=found)


def recipe(path: Path, folder: Path) -> Took:
    """Do what tutorials do."""
    return _timed([sys.executable, "-c", _RECIPE, str(path), str(folder / "shop.sqlite")], {})


def _timed(command: list[str], own: Mapping[str, str]) -> Took:
    began = perf_counter()
    child = subprocess.Popen(
        command, cwd=_ROOT, env={**os.environ, **own}, stdout=subprocess.PIPE, text=True
    )
    peak = 0.0
    while not (ended := os.wait4(child.pid, os.WNOHANG))[0]:
        peak = max(peak, peak_mib(child.pid))
        sleep(0.05)
    _, status, used = ended
    # The few words that it says fit into the pipe.
    output = child.stdout.read() if child.stdout else ""
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command[-1]} ended with {child.returncode}")
    seconds = perf_counter() - began
    return Took(seconds, used.ru_utime + used.ru_stime, peak, json.loads(output))


SIDES = {"ours": ours, "recipe": recipe}


def measure(asked: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """Let both sides take turns."""
    asked.work.mkdir(parents=True, exist_ok=True)
    path = orders_file(asked.work, asked.orders, asked.customers)
    load = os.getloadavg()[0]
    told: dict[str, list[Took]] = {name: [] for name in SIDES}
    for number in range(asked.rounds):
        for name in list(SIDES)[:: 1 if number % 2 else -1]:
            folder = (asked.work / f"side-{name}").absolute()
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            told[name].append(SIDES[name](path.absolute(), folder))
            shutil.rmtree(folder)
    kept = {name: {one.found["orders"] for one in some} for name, some in told.items()}
    if kept["ours"] != kept["recipe"] or kept["ours"] != {asked.orders}:
        raise AssertionError(kept)
    return _text(asked, told, load), {
        "orders": asked.orders,
        "customers": asked.customers,
        "load": load,
        "sides": {name: [one._asdict() for one in some] for name, some in told.items()},
    }


def _text(asked: argparse.Namespace, told: Mapping[str, list[Took]], load: float) -> str:
    rows = [
        [
            name,
            spread([one.seconds for one in some]),
            spread([one.cpu for one in some]),
            f"{median(1e6 * one.cpu / asked.orders for one in some):,.0f}",
            f"{max(one.peak_mib for one in some):,.0f}",
        ]
        for name, some in told.items()
    ]
    ratios = [
        theirs.seconds / mine.seconds
        for mine, theirs in zip(told["ours"], told["recipe"], strict=True)
    ]
    reached = "yes" if max(one.seconds for one in told["ours"]) <= _MINUTE else "NO"
    head = ["side", "seconds", "of a core", "µs of a core an order", "MiB"]
    return (
        f"{asked.orders:,} orders of {asked.customers:,} customers; load before {load:.1f}; "
        f"recipe / ours {spread(ratios, 2)}; within a minute: {reached}\n\n{table(head, rows)}"
    )


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.imports",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path("var/bench/imports"), help="kept")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="write the table to this file, too")
    asked = parser.parse_args()
    text, plain = measure(asked)
    deliver(text, plain, as_json=asked.json, out=asked.out)


if __name__ == "__main__":
    main()
