"""Which variant of a test wins, and why. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics.campaigns.aims import BEST, Winner
from analytics.experiments.guardrails import Guarded
from analytics.experiments.samples import counted
from analytics.experiments.winner import Decision, Rule, Verdict, decide

DEADLINE = "deadline"
_FEWEST = 100


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Which variant wins, and why: a verdict, or that the time is over."""

    variant: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a test stands: the arms in the plan's order, how many it was sent to, how many of them did it."""

    winner: Winner
    variants: Sequence[str]
    sent: Mapping[str, int]
    hits: Mapping[str, int]
    ratio_p: float
    guarded: Sequence[Guarded] = ()
    planned: int = 0

    @property
    def figures(self) -> dict[str, Any]:
        """Return them for the record."""
        known = {
            name: {"sent": self.sent.get(name, 0), "hits": self.hits.get(name, 0)}
            for name in self.variants
        }
        return {"by": str(self.winner.by), "arms": known}

    @property
    def decision(self) -> Decision:
        """What may be concluded, however often that is asked."""
        samples = {
            name: counted(self.hits.get(name, 0), self.sent.get(name, 0)) for name in self.variants
        }
        first, *_ = self.variants
        control = samples.pop(first)
        rule = Rule(tuned_at=max(_FEWEST, self.planned))
        return decide(
            first, control, samples, ratio_p=self.ratio_p, rule=rule, guarded=self.guarded
        )


def choose(standing: Standing, *, is_over: bool) -> Chosen | None:
    """Return the winner: what is proved, or when the time is over what the plan says; None: not yet."""
    found = standing.decision
    if found.choice is not None:
        return Chosen(variant=found.choice, why=str(found.verdict))
    if not is_over:
        return None
    named = standing.winner.otherwise
    if named != BEST:
        return Chosen(variant=named, why=DEADLINE)
    if found.verdict is Verdict.BROKEN:
        # Nobody knows who is ahead where the arms are not what they should be.
        return Chosen(variant=standing.variants[0], why=str(found.verdict))
    left = [name for name in standing.variants if name not in found.stopped]
    return Chosen(variant=max(left, key=lambda name: _rate(standing, name)), why=DEADLINE)


def _rate(standing: Standing, name: str) -> float:
    return standing.hits.get(name, 0) / max(1, standing.sent.get(name, 0))
