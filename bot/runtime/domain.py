"""Remembers that a domain is not empty; Rasa writes it all out, twice, to find out at each message."""

from __future__ import annotations

from rasa.shared.core.domain import Domain

_as_shipped = Domain.is_empty


def _is_empty(domain: Domain) -> bool:
    # A loaded domain only ever grows, so "not empty" stays true.
    if domain.__dict__.get("_filled"):
        return False
    empty = _as_shipped(domain)
    domain.__dict__["_filled"] = not empty
    return empty


def install() -> None:
    """Replaces `Domain.is_empty`."""
    Domain.is_empty = _is_empty
