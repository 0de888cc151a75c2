"""Whether the figures of a campaign may be believed, and whether a variant does harm. Pure."""

from collections.abc import Sequence

from analytics.campaigns.aims import Winner
from analytics.campaigns.results_lift import Draw
from analytics.campaigns.results_model import Line
from analytics.campaigns.results_rows import HOLDOUT, REST
from analytics.experiments.assign import Split
from analytics.experiments.guardrails import Guarded, Guardrail, guard
from analytics.experiments.ratio import ratio_p
from analytics.experiments.samples import counted

GUARDRAILS = (
    Guardrail(name="opted_out", margin=0.01),
    Guardrail(name="complained", margin=0.002),
    Guardrail(name="handed_over", margin=0.02),
)
"""Shares of the people to whom it was sent, and how much more than the first variant is borne."""
_ALPHA = 0.05


def ratio(draw: Draw, split: Split, winner: Winner | None) -> float | None:
    """Return the p-value of the arms' sizes under their shares; None where there is one arm alone, or nobody."""
    test = winner.share if winner else 1.0
    shares = {
        HOLDOUT if name is None else name: share if name is None else share * test
        for name, share in split.shares.items()
    }
    if winner:
        shares[REST] = (1 - split.holdout) * (1 - test)
    sizes = [draw.sizes.get(name, 0) for name in shares]
    return ratio_p(sizes, list(shares.values())) if len(shares) > 1 and any(sizes) else None


def guarded(variants: Sequence[str], lines: Sequence[Line]) -> tuple[Guarded, ...]:
    """Return what each variant but the first does to the guardrails, compared with the first."""
    known = {one.key: one.counts for one in lines if one.counts.sent}
    control = known.get(variants[0])
    others = [name for name in variants[1:] if name in known]
    if control is None or not others:
        return ()
    alpha = _ALPHA / (len(others) * len(GUARDRAILS))
    return tuple(
        guard(
            rail,
            name,
            counted(getattr(control, rail.name), control.sent),
            counted(getattr(known[name], rail.name), known[name].sent),
            alpha=alpha,
        )
        for name in others
        for rail in GUARDRAILS
    )
