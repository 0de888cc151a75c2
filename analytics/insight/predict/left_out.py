"""Features that say nothing, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ibis.expr.datatypes import DataType

_NAMES = 0.9
"""Words that differ in more than this share of rows name somebody; they are no trait."""
_FEW = 20


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A column that is not used, and why."""

    feature: str
    reason: str


def why_left_out(name: str, kind: DataType, rows: int, facts: Mapping[str, Any]) -> str | None:
    """Return why a column cannot be a feature; None when it can."""
    missing, different = facts["missing"], facts["different"]
    known = rows - missing
    if not known:
        return "it has no value in any row"
    if different < 2 and not missing:
        return "it is the same in every row"
    if kind.is_temporal():
        return "it holds dates: make it a number, such as days since then"
    if not (kind.is_numeric() or kind.is_boolean() or kind.is_string()):
        return f"it holds {kind}"
    if known >= _FEW and kind.is_string() and different > _NAMES * known:
        return "it is different in nearly every row: a name, not a trait"
    if known >= _FEW and kind.is_integer() and different == known and _is_id(name):
        return "it is a number that names a row"
    return None


def _is_id(name: str) -> bool:
    last = name.lower().replace("-", "_").split("_")[-1]
    return last in {"id", "number", "no", "nr", "index"} or name.lower().endswith(("id", "key"))
