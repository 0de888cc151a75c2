"""Whether a campaign's arms are large enough to show what is wanted. Pure."""

from collections.abc import Iterator, Mapping

from analytics.campaigns.estimate_model import Sample
from analytics.campaigns.plan import Plan
from analytics.experiments.plan import Aim, per_arm_for_rates, smallest_change_in_rate

HOLDOUT = ""
"""Its name among the arms."""


def sample(plan: Plan, variants: Mapping[str, int], holdout: int) -> Sample | None:
    """Return what the test needs and has; None for a campaign with nothing to compare.

    The first variant is compared with each other one, and everybody who gets something with the holdout. Planned for
    looks at any time: what is seen while it runs may be believed.
    """
    names = [one.name for one in plan.variants]
    if plan.winner:  # only so many are the test; the rest get what wins it
        variants = {name: int(count * plan.winner.share) for name, count in variants.items()}
    pairs = list(_pairs([variants.get(name, 0) for name in names], holdout, plan))
    if not pairs:
        return None
    aim = Aim(any_look=True, comparisons=len(pairs))
    base, change = plan.effect.base, plan.effect.change
    held = min(_as_two(*pair) for pair in pairs)
    arms = {name: variants.get(name, 0) for name in names}
    return Sample(
        base=base,
        change=change,
        needed=per_arm_for_rates(base, change, aim),
        arms=arms | ({HOLDOUT: holdout} if plan.holdout else {}),
        held=held,
        smallest_change=smallest_change_in_rate(base, held, aim) if held else None,
    )


def _pairs(variants: list[int], holdout: int, plan: Plan) -> Iterator[tuple[int, int]]:
    first, *others = variants
    yield from ((first, other) for other in others)
    if plan.holdout:
        yield sum(variants), holdout


def _as_two(one: int, other: int) -> int:
    """Return of how many people each of two equal arms would say as much: 2 / n = 1 / one + 1 / other."""
    return int(2 * one * other / (one + other)) if one and other else 0
