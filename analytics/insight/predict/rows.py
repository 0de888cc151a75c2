"""A table as a model learns from it: matrix, target and time of each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import numpy as np
import pyarrow as pa
from ibis.expr.types import Table
from numpy.typing import NDArray

from analytics.insight.predict.encoding import Encoding
from analytics.insight.predict.models import Column, Matrix

MOST = 50_000
"""Rows to learn from; of more a sample is taken."""
_PRIME, _RANGE = 2_654_435_761, 2**32


@dataclass(frozen=True, kw_only=True)
class Rows:
    """``values`` has a row for each case and a column for each part of the encoding.

    ``at`` is the time of each row in whole seconds, None when there is none; ``of`` how many rows there were
    before a sample was taken.
    """

    encoding: Encoding
    values: Matrix
    target: Column
    at: NDArray[np.int64] | None
    of: int

    def without(self, names: Sequence[str], why: Mapping[str, str]) -> "Rows":
        """Return them without some features."""
        kept = [part.feature not in names for part in self.encoding.parts]
        return Rows(
            encoding=self.encoding.without(names, why),
            values=self.values[:, np.array(kept, bool)],
            target=self.target,
            at=self.at,
            of=self.of,
        )


def read(
    table: Table, encoding: Encoding, *, target: str, at: str | None = None, most: int = MOST
) -> Rows:
    """Read a table with a target of numbers, or a sample of it that is the same at every reading."""
    count = int(table.count().to_pyarrow().as_py())
    if count > most:
        table = sample(table, most / count)
    columns = encoding.columns(table)
    more = {"target": table[target].cast("float64")}
    if at is not None:
        # DuckDB's seconds have a fraction, which the whole number that Ibis declares does not take.
        more["at"] = table[at].cast("timestamp").epoch_seconds().cast("int64")
    found = table.select(**columns, **more).to_pyarrow()
    return Rows(
        encoding=encoding,
        values=matrix(found, len(columns)),
        target=found["target"].to_numpy().astype(np.float64),
        at=None if at is None else found["at"].to_numpy().astype(np.int64),
        of=count,
    )


def sample(table: Table, share: float) -> Table:
    """Return about this share of a table's rows, scattered by their number: the same ones every time.

    Multiplicative hashing (Knuth, The Art of Computer Programming, volume 3, 6.4) of the row's number.
    """
    numbered = table.mutate(row_=ibis.row_number())
    scattered = (numbered.row_ * _PRIME) % _RANGE
    return numbered.filter(scattered < round(share * _RANGE)).drop("row_")


def matrix(found: pa.Table, width: int) -> Matrix:
    """Return the encoded columns of an Arrow table as one matrix."""
    columns = [found[f"x{number}"].to_numpy() for number in range(width)]
    return np.column_stack(columns) if columns else np.empty((len(found), 0))
