"""What was merged and split, as values that leave the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from desk.errors import ConflictError
from desk.tables.contact import MergeKind, MergeRow, Proof


@dataclass(frozen=True, kw_only=True)
class Word:
    """On whose word, by which proof and why two people become one."""

    by: str
    proof: Proof = Proof.AGENT
    why: str | None = None


@dataclass(frozen=True, kw_only=True)
class Merge:
    """A merge or split that was made; ``moved`` counts handles and conversations, ``filled`` names fields."""

    id: int
    kind: MergeKind
    kept_id: str
    other_id: str
    proof: Proof
    by: str
    why: str | None
    moved: Mapping[str, int]
    filled: tuple[str, ...]
    made_at: datetime
    undone_at: datetime | None
    undone_by: str | None


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a merge would move to the contact that is kept, and which fields of theirs it would fill."""

    kept_id: str
    other_id: str
    moves: Mapping[str, int]
    fills: tuple[str, ...]
    two_customers: bool


class TwoCustomersError(ConflictError):
    """They have proved to be two different customers of the shop; only an agent can merge them, by force."""


def merge_of(row: MergeRow) -> Merge:
    """Return a row as a value."""
    return Merge(
        id=row.id,
        kind=row.kind,
        kept_id=row.kept_id,
        other_id=row.other_id,
        proof=row.proof,
        by=row.by,
        why=row.why,
        moved={
            "handles": len(row.moved["contact_identity"]),
            "conversations": len(row.moved["conversation"]),
        },
        filled=tuple(row.changed),
        made_at=row.made_at,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
    )
