"""``frontdesk analyze respond`` and ``value``: models that tell beforehand, and how far to believe them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.analyze_options import (
    Chart,
    Features,
    File,
    Keep,
    Seed,
    Target,
    Time,
    check_chart,
    named,
    write_chart,
)
from app.commands.output import AsJson, print_json, print_table, say, warn

if TYPE_CHECKING:
    from analytics.analyses.respond import RespondReport
    from analytics.analyses.value import AmountReport
    from analytics.insight.predict.drivers import Importance, Odds
    from analytics.insight.predict.trials import Trial

_MOST = 15


def respond(
    file: File,
    target: Target,
    time: Time = None,
    features: Features = None,
    positive: Annotated[
        str | None, typer.Option(help="Value of the target to predict; the later of the two.")
    ] = None,
    keep: Keep = None,
    seed: Seed = 0,
    chart: Chart = None,
    as_json: AsJson = False,
) -> None:
    """Learn who responds, leaves or buys: a model with its quality, what drives it, and rules."""
    check_chart(chart)
    from analytics.analyses import respond as analysis  # noqa: PLC0415
    from analytics.analyses.learning import Asked  # noqa: PLC0415

    asked = Asked(target=target, time=time, features=named(features), keep=named(keep), seed=seed)
    found = analysis.report(file, asked, positive)
    write_chart(chart, lambda charts: charts.respond(found))
    _warn_of_leaks(found)
    if as_json:
        print_json(asdict(found))
        return
    _show_quality(found)
    _show_drivers(found)


def value(
    file: File,
    target: Target,
    time: Time = None,
    features: Features = None,
    keep: Keep = None,
    seed: Seed = 0,
    chart: Chart = None,
    as_json: AsJson = False,
) -> None:
    """Learn how much somebody will spend, with the error in money."""
    check_chart(chart)
    from analytics.analyses import value as analysis  # noqa: PLC0415
    from analytics.analyses.learning import Asked  # noqa: PLC0415

    asked = Asked(target=target, time=time, features=named(features), keep=named(keep), seed=seed)
    found = analysis.report(file, asked)
    write_chart(chart, lambda charts: charts.value(found))
    _warn_of_leaks(found)
    if as_json:
        print_json(asdict(found))
        return
    _show_rows(found, f"mean {found.mean:,.2f}")
    _show_trials(found.trials, "root mean square error", ",.2f", by_time=found.by_time)
    print_table(
        f"Error of the {found.model} on {found.tested:,} {_rows_tried(found)}",
        ("", "mean", "root mean square", "middle", "bias", "explained"),
        [
            (
                name,
                f"{one.mean_absolute:,.2f}",
                f"{one.root_mean_square:,.2f}",
                f"{one.median:,.2f}",
                f"{one.bias:+,.2f}",
                f"{one.explained:.1%}",
            )
            for name, one in (("model", found.errors), ("the mean for all", found.of_mean))
        ],
    )
    if found.errors.root_mean_square >= found.of_mean.root_mean_square:
        warn("The model is no better than telling everybody the mean: do not use it.")
    _show_importance(found.importance, "error added without it", ",.2f")


def _show_rows(found: "RespondReport | AmountReport", more: str) -> None:
    sample = f", a sample of {found.learnt_from:,} read" if found.learnt_from < found.rows else ""
    say(f"{found.rows:,} rows where {found.target} is known{sample}; {more}")
    for one in found.left_out:
        say(f"Not used: {one.feature}: {one.reason}")
    for name, count in found.missing.items():
        say(f"{name} is missing in {count:,} rows: the model sees that it is missing")


def _show_trials(trials: Sequence["Trial"], measure: str, form: str, *, by_time: bool) -> None:
    chosen = "by later time" if by_time else "by random folds: name a --time if there is one"
    rows = [
        (
            one.name,
            "-" if one.by_time is None else format(one.by_time, form),
            format(one.by_chance, form),
        )
        for one in trials
    ]
    print_table(f"{measure}, chosen {chosen}", ("model", "later time", "random folds"), rows)


def _rows_tried(found: "RespondReport | AmountReport") -> str:
    return "latest rows, kept back" if found.by_time else "rows kept back by chance"


def _show_quality(found: "RespondReport") -> None:
    _show_rows(found, f"{found.target} = {found.positive} in {found.rate:.1%}")
    _show_trials(found.trials, "ROC AUC", ".3f", by_time=found.by_time)
    good = found.quality
    print_table(
        f"The {found.model}, calibrated, on {good.rows:,} {_rows_tried(found)}",
        ("", ""),
        [
            ("ROC AUC", f"{good.auc:.3f} (95%: {good.auc_low:.3f} to {good.auc_high:.3f})"),
            ("average precision", f"{good.average_precision:.3f} (by guessing {good.rate:.3f})"),
            ("Brier score", f"{good.brier:.4f} (with the rate for all {good.brier_of_rate:.4f})"),
            ("calibration error", f"{good.calibration_error:.1%} on average"),
        ],
    )
    if good.auc_low <= 0.5:
        warn("The model may be no better than guessing: do not use it.")
    print_table(
        "Lift by tenth, the highest chances first",
        ("tenth", "rows", "rate", "lift", f"of all {found.positive} so far"),
        [
            (one.number, f"{one.rows:,}", f"{one.rate:.1%}", f"{one.lift:.2f}", f"{one.found:.1%}")
            for one in good.lift
        ],
    )
    print_table(
        "Calibration",
        ("predicted", "happened", "rows"),
        [
            (f"{one.predicted:.1%}", f"{one.actual:.1%}", f"{one.rows:,}")
            for one in good.calibration
        ],
    )


def _show_drivers(found: "RespondReport") -> None:
    _show_importance(found.importance, "loss of ROC AUC without it", ".4f")
    print_table(
        "Rules of a shallow tree",
        ("if", "rate", "lift", "of all rows", "pure", f"of all {found.positive}"),
        [
            (
                one.rule,
                f"{one.rate:.1%}",
                f"{one.lift:.2f}",
                f"{one.coverage:.1%}",
                f"{one.purity:.1%}",
                f"{one.found:.1%}",
            )
            for one in found.rules
        ],
    )
    print_table(
        "Odds ratios, all others held (Wald intervals)",
        ("", "for", "ratio", "95% interval"),
        [_odds_cells(one) for one in found.odds[:_MOST]],
    )


def _odds_cells(one: "Odds") -> tuple[str, str, str, str]:
    step = "against the commonest" if one.step is None else f"{one.step:,.4g} more"
    if one.low is None or one.high is None:
        return (one.name, step, "without end", "it separates the two")
    return (one.name, step, f"{one.ratio:.3f}", f"{one.low:.3f} to {one.high:.3f}")


def _show_importance(found: Sequence["Importance"], what: str, form: str) -> None:
    rows = [
        (one.feature, format(one.loss, form), format(one.spread, form)) for one in found[:_MOST]
    ]
    print_table("What matters", ("feature", what, "spread"), rows)


def _warn_of_leaks(found: "RespondReport | AmountReport") -> None:
    left_out = {one.feature for one in found.left_out}
    for leak in found.leaks:
        used = "it is left out" if leak.feature in left_out else "it is used all the same"
        warn(
            f"WARNING: {leak.feature} may be known only after the outcome: {leak.reason} "
            f"({leak.power:.3f} of 1); {used}"
        )
    if found.leaks:
        warn("If a column is known beforehand after all, name it with --keep.")
