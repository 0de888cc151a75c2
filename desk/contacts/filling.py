"""Which fields of a contact another one can fill, as values that JSON can keep and an undo can put back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from desk.tables.contact import ContactRow

type Changed = dict[str, list[Any]]
"""By field: the value before and the value after."""

_PLAIN = ("name", "email", "phone", "language")
_CUSTOMER = ("customer_id", "verified_at")
FIELDS = _PLAIN + _CUSTOMER


def fill(kept: ContactRow, other: ContactRow, *, verified: bool = True) -> Changed:
    """Return what changes at the kept contact: empty fields are filled, nothing is overwritten.

    Who is verified stays or becomes it only with ``verified``; of one customer the later proof counts.
    """
    changed: Changed = {
        name: [None, value]
        for name in _PLAIN
        if getattr(kept, name) is None and (value := getattr(other, name)) is not None
    }
    if not verified:
        return changed | _change(kept, "verified_at", None)
    if other.customer_id is None or kept.customer_id not in (None, other.customer_id):
        return changed
    proofs = [one.verified_at for one in (kept, other) if one.customer_id and one.verified_at]
    latest = max(proofs, default=None)
    return (
        changed
        | _change(kept, "customer_id", other.customer_id)
        | _change(kept, "verified_at", latest)
    )


def apply(contact: ContactRow, changed: Mapping[str, Sequence[Any]]) -> None:
    """Make the changes."""
    for name, (_, after) in changed.items():
        setattr(contact, name, _value(name, after))


def put_back(contact: ContactRow, changed: Mapping[str, Sequence[Any]]) -> None:
    """Take the changes back, but not of what has been changed again since; who they are goes back as a whole."""
    still = {name for name, (_, after) in changed.items() if _plain(contact, name) == after}
    if not still.issuperset(changed.keys() & set(_CUSTOMER)):
        still -= set(_CUSTOMER)
    for name in still:
        setattr(contact, name, _value(name, changed[name][0]))


def _change(contact: ContactRow, name: str, value: Any) -> Changed:
    before, after = _plain(contact, name), _json(value)
    return {} if before == after else {name: [before, after]}


def _plain(contact: ContactRow, name: str) -> Any:
    return _json(getattr(contact, name))


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _value(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name == "verified_at" and value else value
