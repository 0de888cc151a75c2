"""The analytics against the usual recipe: pandas, scikit-learn and lifetimes, each side in processes of its own.

The sides take turns, several rounds of them, on the same made-up shop, and must find the same. Every line has the
seconds of the work with the data at hand (ours in the engine's file, the recipe's in its memory, whose loading is a
column of its own), those of processor time, the ratio of the rounds, and the peak memory of each side.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench import analytics_checks as checks
from bench import analytics_data as data
from bench.figures import deliver, spread, table

_EXAMPLE = "Example: uv run python -m bench.analytics rfm segment --customers 100000 --rounds 3"
_ROOT = Path(__file__).parent.parent
_CDNOW = _ROOT / "tests/insight/data/cdnow.csv"
_LIFETIMES = ("lifetimes", "setuptools", "pyarrow")
_SMALLEST = 10_000


@dataclass(frozen=True, kw_only=True)
class Part:
    """One comparison: where its data are, by the number of customers and orders, and how the results are compared."""

    what: str
    aim: float
    data: Callable[[Path, int, int], Path]
    check: Callable[[Path, Path, Mapping[str, Any], Mapping[str, Any], Path], str]
    recipe: str = "bench.analytics_recipe"
    work: str = ""
    size: Callable[[int, int], int] = lambda customers, orders: customers


PARTS: Mapping[str, Part] = {
    "rfm": Part(what="RFM", aim=5, data=data.shop, check=checks.rfm),
    "features": Part(what="features of everybody", aim=5, data=data.shop, check=checks.features),
    "segment": Part(what="segment of 10 filters", aim=5, data=data.shop, check=checks.segment),
    "cdnow": Part(
        what="BG/NBD on CDNOW",
        aim=10,
        data=lambda folder, _, __: checks.cdnow(_CDNOW, folder),
        check=checks.likelihoods,
        recipe="bench.analytics_lifetimes",
        work="bgnbd",
        size=lambda _, __: 2_357,
    ),
    "bgnbd": Part(
        what="BG/NBD",
        aim=10,
        data=lambda folder, customers, _: data.buyers(folder, customers),
        check=checks.likelihoods,
        recipe="bench.analytics_lifetimes",
    ),
    "clusters": Part(
        what="clusters, 10 columns",
        aim=1,
        data=lambda folder, customers, _: data.blobs(folder, customers),
        check=checks.groups,
    ),
} | {
    f"score-{name}": Part(
        what=f"scoring rows, {name}",
        aim=1,
        data=lambda folder, _, orders: data.cases(folder, orders),
        check=checks.numbers,
        size=lambda _, orders: orders,
    )
    for name in ("linear", "tree", "forest")
}
"""What can be measured. ``score`` is short for its three, ``bgnbd`` brings ``cdnow``."""
_SHORT = {
    "score": tuple(name for name in PARTS if name.startswith("score-")),
    "bgnbd": ("cdnow", "bgnbd"),
}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What the rounds of a part have shown."""

    name: str
    rows: int
    ours: list[dict[str, Any]]
    recipe: list[dict[str, Any]]
    found: str

    def seconds(self, side: str) -> list[float]:
        """Return the seconds of each round of ``ours`` or ``recipe``."""
        return [one["seconds"] for one in getattr(self, side)]

    def ratios(self) -> list[float]:
        """Return how many times as long the recipe took, in each round."""
        return [
            theirs / mine
            for mine, theirs in zip(self.seconds("ours"), self.seconds("recipe"), strict=True)
        ]


def measure(name: str, asked: argparse.Namespace, customers: int, orders: int) -> Measured:
    """Let both sides do a part, in turns, and compare what they found."""
    part, work = PARTS[name], PARTS[name].work or name
    shop = part.data(asked.work, customers, orders)
    out = asked.work / f"out-{name}"
    out.mkdir(exist_ok=True)
    told: dict[str, list[dict[str, Any]]] = {"ours": [], "recipe": []}
    modules = {"ours": "bench.analytics_ours", "recipe": part.recipe}
    for number in range(asked.rounds):
        # Who goes first alternates, too.
        for side in ("ours", "recipe")[:: 1 if number % 2 else -1]:
            told[side].append(_child(modules[side], work, shop, out / side))
    mine, theirs = told["ours"][-1]["facts"], told["recipe"][-1]["facts"]
    found = part.check(out / "ours", out / "recipe", mine, theirs, shop)
    shutil.rmtree(out)
    print(f"{name}: {found}", file=sys.stderr)
    return Measured(
        name=name,
        rows=part.size(customers, orders),
        ours=told["ours"],
        recipe=told["recipe"],
        found=found,
    )


