"""What ``frontdesk analyze ab`` and ``uplift`` tell people: tables and sentences."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from app.commands.output import print_table, say, warn

if TYPE_CHECKING:
    from analytics.analyses.ab import AbReport, Lift, Metric, Span
    from analytics.analyses.uplift import UpliftReport

_TOLD = {
    "broken split": "The split is broken: find out why some rows are missing before you read anything else.",
    "harmful": "Guardrails have stopped every variant: keep {choice}.",
    "winner": "{choice} is better than {control}: send it to the rest.",
    "control is better": "{control} is better than every variant: keep it.",
    "safe choice": (
        "Nothing is proved at the planned size, but {choice} may be chosen: on average it costs {loss} per contact at "
        "most."
    ),
    "no difference proved": (
        "No difference is proved at the planned size: keep {control}, or plan a larger test."
    ),
    "go on": "Nothing is proved yet: go on{until}. You may look again at any time.",
}
"""What each verdict means in words."""


def show_ab(found: "AbReport") -> None:
    """Print the split, each outcome, guardrails, and what to do."""
    _show_split(found)
    for metric in found.metrics:
        _show_metric(found, metric)
    _show_guardrails(found)
    _show_decision(found)


def _show_split(found: "AbReport") -> None:
    left_out = [
        f"{count:,} {what}"
        for count, what in (
            (found.without_arm, "rows without a variant or time"),
            (found.of_two_arms, "users who got several variants"),
        )
        if count
    ]
    say(f"{found.rows:,} rows" + (f"; left out: {', '.join(left_out)}" if left_out else ""))
    counts = ", ".join(f"{arm.name} {arm.assigned:,}" for arm in found.metrics[0].arms)
    wanted = ", ".join(f"{name} {share:.1%}" for name, share in found.expected_shares.items())
    sound = "as it should be" if found.decision.verdict != "broken split" else "BROKEN"
    say(f"Split: {counts} (meant: {wanted}): {sound}, p {_p(found.ratio_p)}")


def _show_metric(found: "AbReport", metric: "Metric") -> None:
    form = _rate if metric.binary else _amount
    left_out = f"; {metric.left_out:,} rows without it are left out" if metric.left_out else ""
    print_table(
        metric.name + left_out,
        ("variant", "contacts", "rate" if metric.binary else "mean", "95% interval"),
        [
            (
                arm.name + (" (control)" if arm.name == found.control != "control" else ""),
                f"{arm.contacts:,}",
                form(arm.mean),
                f"{form(arm.low)} to {form(arm.high)}",
            )
            for arm in metric.arms
        ],
    )
    if metric.reduction is not None:
        say(f"Earlier behaviour takes {metric.reduction:.1%} off the variance of {metric.name}.")
    level = 100 * (1 - found.alpha / len(metric.lifts))
    unit = ", in percentage points" if metric.binary else ""
    print_table(
        f"{metric.name}: added to {found.control}{unit} (intervals of {level:.4g}%)",
        (
            "variant",
            "added",
            "one look at the end",
            "any number of looks",
            "p, one look",
            "p, any",
        ),
        [row for lift in metric.lifts for row in _lift_rows(lift, metric)],
    )


def _lift_rows(lift: "Lift", metric: "Metric") -> Sequence[Sequence[str]]:
    form = _points if metric.binary else _added
    cells = _span_cells(lift.added, form)
    rows = [(lift.variant, *cells, _p(lift.p), _p(lift.always_p_adjusted))]
    if lift.relative is not None:
        rows.append(("  relative", *_span_cells(lift.relative, _percent), "", ""))
    return rows


def _span_cells(span: "Span", form: Callable[[float], str]) -> tuple[str, str, str]:
    always = (
        "nothing yet"
        if span.always_low is None or span.always_high is None
        else f"{form(span.always_low)} to {form(span.always_high)}"
    )
    return form(span.estimate), f"{form(span.low)} to {form(span.high)}", always


def _show_guardrails(found: "AbReport") -> None:
    if found.guardrails:
        print_table(
            "Guardrails",
            ("figure", "variant", "added", "any number of looks", "tolerated", "state"),
            [
                (
                    one.guardrail.name,
                    one.variant,
                    f"{one.estimate:+.4g}",
                    _ends(one.low, one.high),
                    f"{one.guardrail.margin:g}",
                    one.health.value,
                )
                for one in found.guardrails
            ],
        )


def _ends(low: float, high: float) -> str:
    return f"{low:+.4g} to {high:+.4g}" if isfinite(low) else "nothing yet"


def _show_decision(found: "AbReport") -> None:
    decision = found.decision
    metric = found.metrics[0]

    def size(value: float) -> str:
        return f"{100 * value:.2f} points" if metric.binary else _amount(value)

    loss = "" if decision.loss is None else size(decision.loss)
    until = f" until {found.planned:,} contacts" if found.planned else ""
    say(
        _TOLD[decision.verdict].format(
            choice=decision.choice, control=found.control, loss=loss, until=until
        )
    )
    for name in decision.stopped:
        warn(f"A guardrail has stopped {name}: it does harm beyond what is tolerated.")
    if found.first_proved and decision.verdict == "winner":
        first = found.first_proved
        say(f"It could be told on {first.at:%Y-%m-%d %H:%M}, after {first.contacts:,} contacts.")
    if decision.verdict in {"go on", "no difference proved"} and metric.detectable is not None:
        say(
            f"So many contacts show a change of {size(metric.detectable)} or more, four times in five."
        )


def show_uplift(found: "UpliftReport") -> None:
    """Print how each way to choose did, and which to use."""
    sample = f", a sample of {found.learnt_from:,} read" if found.learnt_from < found.rows else ""
    say(
        f"{found.rows:,} rows{sample}; {found.treatment} = {found.treated} in {found.share_treated:.1%}; "
        f"{found.outcome} = {found.positive} in {found.rate_treated:.2%} of them and in "
        f"{found.rate_untreated:.2%} of the others: {found.effect * 100:+.2f} points"
    )
    for one in found.left_out:
        say(f"Not used: {one.feature}: {one.reason}")
    tried = (
        f"on {found.trials} later parts of the time"
        if found.by_time
        else f"on {found.trials} halves of the rows, dealt out by {found.seeds} seeds"
    )
    print_table(
        f"Whom to treat, tried {tried} that were not learnt from",
        (
            "way",
            "Qini coefficient",
            "spread",
            *(f"uplift, best {share:.0%}" for share in found.shares),
            "beats response",
            "beats chance",
        ),
        [
            (
                way.name,
                f"{way.qini:.4f}",
                f"{way.spread:.4f}",
                *("-" if one is None else f"{one * 100:+.2f}" for one in way.uplift),
                "" if way.name == "response only" else f"{way.beats_response:.0%}",
                f"{way.beats_chance:.0%}",
            )
            for way in found.ways
        ],
    )
    say("Qini coefficient as scikit-uplift defines it (qini_auc_score); uplift in points.")
    _say_best(found)


def _say_best(found: "UpliftReport") -> None:
    models = [way.name for way in found.ways[:2]]
    if found.best is None:
        say("No way beats choosing at random in nine of ten trials: treat everybody or nobody.")
    elif found.best in models:
        say(f"Use {found.best}: it beats response-only targeting and chance.")
    else:
        say("Response-only targeting does as well as any uplift model here, and beats chance.")


def warn_of_uplift(found: "UpliftReport") -> None:
    """Say what makes the figures doubtful."""
    left_out = {one.feature for one in found.left_out}
    for leak in found.leaks:
        used = "it is left out" if leak.feature in left_out else "it is used all the same"
        warn(f"WARNING: {leak.feature}: {leak.reason} ({leak.power:.3f} of 1); {used}")
    if found.told_treatment_low > 0.55:
        warn(
            f"WARNING: features tell who was treated (ROC AUC {found.told_treatment:.2f}, by chance it is 0.5): the "
            "treatment was not by chance, so no figure here is its effect."
        )


def _rate(value: float) -> str:
    return f"{value:.2%}"


def _amount(value: float) -> str:
    return f"{value:,.4g}"


def _points(value: float) -> str:
    return f"{value * 100:+.2f}"


def _added(value: float) -> str:
    return f"{value:+,.4g}"


def _percent(value: float) -> str:
    return f"{value:+.1%}"


def _p(value: float) -> str:
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"
