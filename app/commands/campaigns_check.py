"""What ``frontdesk campaigns check`` tells."""

from typing import TYPE_CHECKING, Any

from app.commands.output import print_table, say, warn

if TYPE_CHECKING:
    from analytics.campaigns.estimate_model import Caution, Estimate, Sample

_MICROS = 1_000_000
DOUBTS = {
    "nobody": "Nobody would get it.",
    "cannot_end": "{channel}: it cannot end in time; {people} people would be left out as too late.",
    "past": "All times of the schedule have passed.",
    "not_set_up": "{channel} is not set up here; its rate and price are not known.",
    "paid": "{channel}: every message costs money, {people} in all.",
    "too_few": "The test is too small by {people} people an arm to show the change that is wanted.",
    "not_all_known": "Events or steps decide who gets it; this is as if it were now for everybody.",
}


def plain(found: "Estimate") -> dict[str, Any]:
    """Return it for programs."""
    names = ("made_at", "people", "queued", "holdout", "late", "begins_at", "ends_at")
    told: dict[str, Any] = {name: getattr(found, name) for name in names}
    told["cost"] = found.cost_micros / _MICROS
    more = ("skipped", "channels", "variants", "lanes", "sample", "cautions")
    return told | {name: getattr(found, name) for name in more}


def show(found: "Estimate") -> None:
    """Tell it to people."""
    say(f"{found.queued} people would get it, {found.holdout} are left out to compare with.")
    print_table("Nobody writes to", ("why", "people"), sorted(found.skipped.items()))
    names = ("channel", "account", "people", "late", "begins_at", "ends_at")
    lanes = [[getattr(one, name) for name in names] for one in found.lanes]
    headers = ("channel", "account", "people", "too late", "from", "until")
    print_table("At the rate that is allowed", headers, lanes)
    if len(found.variants) > 1:
        print_table("Variants", ("variant", "people"), list(found.variants.items()))
    if found.cost_micros:
        say(f"It costs {found.cost_micros / _MICROS:.2f} dollars.")
    if found.sample:
        _show_sample(found.sample)
    for one in found.cautions:
        warn(_worded(one))
    if found.lanes:
        say("Conversations go first: when people write meanwhile, it ends later.")


def _show_sample(one: "Sample") -> None:
    say(
        f"To show a rise from {one.base:.1%} to {one.base + one.change:.1%} it takes {one.needed} people an arm; "
        f"the smallest comparison has {one.held}."
    )
    if one.smallest_change is not None:
        say(f"With so many a rise of {100 * one.smallest_change:.1f} points can be shown.")


def _worded(one: "Caution") -> str:
    return DOUBTS[one.doubt].format(channel=one.channel, people=one.people)