def _child(module: str, work: str, shop: Path, out: Path) -> dict[str, Any]:
    command = [sys.executable]
    if module == "bench.analytics_lifetimes":
        extra = [word for name in _LIFETIMES for word in ("--with", name)]
        command = ["uv", "run", "--quiet", "--no-project", "--python", "3.12", *extra, "python"]
    done = subprocess.run(
        [*command, "-m", module, work, str(shop.absolute()), str(out.absolute())],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{module} {work} failed:\n{done.stderr[-3000:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _lines(measured: Sequence[Measured]) -> str:
    rows = []
    for one in measured:
        part = PARTS[one.name]
        ratio = one.ratios()
        reached = "yes" if median(ratio) >= part.aim else "NO"
        rows.append(
            [
                f"{part.what}, {one.rows:,}",
                spread(one.seconds("ours"), 2),
                spread(one.seconds("recipe"), 2),
                *(
                    f"{median(side['cpu'] for side in sides):,.2f}"
                    for sides in (one.ours, one.recipe)
                ),
                f"{median(side['load'] for side in one.recipe):,.1f}",
                spread(ratio),
                f"{part.aim:g}, {reached}",
                f"{max(side['peak_mib'] for side in one.ours):,.0f}",
                f"{max(side['peak_mib'] for side in one.recipe):,.0f}",
                one.found,
            ]
        )
    head = ["what", "ours, s", "recipe, s", "ours, of a core", "recipe, of a core"]
    head += ["recipe's loading, s", "recipe / ours", "aim", "ours, MiB"]
    return table([*head, "recipe, MiB", "the same?"], rows)


def growth(names: Sequence[str], asked: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """Return how our seconds grow with the rows: the slope between logarithms, 1 is linear."""
    sizes = [size for size in (_SMALLEST, 100_000, 1_000_000) if size <= asked.customers]
    if len(sizes) < 2:
        raise SystemExit("growth needs --customers 100000 or more")
    rows, plain = [], {}
    per = asked.orders / asked.customers
    for name in names:
        part, seconds = PARTS[name], []
        for size in sizes:
            shop = part.data(asked.work, size, round(size * per))
            runs = [
                _child("bench.analytics_ours", part.work or name, shop, asked.work / "out")
                for _ in range(asked.rounds)
            ]
            seconds.append(median(one["seconds"] for one in runs))
        counts = [part.size(size, round(size * per)) for size in sizes]
        slope = math.log(seconds[-1] / seconds[0]) / math.log(counts[-1] / counts[0])
        steps = np.diff(np.log(seconds)) / np.diff(np.log(counts))
        rows.append(
            [
                part.what,
                *(f"{one:,.3f}" for one in seconds),
                f"{slope:.2f}",
                ", ".join(f"{s:.2f}" for s in steps),
            ]
        )
        plain[name] = {"rows": counts, "seconds": seconds, "slope": slope, "steps": steps.tolist()}
    heads = [f"{size:,} customers, s" for size in sizes]
    return table(["what", *heads, "slope", "steps"], rows), plain


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and measure."""
    others = ("growth",)
    choices = [*PARTS, *(name for name in _SHORT if name not in PARTS), *others]
    parser = argparse.ArgumentParser(
        prog="python -m bench.analytics",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"of: {', '.join(choices)}; all")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, help="and deeds, and rows to score; 10 a customer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path("var/bench/analytics"), help="kept")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="write the tables to this file, too")
    asked = parser.parse_args(arguments)
    asked.orders = asked.orders or 10 * asked.customers
    if wrong := set(asked.what) - set(choices):
        parser.error(f"{min(wrong)!r} is none of: {', '.join(choices)}")
    asked.work.mkdir(parents=True, exist_ok=True)
    text, plain = _all(asked.what or choices, asked)
    deliver(text, plain, as_json=asked.json, out=asked.out)


def _all(what: Sequence[str], asked: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    names = list(dict.fromkeys(part for name in what for part in _SHORT.get(name, (name,))))
    texts = [
        f"{asked.customers:,} customers, {asked.orders:,} orders; {asked.rounds} rounds; "
        f"load of the machine before {os.getloadavg()[0]:.1f}"
    ]
    plain: dict[str, Any] = {"customers": asked.customers, "orders": asked.orders, "parts": {}}
    compared = [name for name in names if name in PARTS]
    measured = [measure(name, asked, asked.customers, asked.orders) for name in compared]
    if measured:
        texts.append(_lines(measured))
        plain["parts"] = {
            one.name: {
                "ours": one.ours,
                "recipe": one.recipe,
                "ratios": one.ratios(),
                "found": one.found,
            }
            for one in measured
        }
    if "growth" in names:
        grown, plain["growth"] = growth(
            [name for name in compared or PARTS if name != "cdnow"], asked
        )
        texts.append(f"How our seconds grow (a slope of 1 is linear):\n\n{grown}")
    return "\n\n".join(texts), plain


if __name__ == "__main__":
    main()
