"""One side of one part of the bench of the analytics, in a process of its own, so that its memory is its own."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, NamedTuple

from bench.processes import peak_mib

_ENOUGH = 5.0
"""Seconds after which a work is not repeated in a round."""
_MOST = 4


class Work(NamedTuple):
    """What is measured: ``load`` brings the data to where the side has them, ``do`` is timed apart and repeated.

    ``keep`` writes the result for the comparison and returns figures about it.
    """

    load: Callable[[Path], Any]
    do: Callable[[Any], Any]
    keep: Callable[[Any, Path], Mapping[str, Any]]


def main(works: Mapping[str, Work]) -> None:
    """Do the work named on the command line with the data there, and print what it took as JSON."""
    name, data, out = sys.argv[1:4]
    work = works[name]
    start = perf_counter()
    held = work.load(Path(data))
    loaded = perf_counter() - start
    seconds: list[float] = []
    began = process_time()
    while not seconds or (sum(seconds) < _ENOUGH and len(seconds) < _MOST):
        start = perf_counter()
        found = work.do(held)
        seconds.append(perf_counter() - start)
    used = (process_time() - began) / len(seconds)
    peak = peak_mib()
    # The first time warms up, where there is a second.
    told = {
        "load": loaded,
        "first": seconds[0],
        "seconds": median(seconds[1:] or seconds),
        "cpu": used,
    }
    facts = work.keep(found, Path(out))
    print(json.dumps(told | {"peak_mib": peak, "facts": dict(facts)}))
