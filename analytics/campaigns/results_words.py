"""How each figure of a campaign is counted, and the figures as JSON. Pure."""

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

from analytics.campaigns.results_model import Counts, Findings
from analytics.campaigns.schedule import span_text

HOW: Mapping[str, str] = {
    "sent": "people to whose platform it was handed, and who accepted it",
    "delivered": "of these, whose platform said that it arrived; not every platform says so",
    "read": "of these, whose platform said that it was seen",
    "clicked": "people who followed a link of it; machines that open links are not counted",
    "replied": "people who answered within seven days at most, with nothing else of ours said in between",
    "converted": "people who did what the campaign is for",
    "opted_out": "people who said stop, unsubscribed, or withdrew their consent for its purpose",
    "complained": "people who reported it as spam, or whose complaint became a ticket",
    "bounced": "people whose message came back undelivered after it had been accepted",
    "still_open": "people whose time after the message is not over: their figures may still grow",
    "handed_over": "people whose conversation was handed to somebody of ours",
    "minutes": "minutes that people of ours spent with conversations which began in that time",
    "revenue": "orders that were not cancelled, by currency; one order counts once, for the last message before it",
    "lift": (
        "everybody drawn for a variant against everybody drawn for the holdout, each from when it was due for them,"
        " whatever became of the send; the interval is true however often it is looked at (95%)"
    ),
    "adjusted": "the same, without what purchases in the year before explain (CUPED)",
}


def written(found: Findings) -> dict[str, Any]:
    """Return findings as JSON; what has no end is null."""
    told: dict[str, Any] = _plain(asdict(found))
    told["within"] = span_text(found.within)
    told["shares"] = {name: _plain(found.total.share(name)) for name in _SHARES}
    return told


_SHARES = ("delivered", "read", "clicked", "replied", "converted", "opted_out", "complained")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def percent(counts: Counts, name: str) -> str:
    """Return a figure with its share of those to whom it was sent: ``12 (3.4%)``."""
    share = counts.share(name)
    count = getattr(counts, name)
    return f"{count}" if share is None else f"{count} ({share:.1%})"
