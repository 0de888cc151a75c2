"""Groups in a file of customers, with the rules that tell them apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analytics.analyses import source
from analytics.insight.clusters import Features, Groups, cluster, encode
from analytics.insight.rules import Rule, tree_rules
from desk.errors import InvalidError

_DIGITS = 9


@dataclass(frozen=True, kw_only=True)
class Group:
    """One group: its name, how many are in it, and the mean of each feature."""

    label: int
    name: str
    customers: int
    share: float
    means: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class ClustersReport:
    """The groups, how well they stand apart, and readable rules; ``left_out`` rows lack a value."""

    customers: int
    left_out: int
    silhouette: float
    silhouettes: dict[int, float]
    groups: tuple[Group, ...]
    rules: tuple[Rule, ...]


def report(
    path: Path, features: Sequence[str], *, groups: int | None = None, seed: int = 0
) -> ClustersReport:
    """Find groups by some columns of a file.

    Raises:
        InvalidError: the file or a column cannot be used, or there are no groups.
    """
    found = source.table(path, features).to_pyarrow()
    for name in features:
        if found[name].null_count == len(found):
            raise InvalidError(f"column {name!r} has no value in any row: leave it out")
    read = encode({name: found[name].to_pylist() for name in features})
    return describe(read, cluster(read, groups=groups, seed=seed), seed=seed)


def describe(features: Features, groups: Groups, *, seed: int = 0) -> ClustersReport:
    """Return what groups are like."""
    size = len(groups.labels)
    told = []
    for label, (name, centre) in enumerate(zip(groups.names, groups.centres, strict=True)):
        count = int((groups.labels == label).sum())
        # What is 0 but for the arithmetic is 0; + 0.0 takes the sign off.
        means = {
            name: round(mean, _DIGITS) + 0.0
            for name, mean in zip(features.names, centre.tolist(), strict=True)
        }
        told.append(
            Group(label=label, name=name, customers=count, share=count / size, means=means)
        )
    return ClustersReport(
        customers=size,
        left_out=features.left_out,
        silhouette=groups.silhouette,
        silhouettes=groups.silhouettes,
        groups=tuple(told),
        rules=tree_rules(features.values, groups.labels, features.names, seed=seed),
    )
