"""Who gets what: by hash, so that the answer is the same every time and nothing need be stored to know it.

The holdout has a hash of its own: a contact is in it when their number, uniform in [0, 1), lies below its share. So
arms may change without touching the holdout, and a larger holdout only takes people in.

Arms are chosen by weighted rendezvous hashing (Thaler and Ravishankar 1998; Schindelhauer and Schomaker 2005): each
draws -ln(1 - u) / weight with a uniform number of the contact's own, and the smallest wins, which gives each arm its
share. Adding an arm moves only those whom the new arm wins, which is exactly its share; nobody moves between two old
arms. The same holds for a changed weight and an arm that goes away. Two salts are independent of each other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from analytics.experiments.samples import Numbers
from desk.errors import InvalidError

_BITS = 53
"""As many as a float holds: more could be rounded up to 1."""


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One of the things that are tried; the share is its weight over the sum of all weights."""

    name: str
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Split:
    """How contacts are divided: ``salt`` is the experiment's own, ``holdout`` the share that gets nothing at all.

    Raises:
        InvalidError: there is no arm, two have one name, a weight is not above 0, or the holdout is not in [0, 1).
    """

    salt: str
    arms: Sequence[Arm]
    holdout: float = 0.0

    def __post_init__(self) -> None:
        names = [arm.name for arm in self.arms]
        if not names or len(set(names)) < len(names):
            raise InvalidError("an experiment needs arms, each with a name of its own")
        for arm in self.arms:
            if not 0 < arm.weight < float("inf"):
                raise InvalidError(f"the weight of {arm.name!r} must be above 0")
        if not 0 <= self.holdout < 1:
            raise InvalidError("the holdout must be a share from 0 to less than 1")

    def arm(self, contact_id: object) -> str | None:
        """Return the name of a contact's arm; None: the holdout."""
        return self.all([contact_id])[0]

    def all(self, contact_ids: Iterable[object]) -> list[str | None]:
        """Return the arms of many contacts, in their order."""
        ids = [str(contact_id).encode() for contact_id in contact_ids]
        draws = [
            -np.log1p(-_uniform(self.salt, f"arm:{arm.name}", ids)) / arm.weight
            for arm in self.arms
        ]
        names = [arm.name for arm in self.arms]
        chosen = np.argmin(draws, axis=0).tolist()
        held = (_uniform(self.salt, "holdout", ids) < self.holdout).tolist()
        return [None if out else names[arm] for arm, out in zip(chosen, held, strict=True)]

    @property
    def shares(self) -> dict[str | None, float]:
        """The share of all contacts that each arm gets; None: the holdout."""
        total = sum(arm.weight for arm in self.arms)
        told: dict[str | None, float] = {
            arm.name: (1 - self.holdout) * arm.weight / total for arm in self.arms
        }
        return told | ({None: self.holdout} if self.holdout else {})


def uniform(salt: str, purpose: str, contact_ids: Iterable[object]) -> Numbers:
    """Return a number in [0, 1) for each contact, from nothing but these three: the first 53 bits of a SHA-256."""
    return _uniform(salt, purpose, [str(contact_id).encode() for contact_id in contact_ids])


def _uniform(salt: str, purpose: str, ids: Sequence[bytes]) -> Numbers:
    # With their lengths, so that no two triples are joined to one text.
    start = sha256(f"{len(salt)}:{salt}{len(purpose)}:{purpose}".encode())
    firsts = []
    for one in ids:
        digest = start.copy()
        digest.update(one)
        firsts.append(digest.digest()[:8])
    bits = np.frombuffer(b"".join(firsts), ">u8") >> np.uint64(64 - _BITS)
    return bits.astype(np.float64) / 2.0**_BITS
