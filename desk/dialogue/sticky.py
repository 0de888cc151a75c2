"""Which process a conversation belongs to: highest random weight (rendezvous hashing, Thaler and Ravishankar 1996)."""

from collections.abc import Sequence
from hashlib import blake2b


def ranked(conversation_id: str, places: Sequence[str]) -> list[int]:
    """Return the positions of the places, the conversation's own first, then where it goes when that one is away.

    Everybody who knows the same places comes to the same ranking, and a place that goes or comes moves only the
    conversations that belong to it.
    """
    weights = [_weight(conversation_id, place) for place in places]
    return sorted(range(len(places)), key=lambda at: weights[at], reverse=True)


def _weight(conversation_id: str, place: str) -> int:
    digest = blake2b(f"{place}\0{conversation_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest)
