"""Figures as people read them: medians, percentiles, ranges, Markdown tables."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile of some values."""
    if len(values) < 2:
        return values[0]
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Return the median, with the lowest and the highest if there are several."""
    middle = f"{median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def deliver(text: str, data: Mapping[str, Any], *, as_json: bool, out: Path | None) -> None:
    """Print the result, and write the Markdown text to a file if one was named."""
    print(json.dumps(data, indent=2) if as_json else text)
    if out is not None:
        out.write_text(text + "\n")
